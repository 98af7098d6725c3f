import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { getObject } from "../../api/objects.ts";
import type { RouteView } from "../../api/views.ts";
import { paintStatus } from "../../text/colour.ts";
import { isMachine, machineText, type OutputFlags, outputOption } from "../../text/machine.ts";
import { describeRoute } from "../../text/route-text.ts";
import { urlOf } from "../../text/url.ts";
import { type ScopeFlags, withScope } from "../options.ts";

export function routeDescribeCommand(): Command {
  const command = new Command("describe")
    .description("show one route and its traffic")
    .argument("<name>", "name of the route")
    .addOption(outputOption("json", "yaml", "name", "url"));
  return withScope(command).action(async (name: string, flags: ScopeFlags & OutputFlags) => {
    const client = connect(flags);
    const { edgeUrl } = client;
    const route = await getObject<RouteView>(client, "Route", flags.namespace, name);
    if (isMachine(flags.output)) {
      return console.log(machineText(flags.output, "Route", route, () => urlOf(route, edgeUrl)));
    }
    console.log(describeRoute(route, { edgeUrl, nowMs: Date.now() }, paintStatus));
  });
}
