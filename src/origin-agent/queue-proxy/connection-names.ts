/**
 * Headers that a Connection header names end with this hop too (RFC 9110 §7.6.1). Usually there are none, and nothing is
 * made for them.
 * @param names those of the Connection headers before it; null = none
 */
export function addConnectionNames(names: Set<string> | null, value: string): Set<string> | null {
  const lower = value.toLowerCase();
  if (lower === "" || lower === "keep-alive" || lower === "close" || lower === "upgrade") return names;
  const all = names ?? new Set<string>();
  for (const name of lower.split(",")) all.add(name.trim());
  return all;
}
