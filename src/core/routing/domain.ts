/**
 * The suffix of public hosts, from ConfigMap config-domain: the first key (by byte order) whose value has no selector.
 * @param data the ConfigMap's data; `_example` is ignored
 * @param fallback the suffix when there is no such key
 */
export function domainSuffix(data: Readonly<Record<string, string>> | undefined, fallback: string): string {
  const open = Object.entries(data ?? {})
    .filter(([key, value]) => key !== "_example" && !/^\s*selector\s*:/m.test(value))
    .map(([key]) => key)
    .sort();
  return open[0] ?? fallback;
}
