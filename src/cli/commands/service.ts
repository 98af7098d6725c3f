import { Command } from "commander";
import type { ApiClient } from "../api/api-client.ts";
import { type ConnectionFlags, connect, withConnection } from "../api/connection.ts";
import { describeService, serviceTable } from "../api/service-text.ts";
import { getService, type ServiceView, servicePath } from "../api/service-view.ts";

type Flags = ConnectionFlags & { readonly namespace: string };

export function serviceCommand(): Command {
  return new Command("service")
    .description("look at services and delete them")
    .addCommand(verb("list", "show all services", (client, { namespace }) => list(client, namespace)))
    .addCommand(
      verb("describe <name>", "show one service", async (client, { namespace }, name) => {
        console.log(describeService(await getService(client, namespace, name), Date.now()));
      }),
    )
    .addCommand(
      verb("delete <name>", "delete a service and all that belongs to it", async (client, { namespace }, name) => {
        await client.expect(`delete service ${name}`, "DELETE", servicePath(namespace, name));
        console.log(`Service '${name}' successfully deleted in namespace '${namespace}'.`);
      }),
    );
}

async function list(client: ApiClient, namespace: string): Promise<void> {
  const { items } = (await client.expect("list services", "GET", servicePath(namespace))) as { items: ServiceView[] };
  console.log(items.length === 0 ? "No services found." : serviceTable(items, Date.now()));
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
