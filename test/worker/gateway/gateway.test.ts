import { describe, expect, it, vi } from "vitest";
import { formatRouteCopy, routeCopyKey } from "../../../src/core/routing/copy.ts";
import { Edge, entry, lease, NOT_HELD, ticket } from "./fakes.ts";

const refused = (reason: string) => new Response("", { status: 503, headers: { "x-rouse-refused": reason } });

describe("resolve", () => {
  it("answers 404 with the reason for a host that no route answers to, and asks for it once", async () => {
    const edge = new Edge();
    const response = await edge.request("/", {}, "nobody.default.apps.test");
    expect(response.status).toBe(404);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-rouse-error")).toBe("HOST_UNKNOWN");
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining("no service answers to the host nobody.default.apps.test"),
    });
    await edge.request("/", {}, "nobody.default.apps.test");
    expect(edge.lookups).toBe(1);
  });

  it("answers 503, never 404, when the route table cannot tell", async () => {
    const edge = new Edge();
    edge.routesError = new Error("reset");
    const response = await edge.request();
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("answers 404 for a cluster-local host", async () => {
    const edge = new Edge();
    const host = "hello.default.svc.cluster.local";
    edge.entries.set(host, entry(host, { visibility: "cluster-local" }));
    expect((await edge.request("/", {}, host)).status).toBe(404);
  });

  it("asks a route table that was reset again", async () => {
    const edge = new Edge();
    edge.routesError = new Error("reset");
    edge.routesFailures = 2;
    expect((await edge.request()).status).toBe(200);
    expect(edge.lookups).toBe(3);
  });

  it("ends the use of an old copy of a deleted service at once, and answers 404 as soon as the table does", async () => {
    const edge = new Edge();
    const host = "hello.default.apps.test";
    edge.copies.set(routeCopyKey(host), formatRouteCopy(entry(host)));
    edge.entries.delete(host);
    edge.routesError = new Error("reset");
    // What a destroyed Revision object says.
    edge.answer = () => ({ kind: "refused", code: "REVISION_GONE", message: "gone", retryAfterSec: 1 });
    const response = await edge.request();
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("x-rouse-error")).toBe("REVISION_GONE");
    expect(edge.acquired).toHaveLength(1);
    expect(edge.forwarded).toEqual([]);

    edge.routesError = null;
    const laterMs = Date.now() + 3_000;
    vi.spyOn(Date, "now").mockReturnValue(laterMs);
    const later = await edge.request();
    vi.restoreAllMocks();
    expect(later.headers.get("x-rouse-error")).toBe("HOST_UNKNOWN");
    expect(edge.acquired).toHaveLength(1);
  });

  it("does not take a host for unknown because it was unknown a while ago, when the route table cannot tell", async () => {
    const edge = new Edge();
    expect((await edge.request("/", {}, "new.default.apps.test")).status).toBe(404);
    edge.routesError = new Error("reset");
    const laterMs = Date.now() + 3_600_000;
    vi.spyOn(Date, "now").mockReturnValue(laterMs);
    const response = await edge.request("/", {}, "new.default.apps.test");
    vi.restoreAllMocks();
    expect(response.status).toBe(503);
  });

  it("answers 503, not 404, to hosts that it does not remember while it is flooded with unknown ones", async () => {
    const edge = new Edge();
    for (let n = 0; n < 500; n += 1) await edge.request("/", {}, `nobody-${n}.default.apps.test`);
    expect((await edge.request("/", {}, "late.default.apps.test")).status).toBe(503);
  });
});

