import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { deleteObject } from "../../api/objects.ts";
import { forEachName } from "../each-name.ts";
import { type ScopeFlags, withScope } from "../options.ts";

export function domainDeleteCommand(): Command {
  const command = new Command("delete").description("take domains away").argument("<names...>", "the domains");
  return withScope(command).action(async (names: readonly string[], flags: ScopeFlags) => {
    const client = connect(flags);
    await forEachName(names, async (name) => {
      await deleteObject(client, "DomainMapping", flags.namespace, name);
      console.log(`Domain mapping '${name}' deleted in namespace '${flags.namespace}'.`);
    });
  });
}
