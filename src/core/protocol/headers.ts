/**
 * Header names that cross a process boundary. Knative's where Knative has one; `x-rouse-*` is ours, stripped from
 * clients' requests and from applications' answers, so that it means what it says.
 */

/** Edge → queue-proxy: the permission to use a pod, see grant.ts. */
export const GRANT_HEADER = "x-rouse-grant";
/** Edge → queue-proxy: the id of the request, so that an upgraded socket can be told apart (see PodStats.sockets). */
export const REQUEST_ID_HEADER = "x-rouse-request-id";
/** Queue-proxy → edge: this request was not given to the application; the value is a RefusalReason. */
export const REFUSED_HEADER = "x-rouse-refused";
/**
 * Queue-proxy → edge and client: this pod's application answered. An answer without it (and without REFUSED_HEADER) comes
 * from something in between: Cloudflare answers 52x and 530 for an origin that it cannot reach.
 */
export const POD_HEADER = "x-rouse-pod";
/** Edge → client: the answer waited for a pod to start. The value is the wait in whole milliseconds. */
export const COLD_START_HEADER = "x-rouse-cold-start";
/** Edge → client, on answers that Rouse made itself: the ErrorCode. */
export const ERROR_HEADER = "x-rouse-error";
/** Present (value `activator`) when the Revision object counts the request while it runs: held or ticketed. */
export const PROXY_REQUEST_HEADER = "K-Proxy-Request";
export const PROXY_REQUEST_ACTIVATOR = "activator";

/**
 * Why the queue-proxy did not give a request to the application. In every case nothing of it was delivered, so it may
 * go to another pod whatever its method is.
 *   draining    the pod is about to stop
 *   queue-full  containerConcurrency requests run and the queue is full
 *   grant       the grant is missing, forged, expired or for another pod
 *   unreachable the application did not accept the connection, or the pod is unknown or gone
 */
export type RefusalReason = "draining" | "queue-full" | "grant" | "unreachable";

const REFUSALS: ReadonlySet<string> = new Set(["draining", "queue-full", "grant", "unreachable"]);

export function parseRefusal(value: string | null): RefusalReason | null {
  return value !== null && REFUSALS.has(value) ? (value as RefusalReason) : null;
}

/** Hop-by-hop headers (RFC 9110 §7.6.1 and what proxies must not forward); lower case. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Headers that only Rouse may set on the way to an application: a client's own are dropped at the gateway.
 * @param name lower-case header name
 */
export function isReservedRequestHeader(name: string): boolean {
  return name.startsWith("x-forwarded-") || name.startsWith("k-") || name.startsWith("x-rouse-");
}
