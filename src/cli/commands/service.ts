import { Command } from "commander";
import { serviceApplyCommand } from "./service/apply.ts";
import { serviceCreateCommand } from "./service/create.ts";
import { serviceDeleteCommand } from "./service/delete.ts";
import { serviceDescribeCommand } from "./service/describe.ts";
import { serviceExportCommand } from "./service/export.ts";
import { serviceListCommand } from "./service/list.ts";
import { serviceUpdateCommand } from "./service/update.ts";
import { serviceWaitCommand } from "./service/wait.ts";

export function serviceCommand(): Command {
  return new Command("service")
    .aliases(["ksvc", "services"])
    .description("create, change, look at and delete services")
    .addCommand(serviceCreateCommand())
    .addCommand(serviceUpdateCommand())
    .addCommand(serviceApplyCommand())
    .addCommand(serviceListCommand())
    .addCommand(serviceDescribeCommand())
    .addCommand(serviceDeleteCommand())
    .addCommand(serviceExportCommand())
    .addCommand(serviceWaitCommand());
}
