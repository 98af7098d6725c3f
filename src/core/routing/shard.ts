/**
 * Which Routes object holds a host: FNV-1a over the host's UTF-16 code units, modulo the number of shards. Gateway and
 * control plane must agree, and the entries are stored under the answer: neither the hash nor the count may change.
 */

export const ROUTES_SHARDS = 16;

/**
 * Name of the Routes object that answers for a host.
 * @param host lower-case host name without a port
 * @returns `routes-0` to `routes-15`
 */
export function routesShardOf(host: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < host.length; i++) {
    hash = Math.imul(hash ^ host.charCodeAt(i), 0x01000193);
  }
  return `routes-${(hash >>> 0) % ROUTES_SHARDS}`;
}
