/** Which suffix the public hosts of a route have. Vectors: domains. */
import type { DomainConfig } from "../config/domain-config.ts";
import { LABEL_VISIBILITY } from "../resource/annotations.ts";
import { CLUSTER_LOCAL_DOMAIN, isHost } from "./hosts.ts";

/** Whether hosts can end in it: lower-case DNS labels, the last not all digits, such as `localhost` or `apps.example.com`. */
export function isDomainSuffix(text: string): boolean {
  return isHost(`service.namespace.${text}`);
}

/**
 * The suffix of a route's hosts: of the rules whose selector its labels fulfil, the one that asks for most; of equals the
 * first by byte order. The label `networking.knative.dev/visibility: cluster-local` goes before all rules.
 * @returns CLUSTER_LOCAL_DOMAIN for a route without public hosts
 * Source: serving/pkg/reconciler/route/config/domain.go LookupDomainForLabels
 */
export function domainForLabels(rules: DomainConfig, labels: Readonly<Record<string, string>> = {}): string {
  if (labels[LABEL_VISIBILITY] === "cluster-local") return CLUSTER_LOCAL_DOMAIN;
  const matching = rules
    .filter(({ selector }) => Object.entries(selector).every(([key, value]) => labels[key] === value))
    .sort((a, b) => Object.keys(b.selector).length - Object.keys(a.selector).length || (a.domain < b.domain ? -1 : 1));
  return matching[0]?.domain ?? CLUSTER_LOCAL_DOMAIN;
}
