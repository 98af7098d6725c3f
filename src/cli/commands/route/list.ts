import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { listObjects } from "../../api/objects.ts";
import type { RouteView } from "../../api/views.ts";
import { type OutputFlags, outputOption } from "../../text/machine.ts";
import { ROUTE_COLUMNS, routeRow } from "../../text/route-text.ts";
import { urlOf } from "../../text/url.ts";
import { messageOf } from "../../text/wide.ts";
import { printList } from "../lists.ts";
import { type ListFlags, namespaceOf, withListScope } from "../options.ts";

export function routeListCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("show routes")
    .argument("[name]", "only this one")
    .addOption(outputOption("json", "yaml", "name", "url", "wide"));
  return withListScope(command).action(async (name: string | undefined, flags: ListFlags & OutputFlags) => {
    const client = connect(flags);
    const selectors = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
    const list = await listObjects<RouteView>(client, "Route", namespaceOf(flags), selectors);
    const viewpoint = { edgeUrl: client.edgeUrl, nowMs: Date.now() };
    const row = (route: RouteView) => routeRow(route, viewpoint);
    const wide = { columns: ["MESSAGE"], cells: (route: RouteView) => [messageOf(route)] };
    const url = (route: RouteView) => urlOf(route, client.edgeUrl);
    printList({ kind: "Route", list, words: "routes", columns: ROUTE_COLUMNS, row, wide, url }, flags);
  });
}
