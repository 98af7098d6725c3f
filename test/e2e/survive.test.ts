/** Processes are killed for real, in the middle of everything. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { app, hostOf, QUICK_AUTOSCALER } from "./fixtures/services.ts";
import { dataPlane, waitForZero } from "./harness/data-plane.ts";
import type { Answer } from "./harness/http.ts";
import { type Rouse, startRouse } from "./harness/rouse.ts";
import { until } from "./harness/until.ts";

let rouse: Rouse | undefined;

afterEach(async () => {
  await rouse?.stop();
  rouse = undefined;
});

/** Asks until it is answered with 200; connection errors are what a killed edge looks like from outside. */
function answered(of: Rouse, host: string, path = "/", timeoutMs = 20_000): Promise<Answer> {
  return until(
    `an answer of ${host}`,
    async () => {
      const answer = await of.request(host, path).catch(() => null);
      return answer?.status === 200 ? answer : null;
    },
    { timeoutMs },
  );
}

function pidOf(answer: Answer): number {
  return (JSON.parse(answer.body) as { pid: number }).pid;
}

describe("a killed edge", () => {
  it("comes back with its objects, its pods and their requests' way to them", async () => {
    rouse = await startRouse();
    await rouse.apply(app("kept", { annotations: { "autoscaling.knative.dev/min-scale": "1" } }));
    await rouse.apply(app("sleeper"));
    await rouse.waitReady("kept");
    await rouse.waitReady("sleeper");
    await waitForZero(rouse, "sleeper");
    const before = pidOf(await answered(rouse, hostOf("kept"), "/counts"));
    rouse.killEdge();
    expect(pidOf(await answered(rouse, hostOf("kept"), "/counts"))).toBe(before);
    expect((await answered(rouse, hostOf("sleeper"))).body).toContain("hello from sleeper-00001");
    await waitForZero(rouse, "sleeper");
    expect((await dataPlane(rouse, "kept")).pods).toHaveLength(1);
  });
});

describe("a killed agent", () => {
  it("leaves its pods running, is started again and adopts them, and GET requests meanwhile are answered", async () => {
    rouse = await startRouse();
    await rouse.apply(app("adopted", { annotations: { "autoscaling.knative.dev/min-scale": "1" } }));
    await rouse.waitReady("adopted");
    const before = pidOf(await answered(rouse, hostOf("adopted"), "/counts"));
    rouse.killAgent();
    const during = await Promise.all(Array.from({ length: 10 }, () => rouse?.request(hostOf("adopted"), "/counts")));
    expect(during.map((answer) => answer?.status)).toEqual(during.map(() => 200));
    expect(pidOf(await answered(rouse, hostOf("adopted"), "/counts"))).toBe(before);
    expect(rouse.podCount()).toBe(1);
  });
});

describe("killed parents", () => {
  it.each(["supervisor", "main"] as const)("take everything with them: %s", async (which) => {
    const one = await startRouse();
    await one.apply(app("orphan", { annotations: { "autoscaling.knative.dev/min-scale": "1" } }));
    await one.waitReady("orphan");
    one.killParents(which);
    await one.waitUntilGone();
  });
});

describe("a restart on the same state", () => {
  it("has the same services, and wakes them", async () => {
    const first = await startRouse();
    await first.apply(QUICK_AUTOSCALER);
    await first.apply(app("durable"));
    await first.waitReady("durable");
    const { stateDir } = first;
    first.killParents("both");
    rouse = await startRouse({ stateDir });
    expect((await answered(rouse, hostOf("durable"))).body).toBe("hello from durable-00001");
    await waitForZero(rouse, "durable");
  });
});

describe("a restart with fewer agents", () => {
  it("answers at once, since those that are gone said goodbye to the edge", async () => {
    const stateDir = mkdtempSync(join(tmpdir(), "rouse-e2e-fewer-"));
    try {
      const first = await startRouse({ stateDir, agents: 2 });
      await first.apply(app("fewer", { annotations: { "autoscaling.knative.dev/min-scale": "4" } }));
      await first.waitReady("fewer");
      await first.waitForPodCount(4);
      const startedAtMs = performance.now();
      expect(await first.stop()).toBe(0);
      // Ctrl-C ends it in 0.2 s; a pod that is waited for in vain would take 5 s.
      expect(performance.now() - startedAtMs).toBeLessThan(3_000);

      rouse = await startRouse({ stateDir, agents: 1 });
      const { items } = (await rouse.api("/rouse/v1/agents")).body as { items: { name: string; connection: string }[] };
      const connections = Object.fromEntries(items.map(({ name, connection }) => [name, connection]));
      expect(connections).toEqual({ local: "Connected", "local-2": "Lost" });
      const statuses: number[] = [];
      for (let n = 0; n < 10; n += 1) statuses.push((await rouse.request(hostOf("fewer"), "/")).status);
      expect(statuses).toEqual(statuses.map(() => 200));
    } finally {
      await rouse?.stop();
      rouse = undefined;
      rmSync(stateDir, { recursive: true, force: true });
    }
  });
});

describe("several agents", () => {
  it("share the replicas of a service, and each request goes to one of them", async () => {
    rouse = await startRouse({ agents: 2 });
    const annotations = { "autoscaling.knative.dev/min-scale": "4" };
    await rouse.apply(app("spread", { annotations }));
    await rouse.waitReady("spread");
    const pods = await until("four pods", async () => {
      const { pods } = await dataPlane(rouse as Rouse, "spread");
      return pods.filter((pod) => pod.state === "ready").length === 4 ? pods : null;
    });
    const perAgent = new Map<string | null, number>();
    for (const pod of pods) perAgent.set(pod.agentUid, (perAgent.get(pod.agentUid) ?? 0) + 1);
    expect([...perAgent.values()]).toEqual([2, 2]);
    const pids = new Set<number>();
    for (let n = 0; n < 40; n += 1) pids.add(pidOf(await answered(rouse, hostOf("spread"), "/counts")));
    expect(pids.size).toBe(4);
  });
});