describe("admit", () => {
  it("asks the activator once and then uses the lease", async () => {
    const edge = new Edge();
    edge.answer = () => lease("pod-1", "pod-2");
    for (let n = 0; n < 5; n += 1) expect((await edge.request()).status).toBe(200);
    expect(edge.acquired).toHaveLength(1);
    expect(new Set(edge.forwarded.map((seen) => new URL(seen.url).pathname.split("/")[1]))).toEqual(
      new Set(["pod-1", "pod-2"]),
    );
  });

  it("asks for each request while the activator gives tickets, and gives each one back", async () => {
    const edge = new Edge();
    edge.answer = () => ticket("pod-1");
    for (let n = 0; n < 3; n += 1) await (await edge.request()).text();
    await edge.settled();
    expect(edge.acquired).toHaveLength(3);
    expect(edge.released).toBe(3);
    expect(edge.forwarded.every((seen) => seen.headers.get("k-proxy-request") === "activator")).toBe(true);
  });

  it("passes the activator's refusal on with its reason and Retry-After", async () => {
    const edge = new Edge();
    edge.answer = () => ({ kind: "refused", code: "START_FAILED", message: "it exited with 1", retryAfterSec: 4 });
    const response = await edge.request();
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("4");
    expect(await response.json()).toMatchObject({ code: "START_FAILED", detail: "it exited with 1" });
  });

  it("answers 504 when the revision's timeout passes in the queue, and leaves the queue", async () => {
    const edge = new Edge();
    const target = { revisionUid: "rev-1", revision: "hello-00001", percent: 100, timeoutSec: 0.05 };
    edge.entries.set("hello.default.apps.test", entry("hello.default.apps.test", { targets: [target] }));
    edge.answer = () => new Promise(() => undefined);
    const response = await edge.request();
    expect(response.status).toBe(504);
    expect(await response.text()).toBe("activator request timeout");
    expect(edge.cancelled).toEqual(edge.acquired.map((request) => request.requestId));
  });

  it("asks again after the object was reset, with the same id and arrival time", async () => {
    const edge = new Edge();
    let calls = 0;
    edge.answer = () => {
      calls += 1;
      if (calls < 3) throw Object.assign(new Error("reset"), { durableObjectReset: true });
      return lease("pod-1");
    };
    expect((await edge.request()).status).toBe(200);
    expect(new Set(edge.acquired.map((request) => request.requestId)).size).toBe(1);
    expect(new Set(edge.acquired.map((request) => request.arrivedAtMs)).size).toBe(1);
    expect(edge.acquired.map((request) => request.attempt)).toEqual([0, 1, 2]);
  });

  it("does not ask an overloaded object again", async () => {
    const edge = new Edge();
    edge.answer = () => {
      throw Object.assign(new Error("overloaded"), { overloaded: true });
    };
    expect((await edge.request()).status).toBe(503);
    expect(edge.acquired).toHaveLength(1);
  });
});

describe("forward", () => {
  it("sends path and query as they came, with where the request came from", async () => {
    const edge = new Edge();
    await edge.request("/a//b/%2e%2e/c?x=1&y=%20");
    const [seen] = edge.forwarded;
    expect(seen?.url).toBe("http://agent.test:8012/pod-1/a//b/%2e%2e/c?x=1&y=%20");
    expect(seen?.headers.get("x-forwarded-host")).toBe("hello.default.apps.test");
    expect(seen?.headers.get("x-rouse-grant")).toBe("grant-of-pod-1");
    expect(seen?.headers.get("k-proxy-request")).toBeNull();
  });

  it("drops what only Rouse may say", async () => {
    const edge = new Edge();
    await edge.request("/", {
      headers: {
        "k-proxy-request": "activator",
        "x-rouse-grant": "mine",
        "x-forwarded-for": "1.2.3.4",
        forwarded: "for=1.2.3.4",
        "x-custom": "kept",
      },
    });
    const headers = edge.forwarded[0]?.headers;
    expect(headers?.get("x-rouse-grant")).toBe("grant-of-pod-1");
    expect(headers?.get("k-proxy-request")).toBeNull();
    expect(headers?.get("x-forwarded-for")).toBeNull();
    expect(headers?.get("forwarded")).toBeNull();
    expect(headers?.get("x-custom")).toBe("kept");
  });

  it("offers a refused request to another pod, body included", async () => {
    const edge = new Edge();
    edge.answer = (request) => (request.attempt === 0 ? lease("pod-1") : lease("pod-2"));
    edge.pod = (seen) => (seen.url.includes("pod-1") ? refused("draining") : new Response(`got ${seen.body}`));
    const response = await edge.request("/", { method: "POST", body: "hello", headers: { "content-length": "5" } });
    expect(await response.text()).toBe("got hello");
    expect(edge.acquired.map((request) => request.avoidPods)).toEqual([[], ["pod-1"]]);
  });

  it("asks for a ticket when a leased pod's queue is full", async () => {
    const edge = new Edge();
    edge.answer = (request) => (request.needTicket ? ticket("pod-1") : lease("pod-1"));
    edge.pod = (seen) => (seen.headers.get("k-proxy-request") === null ? refused("queue-full") : new Response("ok"));
    expect((await edge.request()).status).toBe(200);
    expect(edge.acquired.map((request) => request.needTicket)).toEqual([false, true]);
  });

  it("does not send a POST twice when the agent broke off, since it may have been delivered", async () => {
    const edge = new Edge();
    edge.pod = () => {
      throw new Error("Network connection lost.");
    };
    const response = await edge.request("/", { method: "POST", body: "hello" });
    expect(response.status).toBe(502);
    expect(edge.forwarded).toHaveLength(1);
  });

  it("sends a GET again when the agent broke off", async () => {
    const edge = new Edge();
    let calls = 0;
    edge.pod = () => {
      calls += 1;
      if (calls < 3) throw new Error("Network connection lost.");
      return new Response("ok");
    };
    expect((await edge.request()).status).toBe(200);
  });

  it("gives the application's own 503 to the client", async () => {
    const edge = new Edge();
    edge.pod = () => new Response("busy", { status: 503 });
    const response = await edge.request();
    expect([response.status, await response.text(), edge.forwarded.length]).toEqual([503, "busy", 1]);
  });

  it("refuses a GET with a body with a 400, since it cannot be forwarded", async () => {
    const edge = new Edge();
    const request = new Request("http://hello.default.apps.test/", { method: "POST", body: "x" });
    const get = new Proxy(request, {
      get: (target, key) => (key === "method" ? "GET" : Reflect.get(target, key, target)),
    });
    const response = await edge.send(get);
    expect([response.status, edge.forwarded.length]).toEqual([400, 0]);
  });

  it("takes an answer that no pod marked for a sign that the agent cannot be reached", async () => {
    const edge = new Edge();
    edge.answer = (request) => (request.attempt === 0 ? lease("pod-1") : lease("pod-2"));
    edge.pod = (seen) =>
      seen.url.includes("pod-1")
        ? new Response("origin is down", { status: 521, headers: { "x-not-from-a-pod": "1" } })
        : new Response("ok");
    expect((await edge.request()).status).toBe(200);
  });

  it("answers 503 with Retry-After when a body that cannot be sent twice finds the queue full", async () => {
    const edge = new Edge();
    edge.answer = () => ticket("pod-1");
    edge.pod = () => refused("queue-full");
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    void writer.write(new TextEncoder().encode("long")).then(() => writer.close());
    const response = await edge.request("/", { method: "POST", body: readable });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("x-rouse-error")).toBe("QUEUE_FULL");
    expect(edge.acquired.map((request) => request.needTicket)).toEqual([true]);
  });

  it("does not follow redirects", async () => {
    const edge = new Edge();
    edge.pod = () => new Response(null, { status: 302, headers: { location: "/elsewhere" } });
    expect((await edge.request()).status).toBe(302);
  });
});

