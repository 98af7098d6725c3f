import type { DomainConfig } from "../config/domain-config.ts";
import { CLUSTER_LOCAL_DOMAIN, isHost } from "./hosts.ts";

/** Whether hosts can end in it: lower-case DNS labels, the last not all digits, such as `localhost` or `apps.example.com`. */
export function isDomainSuffix(text: string): boolean {
  return isHost(`service.namespace.${text}`);
}

/** The suffix of a route's public hosts: of the rules whose selector its labels fulfil, the one that asks for most. */
export function domainForLabels(rules: DomainConfig, labels: Readonly<Record<string, string>> = {}): string {
  const matching = rules
    .filter(({ selector }) => Object.entries(selector).every(([key, value]) => labels[key] === value))
    .sort((a, b) => Object.keys(b.selector).length - Object.keys(a.selector).length || (a.domain < b.domain ? -1 : 1));
  return matching[0]?.domain ?? CLUSTER_LOCAL_DOMAIN;
}

/**
 * The suffix of public hosts, from ConfigMap config-domain: the first key (by byte order) whose value has no selector.
 * @param data the ConfigMap's data; `_example` and whatever is no suffix are ignored
 * @param fallback the suffix when there is no such key
 */
export function domainSuffix(data: Readonly<Record<string, string>> | undefined, fallback: string): string {
  const open = Object.entries(data ?? {})
    .filter(([key, value]) => isDomainSuffix(key) && !/^\s*selector\s*:/m.test(value))
    .map(([key]) => key)
    .sort();
  return open[0] ?? fallback;
}
