/**
 * What the queue-proxy reads from a request's head and what it hands to the application: one pass over the raw headers,
 * because it is made for every request.
 *
 *     x-rouse-*                     read, never forwarded
 *     host                          the pod's address; replaced by X-Forwarded-Host, what the client asked for
 *     connection, te, ... (hop)     end here; `upgrade` is put back for an upgrade
 *     expect                        answered here
 *     knative-serving-*             names of the revision that only Knative's own hops may read
 *     everything else               forwarded as it came
 */

import {
  GRANT_HEADER,
  HOP_BY_HOP,
  PROXY_REQUEST_ACTIVATOR,
  PROXY_REQUEST_HEADER,
  REQUEST_ID_HEADER,
} from "../../core/protocol/headers.ts";
import { forwardedValue } from "../../core/queue-proxy/forwarded.ts";
import { addConnectionNames } from "./connection-names.ts";

const PROXY_REQUEST_HEADER_LOWER = PROXY_REQUEST_HEADER.toLowerCase();

export type RequestHead = {
  readonly grant: string;
  readonly requestId: string;
  /** It came through the activator: the Revision object counts it too. */
  readonly isProxied: boolean;
  readonly hasBody: boolean;
  /** Name, value, name, value, ... for the application. */
  readonly headers: string[];
};

export function readRequestHead(rawHeaders: readonly string[]): RequestHead {
  const headers: string[] = [];
  let grant = "";
  let requestId = "";
  let isProxied = false;
  let hasBody = false;
  let host = "";
  let forwardedFor = "";
  let forwardedHost = "";
  let forwardedProto = "";
  let hasForwarded = false;
  let connectionNames: Set<string> | null = null;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const lower = name.toLowerCase();
    switch (lower) {
      case "host":
        host = value;
        continue;
      case GRANT_HEADER:
        grant = value;
        continue;
      case REQUEST_ID_HEADER:
        requestId = value;
        continue;
      case "connection":
        connectionNames = addConnectionNames(connectionNames, value);
        continue;
      case "transfer-encoding":
        hasBody = true;
        continue;
      case "expect":
      case "knative-serving-revision":
      case "knative-serving-namespace":
        continue;
      case "content-length":
        hasBody ||= value !== "0";
        break;
      case "forwarded":
        hasForwarded = true;
        break;
      case "x-forwarded-for":
        forwardedFor = forwardedFor === "" ? value : `${forwardedFor}, ${value}`;
        break;
      case "x-forwarded-host":
        forwardedHost = value;
        break;
      case "x-forwarded-proto":
        forwardedProto = value;
        break;
      case PROXY_REQUEST_HEADER_LOWER:
        isProxied = value === PROXY_REQUEST_ACTIVATOR;
        break;
      default:
        if (HOP_BY_HOP.has(lower) || lower.startsWith("x-rouse-")) continue;
    }
    headers.push(name, value);
  }
  if (connectionNames !== null) drop(headers, connectionNames);
  headers.push("host", forwardedHost === "" ? host : forwardedHost);
  if (!hasForwarded) {
    const forwarded = forwardedValue(forwardedFor, forwardedHost, forwardedProto);
    if (forwarded !== "") headers.push("forwarded", forwarded);
  }
  return { grant, requestId, isProxied, hasBody, headers };
}

function drop(headers: string[], names: ReadonlySet<string>): void {
  for (let index = headers.length - 2; index >= 0; index -= 2) {
    if (names.has((headers[index] ?? "").toLowerCase())) headers.splice(index, 2);
  }
}

/** `/<pod id>/<original path and query>` taken apart; null when it is not of this form. */
export function splitTarget(url: string): { readonly podId: string; readonly path: string } | null {
  if (url.charCodeAt(0) !== 47 /* / */) return null;
  let end = 1;
  while (end < url.length) {
    const code = url.charCodeAt(end);
    if (code === 47 /* / */ || code === 63 /* ? */) break;
    end += 1;
  }
  if (end === 1) return null;
  const rest = url.slice(end);
  return { podId: url.slice(1, end), path: rest.charCodeAt(0) === 47 ? rest : `/${rest}` };
}
