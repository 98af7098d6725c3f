import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GRANT_HEADER, PROXY_REQUEST_HEADER, REQUEST_ID_HEADER } from "../../src/core/protocol/headers.ts";
import { KEY_EPOCH } from "./fake-edge.ts";
import { call, desiredPod, type Harness, open, retiring, startHarness } from "./harness.ts";

const free = desiredPod("free");
const single = desiredPod("single", { containerConcurrency: 1, timeoutSec: 30 });
const hurried = desiredPod("hurried", { timeoutSec: 1 });
const idle = desiredPod("idle", { timeoutSec: 30, idleTimeoutSec: 1 });

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  const { edge } = harness;
  edge.desire(free, single, hurried, idle);
  for (const { podId } of [free, single, hurried, idle]) await edge.untilPhase(podId, "ready");
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

describe("a grant", () => {
  const cases: [string, () => string, string][] = [
    ["that is absent", () => "", "there is no grant"],
    ["that is not one", () => "let me in", "malformed"],
    ["for another pod", () => harness.edge.grant("single"), "another pod"],
    ["that has expired", () => harness.edge.grant("free", -2_500), "expired"],
    ["of an unknown key epoch", () => harness.edge.grant("free", 10_000, KEY_EPOCH + 2), "key epoch 9"],
    ["signed with another key", () => harness.edge.grant("free", 10_000, KEY_EPOCH, Buffer.alloc(32)), "forged"],
    ["with a longer life than was signed", () => harness.edge.grant("free").replace(/\.(\d+)\./, ".9$1."), "forged"],
  ];
  it.each(cases)("%s is refused", async (_, makeGrant, text) => {
    const answer = await call(harness, "free", "/hello", { grant: makeGrant() });
    expect(answer.status).toBe(403);
    expect(answer.headers["x-rouse-refused"]).toBe("grant");
    expect(answer.body).toContain(text);
  });

  it("within the clocks' leeway still opens the pod", async () => {
    const grant = harness.edge.grant("free", -1_000);
    expect((await call(harness, "free", "/hello", { grant })).status).toBe(200);
  });

  it("for a pod that is not here is refused as unreachable", async () => {
    const answer = await call(harness, "elsewhere", "/hello");
    expect([answer.status, answer.headers["x-rouse-refused"]]).toEqual([503, "unreachable"]);
    expect(answer.headers["x-rouse-pod"]).toBeUndefined();
  });
});

