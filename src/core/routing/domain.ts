import { isHost } from "./hosts.ts";

/** Whether hosts can end in it: lower-case DNS labels, the last not all digits, such as `localhost` or `apps.example.com`. */
export function isDomainSuffix(text: string): boolean {
  return isHost(`service.namespace.${text}`);
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
