/** Processes are killed for real, in the middle of everything. */
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
