/** Routes as text, as kn lays them out. */
import type { RouteView } from "../api/views.ts";
import { age } from "./age.ts";
import { conditionTable, readyOf, reasons } from "./conditions.ts";
import { revisionEntry } from "./revision-text.ts";
import type { Viewpoint } from "./service-text.ts";
import { attributes, type Paint, section } from "./table.ts";
import { reachableUrl } from "./url.ts";

export const ROUTE_COLUMNS = ["NAME", "URL", "READY"];

export function routeRow(route: RouteView, { edgeUrl }: Viewpoint): string[] {
  return [route.metadata.name, reachableUrl(route.status?.url ?? "", edgeUrl), readyOf(route).status];
}

export function describeRoute(route: RouteView, { edgeUrl, nowMs }: Viewpoint, paint?: Paint): string {
  const { metadata, status } = route;
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === "Service");
  const targets = (status?.traffic ?? []).map(({ percent = 0, revisionName = "", latestRevision, tag, url }) =>
    revisionEntry(
      `${percent}%`.padStart(4),
      `${latestRevision === true ? `@latest (${revisionName})` : revisionName}${tag === undefined ? "" : ` #${tag}`}`,
      attributes([["URL", url === undefined ? undefined : reachableUrl(url, edgeUrl)]]),
    ),
  );
  return [
    attributes([
      ["Name", metadata.name],
      ["Namespace", metadata.namespace],
      ["Age", age(metadata.creationTimestamp, nowMs)],
      ["URL", reachableUrl(status?.url ?? "", edgeUrl)],
      ["Service", owner?.name],
    ]),
    section("Traffic Targets", targets.join("\n")),
    section("Conditions", conditionTable(route, nowMs, paint)),
    section("Reasons", reasons(route)),
  ].join("");
}