describe("release", () => {
  it("keeps the ticket until the last byte of a streamed body", async () => {
    const edge = new Edge();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    edge.answer = () => ticket("pod-1");
    edge.pod = () => new Response(readable);
    const response = await edge.request();
    const reader = response.body?.getReader();
    const first = reader?.read();
    await writer.write(new TextEncoder().encode("one"));
    expect(new TextDecoder().decode((await first)?.value)).toBe("one");
    expect(edge.released).toBe(0);
    const last = reader?.read();
    await writer.close();
    expect((await last)?.done).toBe(true);
    await edge.settled();
    expect(edge.released).toBe(1);
  });

  it("gives the ticket back when the pod cannot be reached", async () => {
    const edge = new Edge();
    edge.answer = () => ticket("pod-1");
    edge.pod = () => {
      throw new Error("Network connection lost.");
    };
    await edge.request("/", { method: "POST", body: "x" });
    expect(edge.released).toBe(1);
  });
});

it("keeps an open socket when the activator is reset in that moment", async () => {
  const edge = new Edge();
  edge.answer = () => ticket("pod-1");
  edge.upgradeError = new Error("reset");
  const { 0: client } = new WebSocketPair();
  edge.pod = () => new Response(null, { status: 101, webSocket: client });
  expect((await edge.request("/", { headers: { upgrade: "websocket" } })).status).toBe(101);
  expect(edge.released).toBe(1);
});

describe("an answer that was held", () => {
  it("says so with its phases and marks the cold start", async () => {
    const edge = new Edge();
    edge.answer = () => ticket("pod-1", { heldMs: 61, startMs: 4, readyMs: 50, cold: true });
    const response = await edge.request();
    expect(response.headers.get("x-rouse-cold-start")).toBe("61");
    expect(response.headers.get("server-timing")).toMatch(
      /^route;dur=\d+, hold;dur=61, start;dur=4, ready;dur=50, ttfb;desc="first byte";dur=\d+$/,
    );
  });

  it("adds nothing to an answer that did not wait", async () => {
    const edge = new Edge();
    edge.answer = () => ticket("pod-1", NOT_HELD);
    const response = await edge.request();
    expect(response.headers.get("x-rouse-cold-start")).toBeNull();
    expect(response.headers.get("server-timing")).toBeNull();
  });
});
