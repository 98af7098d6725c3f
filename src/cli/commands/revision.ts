import { Command } from "commander";
import { revisionDeleteCommand } from "./revision/delete.ts";
import { revisionDescribeCommand } from "./revision/describe.ts";
import { revisionListCommand } from "./revision/list.ts";

export function revisionCommand(): Command {
  return new Command("revision")
    .aliases(["revisions"])
    .description("look at revisions and delete them")
    .addCommand(revisionListCommand())
    .addCommand(revisionDescribeCommand())
    .addCommand(revisionDeleteCommand());
}