describe("a request", () => {
  it("reaches the application as the client sent it", async () => {
    const headers = {
      "x-forwarded-host": "hello.default.example.com",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-proto": "https",
      "x-rouse-request-id": "request-1",
      "x-custom": "kept",
      "knative-serving-revision": "hello-00001",
      "Knative-Serving-Namespace": "default",
      connection: "close, x-hop",
      "x-hop": "dropped",
      te: "trailers",
    };
    const { body } = await call(harness, "free", "/path/../a%20b?q=1&q=2", { headers, method: "PATCH", body: "12345" });
    const seen = JSON.parse(body);
    expect(seen).toMatchObject({ method: "PATCH", url: "/path/../a%20b?q=1&q=2", bodyBytes: 5 });
    expect(seen.headers).toMatchObject({
      host: "hello.default.example.com",
      forwarded: "for=192.0.2.1;host=hello.default.example.com;proto=https",
      "x-custom": "kept",
    });
    const leaked = Object.keys(seen.headers).filter((name) => /^x-rouse-|^x-hop$|^knative-serving-/.test(name));
    expect(leaked).toEqual([]);
  });

  it.each([
    ["", "/"],
    ["/", "/"],
    ["?a=b", "/?a=b"],
    ["//double", "//double"],
    // The prefix ends at the pod id; what dots mean after it is the application's affair.
    ["/../single/x", "/../single/x"],
    ["/%2e%2e/single/x", "/%2e%2e/single/x"],
    ["/./x", "/./x"],
    ["/a/..%2f..%2fx", "/a/..%2f..%2fx"],
  ])("for the target %j asks the application for %j", async (path, seen) => {
    expect(JSON.parse((await call(harness, "free", path)).body).url).toBe(seen);
  });

  it.each(["/", "/../free/x", "/%2e%2e/free/x", "//free/x", "/fre%65/x", "http://free/free/x"])(
    "for %j, which does not begin with the pod's id, is refused",
    async (path) => {
      const { edge, agent } = harness;
      const outgoing = request({ port: agent.dataPort, path, headers: { [GRANT_HEADER]: edge.grant("free") } });
      const [response] = (await once(outgoing.end(), "response")) as [IncomingMessage];
      expect([response.statusCode, response.headers["x-rouse-refused"]]).toEqual([403, "grant"]);
      response.resume();
    },
  );

  it.each([204, 304, 404, 503])("answered with %i by the application is passed on, and is no refusal", async (code) => {
    const answer = await call(harness, "free", `/status?code=${code}`);
    expect(answer.status).toBe(code);
    expect(answer.headers["x-rouse-refused"]).toBeUndefined();
    expect(answer.headers["x-rouse-pod"]).toBe("free");
    expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  });

  it("is answered without the headers that the application meant for its own hop", async () => {
    const { headers } = await call(harness, "free", "/hop-headers");
    expect([headers["x-hop"], headers["x-kept"]]).toEqual([undefined, "for all"]);
  });

  it("of method HEAD gets a head only", async () => {
    const answer = await call(harness, "free", "/hello", { method: "HEAD" });
    expect([answer.status, answer.body]).toEqual([200, ""]);
  });

  it("streams 32 MB up and 32 MB down", async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, 1);
    expect(JSON.parse((await call(harness, "free", "/upload", { method: "PUT", body })).body).bodyBytes).toBe(
      body.length,
    );
    const down = await open(harness, "free", `/bytes?count=${body.length}`);
    let bytes = 0;
    for await (const chunk of down) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(body.length);
  });

  it("with chunked body and Expect: 100-continue is carried", async () => {
    const outgoing = raw("free", "/upload", { method: "POST", headers: { expect: "100-continue" } });
    outgoing.flushHeaders();
    await once(outgoing, "continue");
    outgoing.write("abc");
    outgoing.end("def");
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(JSON.parse(await text(response))).toMatchObject({ bodyBytes: 6 });
  });

  it("that is answered before its body was read gets the answer", async () => {
    const body = Buffer.alloc(8 * 1024 * 1024);
    const answer = await call(harness, "free", "/too-large", { method: "POST", body });
    expect([answer.status, answer.body]).toEqual([413, "too large"]);
    await idleAgain("free");
  });

  it("whose answer breaks off ends broken, not short", async () => {
    const response = await open(harness, "free", "/cut");
    await expect(text(response)).rejects.toThrow();
  });

  it("for an event stream gets each event when it is sent", async () => {
    const response = await open(harness, "free", "/events");
    expect(response.headers["content-type"]).toBe("text/event-stream");
    for (const word of ["one", "two"]) {
      const arrives = once(response, "data");
      await call(harness, "free", `/push?text=${word}`);
      expect(String(await arrives)).toBe(`data: ${word}\n\n`);
    }
    const ends = once(response, "end");
    await call(harness, "free", "/release");
    await ends;
    await idleAgain("free");
  });

  it("that takes longer than the revision's timeout is answered 504 and taken from the application", async () => {
    const answer = await call(harness, "hurried", "/hold?id=late");
    expect([answer.status, answer.body]).toEqual([504, "request timeout"]);
    expect(answer.headers).toMatchObject({
      "cache-control": "no-store",
      "x-rouse-error": "REQUEST_TIMEOUT",
      "x-rouse-pod": "hurried",
    });
    await idleAgain("hurried");
    await expect.poll(() => log("hurried")).toContain("aborted late");
  });

  it("that is answered with something else than HTTP gets 502 and is told so", async () => {
    const answer = await call(harness, "free", "/no-http");
    expect([answer.status, answer.body]).toEqual([502, "the application answered with something else than HTTP\n"]);
    expect(answer.headers["x-rouse-error"]).toBe("POD_UNREACHABLE");
    await idleAgain("free");
  });

  it("whose event stream falls silent for the idle timeout is ended with Knative's words", async () => {
    const response = await open(harness, "idle", "/events");
    expect(await text(response)).toBe("request timeout");
    await idleAgain("idle");
  });
});

