/** Domain mappings as text, as kn lays them out. */
import type { DomainView } from "../api/views.ts";
import { age } from "./age.ts";
import { conditionTable, readyOf, reasons } from "./conditions.ts";
import type { Viewpoint } from "./service-text.ts";
import { attributes, type Paint, section } from "./table.ts";
import { reachableUrl } from "./url.ts";

export const DOMAIN_COLUMNS = ["NAME", "URL", "READY", "KSVC"];

export function domainRow(domain: DomainView, { edgeUrl }: Viewpoint): string[] {
  const { metadata, spec, status } = domain;
  return [metadata.name, reachableUrl(status?.url ?? "", edgeUrl), readyOf(domain).status, spec?.ref?.name ?? ""];
}

export function describeDomain(domain: DomainView, { edgeUrl, nowMs }: Viewpoint, paint?: Paint): string {
  const { metadata, spec, status } = domain;
  return [
    attributes([
      ["Name", metadata.name],
      ["Namespace", metadata.namespace],
      ["Age", age(metadata.creationTimestamp, nowMs)],
      ["URL", reachableUrl(status?.url ?? "", edgeUrl)],
      [spec?.ref?.kind ?? "Service", spec?.ref?.name],
    ]),
    section("Conditions", conditionTable(domain, nowMs, paint)),
    section("Reasons", reasons(domain)),
  ].join("");
}
