/**
 * The headers of a request on its way from the gateway to a queue-proxy.
 */
import {
  GRANT_HEADER,
  HOP_BY_HOP,
  isReservedRequestHeader,
  PROXY_REQUEST_ACTIVATOR,
  PROXY_REQUEST_HEADER,
  REQUEST_ID_HEADER,
} from "../protocol/headers.ts";

/** The part of the platform's Headers that this needs. */
type MutableHeaders = {
  forEach(visit: (value: string, name: string) => void): void;
  set(name: string, value: string): void;
  delete(name: string): void;
};

export type ForwardFacts = {
  /** The host as the client wrote it, port included. */
  readonly authority: string;
  readonly proto: "http" | "https";
  /** "" when the runtime does not say; null: as Cloudflare says in `cf-connecting-ip`. */
  readonly clientIp: string | null;
  readonly grant: string;
  /** Called for upgrades only: the pod tells its open sockets apart by it. */
  readonly requestId: () => string;
  /** The Revision object counts this request while it runs. */
  readonly isTicketed: boolean;
};

/**
 * Turns a client's headers into those of the forwarded request, in place: hop-by-hop headers, whatever `Connection`
 * names and everything that only Rouse may say are dropped; where the request came from and the grant are added.
 * `Expect` is dropped because the runtime would pass it on and both sides would wait.
 *
 * One visit of each header: every call into the platform's Headers costs about a microsecond, an iterator even more.
 */
export function toForwardHeaders(headers: MutableHeaders, facts: ForwardFacts): void {
  let { clientIp } = facts;
  let connection = "";
  let isUpgrade = false;
  const dropped: string[] = [];
  headers.forEach((value, name) => {
    if (name === "cf-connecting-ip") clientIp ??= value;
    if (!HOP_BY_HOP.has(name) && !isReservedRequestHeader(name) && name !== "forwarded" && name !== "expect") return;
    if (name === "connection") connection = value;
    if (name === "upgrade" && value.toLowerCase() === "websocket") isUpgrade = true;
    else dropped.push(name);
  });
  for (const name of dropped) headers.delete(name);
  if (connection !== "") dropNamed(headers, connection);
  headers.set("x-forwarded-host", facts.authority);
  headers.set("x-forwarded-proto", facts.proto);
  if (clientIp !== null && clientIp !== "") headers.set("x-forwarded-for", clientIp);
  headers.set(GRANT_HEADER, facts.grant);
  if (isUpgrade) headers.set(REQUEST_ID_HEADER, facts.requestId());
  if (facts.isTicketed) headers.set(PROXY_REQUEST_HEADER, PROXY_REQUEST_ACTIVATOR);
}

/** RFC 9110 §7.6.1: what `Connection` lists is for this hop only. */
function dropNamed(headers: MutableHeaders, connection: string): void {
  for (const token of connection.split(",")) {
    const name = token.trim().toLowerCase();
    if (name !== "" && name !== "upgrade" && name !== "host" && /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) {
      headers.delete(name);
    }
  }
}
