/**
 * The host of a request, as a key of the route table: lower case, no port, no trailing dot. Whatever is not a plain DNS
 * name is refused, so no spelling of a host can reach another service.
 */

/** RFC 1035: a name has at most 253 characters, a label 63. */
const MAX_HOST_LENGTH = 253;
/** Matched before the case is folded: `K` (U+212A, Kelvin) and its like have ASCII letters as their lower case. */
const HOST = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;

/**
 * @param authority the Host header or the authority of the URL, with or without a port
 * @returns the normalized host, or null when it is not a valid name
 */
export function normalizeHost(authority: string): string | null {
  let host = authority;
  const colon = host.lastIndexOf(":");
  if (colon !== -1) {
    if (!/^\d{0,5}$/.test(host.slice(colon + 1))) return null;
    host = host.slice(0, colon);
  }
  if (host.endsWith(".")) host = host.slice(0, -1);
  return host.length <= MAX_HOST_LENGTH && HOST.test(host) ? host.toLowerCase() : null;
}

/** An IPv6 literal is no service's host, so it reaches isControlHost as it was written, with its port. */
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\](:\d+)?)$/;

/**
 * Whether a host is the API's and the page's instead of a service's: the control host, and on the own machine the
 * loopback names.
 * @param controlHost  "" when there is none (local)
 */
export function isControlHost(host: string, controlHost: string): boolean {
  return host === controlHost || (controlHost === "" && LOOPBACK.test(host));
}
