/** The whole path: a service at zero, a request, a pod, the answer, and zero again. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { app, hostOf, QUICK_AUTOSCALER } from "./fixtures/services.ts";
import { dataPlane, dataPort, waitForZero } from "./harness/data-plane.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { openStream } from "./harness/stream.ts";

let rouse: Rouse;

beforeAll(async () => {
  rouse = await startRouse();
  await rouse.apply(QUICK_AUTOSCALER);
});
afterAll(async () => {
  await rouse.stop();
});

/** A service that was made, became ready and fell asleep. */
async function asleep(name: string, options: Parameters<typeof app>[1] = {}): Promise<string> {
  await rouse.apply(app(name, options));
  await rouse.waitReady(name);
  await waitForZero(rouse, name);
  return hostOf(name);
}

describe("a sleeping service", () => {
  it("is woken by a request, answers it, says that it waited, and goes back to sleep", async () => {
    const host = await asleep("hello");
    const cold = await rouse.request(host, "/");
    expect([cold.status, cold.body]).toEqual([200, "hello from hello-00001"]);
    expect(Number(cold.headers["x-rouse-cold-start"])).toBeGreaterThan(0);
    expect(cold.headers["server-timing"]).toMatch(/route;dur=.*hold;dur=.*start;dur=.*ready;dur=.*ttfb;/);
    const warm = await rouse.request(host, "/");
    expect(warm.status).toBe(200);
    expect(warm.headers["x-rouse-cold-start"]).toBeUndefined();
    expect(warm.headers["server-timing"]).toBeUndefined();
    await waitForZero(rouse, "hello");
    expect(await dataPlane(rouse, "hello")).toMatchObject({ desiredScale: 0, held: 0, tickets: 0, hasTimer: false });
    const service = await rouse.waitReady("hello");
    expect(service).toBeDefined();
  });

  it("is woken by any method and keeps bodies, paths and headers as they were", async () => {
    const host = await asleep("verbs");
    const body = randomBytes(48 * 1024);
    for (const method of ["PUT", "POST", "PATCH", "DELETE"]) {
      const answer = await rouse.request(host, "/digest", { method, body });
      const sha256 = createHash("sha256").update(body).digest("hex");
      expect(JSON.parse(answer.body)).toEqual({ method, bytes: body.length, sha256 });
    }
    const answer = await rouse.request(host, "/headers?x=%20&y=a//b", {
      headers: { "x-custom": "kept", "k-evil": "1" },
    });
    const seen = JSON.parse(answer.body) as { url: string; headers: Record<string, string> };
    expect(seen.url).toBe("/headers?x=%20&y=a//b");
    expect(seen.headers.host).toBe(host);
    expect(seen.headers["x-custom"]).toBe("kept");
    expect(seen.headers["k-evil"]).toBeUndefined();
    expect(Object.keys(seen.headers).filter((name) => name.startsWith("x-rouse-"))).toEqual([]);
    expect(seen.headers["x-forwarded-proto"]).toBe("http");
    expect(seen.headers.forwarded).toContain("for=127.0.0.1");
    const head = await rouse.request(host, "/", { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
  });

  it("takes a large streamed upload and gives a large download without keeping either in memory", async () => {
    const host = await asleep("large");
    const chunk = randomBytes(1024 * 1024);
    const hash = createHash("sha256");
    const upload = openStream(rouse.port, host, "/digest", { method: "POST" });
    for (let n = 0; n < 64; n += 1) {
      hash.update(chunk);
      if (!upload.request.write(chunk)) await once(upload.request, "drain");
    }
    upload.request.end();
    const answer = JSON.parse(await upload.text()) as { bytes: number; sha256: string };
    expect(answer).toMatchObject({ bytes: 64 * chunk.length, sha256: hash.digest("hex") });
    const download = openStream(rouse.port, host, `/bytes?count=${96 * 1024 * 1024}`);
    download.request.end();
    expect(await download.countBytes()).toBe(96 * 1024 * 1024);
  });

  it.each([0, 2])(
    "leaves encoded bodies as they are, held, leased or ticketed (limit %i)",
    async (containerConcurrency) => {
      const host = await asleep(`gzip-${containerConcurrency}`, { containerConcurrency });
      // Cold and small, warm and small, warm and too large to be read whole.
      for (const count of [1_000, 2_000, 300_000]) {
        const stream = openStream(rouse.port, host, `/gzip?count=${count}`);
        stream.request.end();
        const { headers } = await stream.response;
        const bytes = await stream.bytes();
        expect(headers["content-encoding"]).toBe("gzip");
        expect(headers["content-length"]).toBe(String(bytes.length));
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(headers.etag);
        expect(gunzipSync(bytes)).toHaveLength(count);
      }
    },
  );

  it("delivers server-sent events one by one, as the application writes them", async () => {
    const host = await asleep("events", { containerConcurrency: 2 });
    const stream = openStream(rouse.port, host, "/events?count=5&ms=120");
    stream.request.end();
    const times = await stream.chunkTimes();
    expect(times).toHaveLength(5);
    // Each event comes by itself: buffered ones would all arrive at the end.
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(60);
  });

  it("is woken by a WebSocket and stays awake as long as it is open", async () => {
    const host = await asleep("sockets");
    const socket = new WebSocket(`ws://127.0.0.1:${rouse.port}/ws`, { headers: { host } });
    await once(socket, "open");
    socket.send("ping");
    expect(String((await once(socket, "message"))[0])).toBe("ping");
    // Longer than the window, the grace period and a lease together.
    const [pod] = (await dataPlane(rouse, "sockets")).pods;
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    socket.send("still there");
    expect(String((await once(socket, "message"))[0])).toBe("still there");
    expect((await dataPlane(rouse, "sockets")).pods.map(({ podId }) => podId)).toEqual([pod?.podId]);
    socket.close();
    await once(socket, "close");
    await waitForZero(rouse, "sockets");
  });
});

describe("the front door", () => {
  it("answers 404 for a host that nobody serves, not to be cached", async () => {
    const answer = await rouse.request("nobody.default.localhost", "/");
    expect(answer.status).toBe(404);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(JSON.parse(answer.body)).toMatchObject({ code: "HOST_UNKNOWN" });
  });

  it("answers 400 for a Host header that is no name", async () => {
    expect((await rouse.request("a b.default.localhost", "/").catch(() => ({ status: 400 }))).status).toBe(400);
    expect((await rouse.request("exa_mple..localhost", "/")).status).toBe(400);
  });

  it("does not let a request without a grant through the agent's data port", async () => {
    await rouse.apply(app("guarded", { annotations: { "autoscaling.knative.dev/min-scale": "1" } }));
    await rouse.waitReady("guarded");
    const [pod] = (await dataPlane(rouse, "guarded")).pods;
    const socket = connect(await dataPort(rouse), "127.0.0.1");
    socket.write(`GET /${pod?.podId}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    let answer = "";
    socket.on("data", (data: Buffer) => {
      answer += String(data);
    });
    await once(socket, "close");
    expect(answer).toMatch(/^HTTP\/1.1 403/);
    expect(answer.toLowerCase()).toContain("x-rouse-refused: grant");
  });
});