describe("a pod with containerConcurrency 1", () => {
  it("serves strictly one by one in the order of arrival, and refuses what exceeds its queue", async () => {
    const ids = Array.from({ length: 11 }, (_, index) => `r${index}`);
    const answers: Promise<string>[] = [];
    for (const id of ids) {
      answers.push(call(harness, "single", `/hold?id=${id}`).then(({ body }) => body));
      // The next one is sent when this one is inside.
      await inFlight("single", answers.length);
    }
    const refused = await call(harness, "single", "/hold?id=too-many");
    expect(refused).toMatchObject({ status: 503, body: "pending request queue full\n" });
    expect(refused.headers["x-rouse-refused"]).toBe("queue-full");

    const order: string[] = [];
    for (const id of ids) {
      await expect.poll(() => log("single")).toContain(`held ${id}\n`);
      expect(log("single").split("held ").length - 1).toBe(order.length + 1);
      order.push(id);
      await releaseInside("single");
      expect(await answers[order.length - 1]).toBe(id);
    }
    await idleAgain("single");
  });

  it("frees the slot at once when the client goes away, running or waiting", async () => {
    const running = new AbortController();
    const waiting = new AbortController();
    const lost = [
      call(harness, "single", "/hold?id=gone-1", { signal: running.signal }),
      inFlight("single", 1).then(() => call(harness, "single", "/hold?id=gone-2", { signal: waiting.signal })),
    ].map((promise) => promise.catch((error: Error) => error.name));
    await inFlight("single", 2);
    const last = call(harness, "single", "/hello");
    await inFlight("single", 3);
    waiting.abort();
    await inFlight("single", 2);
    running.abort();
    expect((await last).status).toBe(200);
    expect(await Promise.all(lost)).toEqual(["AbortError", "AbortError"]);
    expect(log("single")).not.toContain("held gone-2");
    await idleAgain("single");
  });

  it("survives a hundred clients that hang up with every counter back at zero", async () => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const abort = new AbortController();
        const lost = call(harness, "single", `/hold?id=x${index}`, { signal: abort.signal }).catch(() => null);
        await new Promise((resolve) => setTimeout(resolve, index % 7));
        abort.abort();
        await lost;
      }),
    );
    await idleAgain("single");
    expect((await call(harness, "single", "/hello")).status).toBe(200);
  });
});

describe("an upgraded connection", () => {
  it("is carried byte by byte, counts as in flight, and is listed by its request id until it closes", async () => {
    const { edge } = harness;
    const { response, socket } = await upgrade("single", "/socket", { [REQUEST_ID_HEADER]: "socket-1" });
    expect([response.headers["x-rouse-grant"], response.headers["x-hop"]]).toEqual([undefined, undefined]);
    expect(response.headers.upgrade).toBe("echo");
    expect(response.headers["x-rouse-pod"]).toBe("single");
    socket.write("ping");
    expect(String((await once(socket, "data"))[0])).toBe("ping");
    await edge.until("the socket to be listed", () => edge.stats.get("single")?.sockets.includes("socket-1"));
    expect(edge.stats.get("single")?.inFlight).toBe(1);
    socket.destroy();
    await edge.until("the socket to be gone", () => edge.stats.get("single")?.sockets.length === 0);
    await idleAgain("single");
  });

  it("outlives the timeouts of its revision", async () => {
    const { socket } = await upgrade("idle", "/socket");
    const { socket: ofHurried } = await upgrade("hurried", "/socket");
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    for (const one of [socket, ofHurried]) {
      one.write("still here");
      expect(String((await once(one, "data"))[0])).toBe("still here");
      one.end();
      await once(one, "close");
    }
    await idleAgain("idle");
  });

  it("that the application declines ends with its answer", async () => {
    const outgoing = upgradeRequest("free", "/no-upgrade");
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    expect([response.statusCode, await text(response)]).toEqual([404, "nope"]);
    expect(response.headers["x-rouse-pod"]).toBe("free");
    await idleAgain("free");
  });

  it("whose handshake takes longer than the revision's timeout is answered 504", async () => {
    const outgoing = upgradeRequest("hurried", "/silent-upgrade");
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    expect([response.statusCode, await text(response)]).toEqual([504, "request timeout"]);
    expect(response.headers).toMatchObject({
      "cache-control": "no-store",
      "x-rouse-error": "REQUEST_TIMEOUT",
      "x-rouse-pod": "hurried",
    });
    await idleAgain("hurried");
  });

  it("that the application breaks off in its handshake is answered 502 in the pod's name", async () => {
    const outgoing = upgradeRequest("free", "/cut-upgrade");
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(502);
    expect(response.headers).toMatchObject({
      "cache-control": "no-store",
      "x-rouse-error": "POD_UNREACHABLE",
      "x-rouse-pod": "free",
    });
    expect(await text(response)).toBe("the application closed the connection before it answered\n");
    await idleAgain("free");
  });

  it("without a grant is refused", async () => {
    const outgoing = upgradeRequest("free", "/socket", { [GRANT_HEADER]: "no" });
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    expect([response.statusCode, response.headers["x-rouse-refused"]]).toEqual([403, "grant"]);
    expect(response.headers["x-rouse-pod"]).toBeUndefined();
    response.resume();
  });
});

