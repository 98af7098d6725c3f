import { Command } from "commander";
import type { ApiClient } from "../../api/api-client.ts";
import { connect } from "../../api/connection.ts";
import { deleteObject, listObjects } from "../../api/objects.ts";
import type { ServiceView } from "../../api/views.ts";
import { waitForDeletion } from "../../api/wait-ready.ts";
import { usage } from "../../cli-error.ts";
import { interruption } from "../../interrupt.ts";
import { forEachName } from "../each-name.ts";
import { type ScopeFlags, withScope } from "../options.ts";
import { type WaitFlags, withWait } from "./wait-options.ts";

type Flags = ScopeFlags & WaitFlags & { readonly all?: boolean };

export function serviceDeleteCommand(): Command {
  const command = new Command("delete")
    .description("delete services and all that belongs to them")
    .argument("[names...]", "names of the services")
    .option("--all", "delete all services of the namespace");
  return withScope(withWait(command, "deleted", false)).action(async (given: readonly string[], flags: Flags) => {
    if (given.length === 0 && flags.all !== true) throw usage("'service delete' requires the service name(s)");
    if (given.length > 0 && flags.all === true) throw usage("'service delete' with --all requires no arguments");
    const client = connect(flags);
    const names = flags.all === true ? await allNames(client, flags.namespace) : given;
    if (names.length === 0) return console.error("No services found.");
    const signal = flags.wait ? interruption() : null;
    await forEachName(names, async (name) => {
      await deleteObject(client, "Service", flags.namespace, name, signal === null ? "Background" : "Foreground");
      const bounds = { timeoutMs: flags.waitTimeout * 1_000 };
      if (signal !== null) await waitForDeletion(client, flags.namespace, name, { ...bounds, signal });
      console.log(`Service '${name}' successfully deleted in namespace '${flags.namespace}'.`);
    });
  });
}

async function allNames(client: ApiClient, namespace: string): Promise<string[]> {
  const { items } = await listObjects<ServiceView>(client, "Service", namespace);
  return items.map(({ metadata }) => metadata.name);
}
