import { describe, expect, it } from "vitest";
import { type ForwardFacts, toForwardHeaders } from "../../../src/core/routing/forward-headers.ts";

const facts: ForwardFacts = {
  authority: "Hello.default.localhost:8080",
  proto: "http",
  clientIp: "203.0.113.7",
  grant: "the.grant",
  requestId: () => "req-1",
  isTicketed: false,
};

/** What Rouse adds to every request. */
const added = {
  "x-forwarded-host": "Hello.default.localhost:8080",
  "x-forwarded-proto": "http",
  "x-forwarded-for": "203.0.113.7",
  "x-rouse-grant": "the.grant",
};

function forwarded(client: Record<string, string>, changes: Partial<ForwardFacts> = {}): Record<string, string> {
  const headers = new Headers(client);
  toForwardHeaders(headers, { ...facts, ...changes });
  return Object.fromEntries(headers);
}

describe("toForwardHeaders", () => {
  it("passes what is the application's and says where the request came from", () => {
    const client = { accept: "*/*", cookie: "a=b", authorization: "Bearer x", "x-request-id": "mine", "x-custom": "1" };
    expect(forwarded(client)).toEqual({ ...client, ...added });
  });

  it.each([
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
    "forwarded",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "k-network-probe",
    "k-proxy-request",
    "k-original-host",
    "x-rouse-refused",
    "X-Rouse-Anything",
  ])("drops a client's %s", (name) => {
    expect(forwarded({ [name]: "close" })).toEqual(added);
  });

  it("overrides what a client says of where it comes from, and of its grant", () => {
    const forged = Object.fromEntries(Object.keys(added).map((name) => [name, "forged"]));
    expect(forwarded(forged)).toEqual(added);
  });

  it("does not pass a forged address on when the runtime knows none", () => {
    expect(forwarded({ "x-forwarded-for": "10.0.0.1" }, { clientIp: null })).not.toHaveProperty("x-forwarded-for");
  });

  it("drops what Connection names, in any case and spacing", () => {
    const client = { connection: "close, X-Secret ,x-other,,  ", "x-secret": "1", "x-other": "2", "x-kept": "3" };
    expect(forwarded(client)).toEqual({ "x-kept": "3", ...added });
  });

  it("does not let Connection remove what Rouse adds, nor fail on a name that is none", () => {
    const connection = "x-rouse-grant, x-forwarded-host, host, not a name, (, k-proxy-request";
    expect(forwarded({ connection }, { isTicketed: true })).toEqual({ ...added, "k-proxy-request": "activator" });
  });

  it("keeps Upgrade, and only it, for a websocket", () => {
    const client = {
      connection: "Upgrade, keep-alive",
      upgrade: "websocket",
      "keep-alive": "5",
      "sec-websocket-key": "k",
    };
    expect(forwarded(client)).toEqual({
      upgrade: "websocket",
      "sec-websocket-key": "k",
      "x-rouse-request-id": "req-1",
      ...added,
    });
  });

  it("says of a ticketed request, and of no other, that the activator counts it", () => {
    expect(forwarded({}, { isTicketed: true })).toHaveProperty("k-proxy-request", "activator");
    expect(forwarded({ "k-proxy-request": "activator" })).not.toHaveProperty("k-proxy-request");
  });
});
