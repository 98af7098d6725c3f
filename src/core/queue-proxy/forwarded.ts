/**
 * The `Forwarded` header (RFC 7239) for applications that read it, made from the X-Forwarded-* headers of the gateway.
 * Source: semantics of Knative's serving/pkg/queue/forwarded_shim.go, commit 98e5ef90; vectors `headers`.
 */

/**
 * @param forwardedFor value of X-Forwarded-For, "" when absent; likewise the other two
 * @returns the value of Forwarded; "" = none is to be set (a Forwarded header that is already there stays)
 */
export function forwardedValue(forwardedFor: string, forwardedHost: string, forwardedProto: string): string {
  const nodes = forwardedFor === "" ? [] : forwardedFor.split(",");
  const [client] = nodes;
  const first: string[] = [];
  if (client !== undefined) first.push(`for=${toNode(client)}`);
  if (forwardedHost !== "") first.push(`host=${forwardedHost}`);
  if (forwardedProto !== "") first.push(`proto=${forwardedProto}`);
  if (first.length === 0) return "";
  return [first.join(";"), ...nodes.slice(1).map((node) => `for=${toNode(node)}`)].join(", ");
}

/** A colon (an IPv6 address, or a port) needs brackets and quotes. */
function toNode(text: string): string {
  const node = text.trim();
  return node.includes(":") ? `"[${node}]"` : node;
}
