/** Many requests at once. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_HELD } from "../../src/core/activator/activator.ts";
import { app, hostOf, QUICK_AUTOSCALER } from "./fixtures/services.ts";
import { dataPlane, waitForZero } from "./harness/data-plane.ts";
import type { Answer } from "./harness/http.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { openStream } from "./harness/stream.ts";
import { until } from "./harness/until.ts";

let rouse: Rouse;

beforeAll(async () => {
  rouse = await startRouse();
  await rouse.apply(QUICK_AUTOSCALER);
});
afterAll(async () => {
  await rouse.stop();
});

async function asleep(name: string, options: Parameters<typeof app>[1]): Promise<string> {
  await rouse.apply(app(name, options));
  await rouse.waitReady(name);
  await waitForZero(rouse, name);
  return hostOf(name);
}

describe("a thousand requests to a sleeping service", () => {
  it("are all answered, with never more than the limit in a pod and never more than max-scale pods", async () => {
    const annotations = { "autoscaling.knative.dev/max-scale": "3" };
    const host = await asleep("burst", { containerConcurrency: 10, annotations });
    const most = new Map<number, number>();
    const requests = Array.from({ length: 1_000 }, () => rouse.request(host, "/sleep?ms=20", { timeoutMs: 60_000 }));
    const watching = new AbortController();
    const pods = watchPods("burst", watching.signal);
    const answers = await Promise.all(requests);
    watching.abort();
    expect(tally(answers)).toEqual({ 200: 1_000 });
    for (let n = 0; n < 12; n += 1) {
      const counts = JSON.parse((await rouse.request(host, "/counts")).body) as { pid: number; most: number };
      most.set(counts.pid, counts.most);
    }
    expect(most.size).toBeGreaterThan(0);
    expect(Math.max(...most.values())).toBeLessThanOrEqual(10);
    expect(await pods).toBeLessThanOrEqual(3);
    await waitForZero(rouse, "burst");
    expect(await dataPlane(rouse, "burst")).toMatchObject({ held: 0, tickets: 0, pods: [] });
  });
});

describe("more requests than the activator holds for one sleeping service", () => {
  it("are refused at once, with the reason, and all that were held are answered", async () => {
    const host = await asleep("crowd", { env: { START_DELAY_MS: "12000" } });
    const extra = 50;
    let refusedMs = 0;
    const requests = Array.from({ length: MAX_HELD + extra }, async () => {
      const answer = await rouse.request(host, "/", { timeoutMs: 60_000 });
      if (answer.status === 503) refusedMs = performance.now();
      return answer;
    });
    const answers = await Promise.all(requests);
    expect(tally(answers)).toEqual({ 200: MAX_HELD, 503: extra });
    // The last refusal came long before the pod did.
    expect(performance.now() - refusedMs).toBeGreaterThan(1_000);
    const refused = answers.find(({ status }) => status === 503);
    expect(refused?.headers).toMatchObject({ "retry-after": "1", "x-rouse-error": "HOLD_QUEUE_FULL" });
    expect(refused?.headers["cache-control"]).toBe("no-store");
    expect(JSON.parse(refused?.body ?? "").detail).toContain(`${MAX_HELD} requests to default/crowd-00001`);
    await waitForZero(rouse, "crowd");
    expect(await dataPlane(rouse, "crowd")).toMatchObject({ held: 0, tickets: 0 });
  });
});

describe("more than the queues of a service with a limit hold, in mode Serve", () => {
  it.each([
    ["GETs", "GET", 0],
    ["POSTs with a short body", "POST", 1_000],
    ["POSTs with a long body", "POST", 100_000],
  ])("waits at the activator: %s", async (_, method, bodyBytes) => {
    const name = `overflow-${method.toLowerCase()}-${bodyBytes}`;
    const annotations = {
      "autoscaling.knative.dev/max-scale": "1",
      "autoscaling.knative.dev/target-burst-capacity": "0",
    };
    const host = await asleep(name, { containerConcurrency: 1, annotations });
    expect((await rouse.request(host, "/")).status).toBe(200);
    await until("mode Serve", async () => ((await dataPlane(rouse, name)).mode === "Serve" ? true : null));
    const body = bodyBytes === 0 ? {} : { body: Buffer.alloc(bodyBytes) };
    const requests = Array.from({ length: 40 }, () => rouse.request(host, "/sleep?ms=20", { method, ...body }));
    expect(tally(await Promise.all(requests))).toEqual({ 200: 40 });
    const counts = JSON.parse((await rouse.request(host, "/counts")).body) as { most: number };
    expect(counts.most).toBe(1);
  });
});

/** The most pods that were not on their way out at any moment. */
async function watchPods(name: string, signal: AbortSignal): Promise<number> {
  let most = 0;
  while (!signal.aborted) {
    const { pods } = await dataPlane(rouse, name);
    most = Math.max(most, pods.filter(({ state }) => state !== "leaving" && state !== "stopping").length);
    await delay(50);
  }
  return most;
}

describe("clients that reset under load", () => {
  it("leave every counter at zero", async () => {
    const annotations = { "autoscaling.knative.dev/max-scale": "1" };
    const host = await asleep("aborts", { containerConcurrency: 5, annotations });
    const streams = Array.from({ length: 300 }, (_, n) => {
      const stream = openStream(rouse.port, host, n % 3 === 0 ? "/events?count=50&ms=50" : "/sleep?ms=200");
      stream.request.on("error", () => undefined);
      stream.response.then(
        (response) => response.on("error", () => undefined).resume(),
        () => undefined,
      );
      stream.request.end();
      return stream;
    });
    // Some are held, some run, some stream: each is cut at another moment.
    await Promise.all(
      streams.map(async (stream, n) => {
        await delay(20 + ((n * 37) % 1_500));
        stream.request.socket?.resetAndDestroy();
      }),
    );
    await until(
      "no held and no ticketed request",
      async () => {
        const { held, tickets, pods } = await dataPlane(rouse, "aborts");
        return held === 0 && tickets === 0 && pods.every((pod) => pod.inFlight === 0 && pod.ticketed === 0)
          ? true
          : null;
      },
      { timeoutMs: 10_000 },
    );
    expect((await rouse.request(host, "/")).status).toBe(200);
    // A slot is free when the queue-proxy has hung up; the application may notice that a moment later, so its own highest
    // count says nothing here (the burst above holds it exactly).
    const counts = JSON.parse((await rouse.request(host, "/counts")).body) as { running: number };
    expect(counts.running).toBe(1);
    await waitForZero(rouse, "aborts");
  });
});

function tally(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
