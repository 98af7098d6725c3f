import { Command } from "commander";
import { domainCreateCommand } from "./domain/create.ts";
import { domainDeleteCommand } from "./domain/delete.ts";
import { domainDescribeCommand } from "./domain/describe.ts";
import { domainListCommand } from "./domain/list.ts";
import { domainUpdateCommand } from "./domain/update.ts";

export function domainCommand(): Command {
  return new Command("domain")
    .aliases(["domains"])
    .description("give services domains of their own")
    .addCommand(domainCreateCommand())
    .addCommand(domainUpdateCommand())
    .addCommand(domainListCommand())
    .addCommand(domainDescribeCommand())
    .addCommand(domainDeleteCommand());
}
