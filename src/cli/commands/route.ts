import { Command } from "commander";
import { routeDescribeCommand } from "./route/describe.ts";
import { routeListCommand } from "./route/list.ts";

export function routeCommand(): Command {
  return new Command("route")
    .aliases(["routes"])
    .description("look at routes")
    .addCommand(routeListCommand())
    .addCommand(routeDescribeCommand());
}
