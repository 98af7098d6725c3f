import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { deleteObject } from "../../api/objects.ts";
import { forEachName } from "../each-name.ts";
import { type ScopeFlags, withScope } from "../options.ts";

export function revisionDeleteCommand(): Command {
  const command = new Command("delete")
    .description("delete revisions and their pods")
    .argument("<names...>", "names of the revisions");
  return withScope(command).action(async (names: readonly string[], flags: ScopeFlags) => {
    const client = connect(flags);
    await forEachName(names, async (name) => {
      await deleteObject(client, "Revision", flags.namespace, name);
      console.log(`Revision '${name}' deleted in namespace '${flags.namespace}'.`);
    });
  });
}
