import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { getObject } from "../../api/objects.ts";
import { waitForReady } from "../../api/wait-ready.ts";
import { interruption } from "../../interrupt.ts";
import { type ScopeFlags, withScope } from "../options.ts";
import { type WaitFlags, withWaitBounds } from "./wait-options.ts";

type Flags = ScopeFlags & Pick<WaitFlags, "waitTimeout" | "waitWindow">;

export function serviceWaitCommand(): Command {
  const command = new Command("wait")
    .description("wait until a service is ready")
    .argument("<name>", "name of the service");
  return withScope(withWaitBounds(command)).action(async (name: string, flags: Flags) => {
    const { namespace } = flags;
    const signal = interruption();
    const client = connect(flags);
    await getObject(client, "Service", namespace, name);
    const bounds = { timeoutMs: flags.waitTimeout * 1_000, windowMs: flags.waitWindow * 1_000 };
    await waitForReady(client, namespace, name, { ...bounds, signal });
    console.log(`Service '${name}' in namespace '${namespace}' is ready.`);
  });
}
