import { Command } from "commander";
import type { ApiClient } from "../api/api-client.ts";
import { type ConnectionFlags, connect, withConnection } from "../api/connection.ts";
import { listPods } from "../api/pod-view.ts";
import { listRevisions, serviceState } from "../api/service-state.ts";
import { describeService, serviceTable } from "../api/service-text.ts";
import { getService, type ServiceView, servicePath } from "../api/service-view.ts";

type Flags = ConnectionFlags & { readonly namespace: string };

export function serviceCommand(): Command {
  return new Command("service")
    .description("look at services and delete them")
    .addCommand(verb("list", "show all services, asleep and awake", list))
    .addCommand(verb("describe <name>", "show one service, its pods and where their logs are", describe))
    .addCommand(
      verb("delete <name>", "delete a service and all that belongs to it", async (client, { namespace }, name) => {
        await client.expect(`delete service ${name}`, "DELETE", servicePath(namespace, name));
        console.log(`Service '${name}' successfully deleted in namespace '${namespace}'.`);
      }),
    );
}

async function list(client: ApiClient, { namespace }: Flags): Promise<void> {
  const [services, revisions] = await Promise.all([
    client.expect("list services", "GET", servicePath(namespace)),
    listRevisions(client, namespace),
  ]);
  const { items } = services as { items: ServiceView[] };
  console.log(items.length === 0 ? "No services found." : serviceTable(items, revisions, client.edgeUrl, Date.now()));
}

async function describe(client: ApiClient, { namespace, state: stateDir }: Flags, name: string): Promise<void> {
  const service = await getService(client, namespace, name);
  const revisions = await listRevisions(client, namespace);
  const pods = await listPods(client, namespace, name, revisions, stateDir);
  console.log(describeService(service, serviceState(service, revisions), pods, client.edgeUrl, Date.now()));
}

function verb(
  usage: string,
  description: string,
  run: (client: ApiClient, flags: Flags, name: string) => Promise<void>,
): Command {
  const command = withConnection(new Command(usage.split(" ")[0]).description(description)).option(
    "-n, --namespace <name>",
    "namespace to look in",
    "default",
  );
  if (usage.includes("<name>")) {
    return command
      .argument("<name>", "name of the service")
      .action((name: string, flags: Flags) => run(connect(flags), flags, name));
  }
  return command.action((flags: Flags) => run(connect(flags), flags, ""));
}