describe("what is reported", () => {
  it("counts requests that came through the activator apart", async () => {
    const { edge } = harness;
    const held = call(harness, "free", "/hold?id=p", { headers: { [PROXY_REQUEST_HEADER]: "activator" } });
    const stats = await edge.until("proxied concurrency", () => {
      const pod = edge.stats.get("free");
      return pod !== undefined && pod.averageProxiedConcurrency > 0.9 && pod;
    });
    expect(stats).toMatchObject({ inFlight: 1, proxiedInFlight: 1, queueDepth: 0 });
    await call(harness, "free", "/release");
    await held;
  });

  it("is on /metrics with the labels of the pod", async () => {
    const [response] = (await once(get(`http://127.0.0.1:${harness.agent.metricsPort}/metrics`), "response")) as [
      IncomingMessage,
    ];
    const metrics = await text(response);
    const labels = 'namespace="default",service="hello",revision="hello-00001",pod="free"';
    expect(metrics).toMatch(new RegExp(`rouse_pod_requests_total\\{${labels},class="2xx"\\} [1-9]`));
    expect(metrics).toContain(`rouse_pod_in_flight{${labels}} 0`);
    expect(metrics).toMatch(new RegExp(`rouse_pod_request_duration_seconds_bucket\\{${labels},le="\\+Inf"\\} [1-9]`));
    expect(metrics).toContain('rouse_pods{phase="ready"} 4');
  });
});

describe("a pod that retires", () => {
  it("finishes what is in flight, refuses what is new, and only then gets SIGTERM", async () => {
    const { edge } = harness;
    const pod = desiredPod("leaving");
    edge.desire(free, single, hurried, idle, pod);
    await edge.untilPhase("leaving", "ready");
    const held = open(harness, "leaving", "/events");
    const response = await held;
    edge.desire(free, single, hurried, idle, retiring(pod));
    await edge.untilPhase("leaving", "draining");
    const refused = await call(harness, "leaving", "/hello");
    expect([refused.status, refused.headers["x-rouse-refused"]]).toEqual([503, "draining"]);
    response.destroy();
    await edge.untilPhase("leaving", "stopped");
  });

  it("is cut off at its drain limit", async () => {
    const { edge } = harness;
    const pod = desiredPod("limited");
    edge.desire(free, single, hurried, idle, pod);
    await edge.untilPhase("limited", "ready");
    const held = call(harness, "limited", "/hold?id=forever").catch((error: Error) => error);
    await inFlight("limited", 1);
    edge.desire(free, single, hurried, idle, retiring(pod, 50));
    await edge.untilPhase("limited", "stopped");
    expect(await held).toMatchObject({ status: 502, headers: { "x-rouse-pod": "limited" } });
  });
});

function raw(podId: string, path: string, options: { method?: string; headers?: Record<string, string> }) {
  const { edge, agent } = harness;
  const headers = { [GRANT_HEADER]: edge.grant(podId), ...options.headers };
  return request({
    ...options,
    host: "127.0.0.1",
    port: agent.dataPort,
    path: `/${podId}${path}`,
    headers,
    agent: false,
  });
}

function upgradeRequest(podId: string, path: string, headers: Record<string, string> = {}) {
  const outgoing = raw(podId, path, { headers: { connection: "Upgrade", upgrade: "echo", ...headers } });
  outgoing.end();
  return outgoing;
}

async function upgrade(podId: string, path: string, headers: Record<string, string> = {}) {
  const [response, socket] = (await once(upgradeRequest(podId, path, headers), "upgrade")) as [IncomingMessage, Socket];
  return { response, socket };
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function metric(name: string, podId: string): Promise<number> {
  const [response] = (await once(get(`http://127.0.0.1:${harness.agent.metricsPort}/metrics`), "response")) as [
    IncomingMessage,
  ];
  const line = (await text(response))
    .split("\n")
    .find((one) => one.startsWith(`${name}{`) && one.includes(`"${podId}"`));
  return Number(line?.split(" ").at(-1));
}

async function inFlight(podId: string, count: number): Promise<void> {
  await expect.poll(() => metric("rouse_pod_in_flight", podId), { interval: 2, timeout: 5_000 }).toBe(count);
}

async function idleAgain(podId: string): Promise<void> {
  await inFlight(podId, 0);
  expect(await metric("rouse_pod_queue_depth", podId)).toBe(0);
}

function log(podId: string): string {
  return readFileSync(join(harness.stateDir, "pods", podId, "log"), "utf8");
}

/** Lets the oldest held request of the application go, past the queue-proxy, whose only slot is taken. */
async function releaseInside(podId: string): Promise<void> {
  const { port } = JSON.parse(readFileSync(join(harness.stateDir, "pods", podId, "pod.json"), "utf8"));
  const [response] = (await once(get(`http://127.0.0.1:${port}/release`), "response")) as [IncomingMessage];
  await text(response);
}
