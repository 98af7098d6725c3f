import { describe, expect, it } from "vitest";
import { scaling, World } from "./world.ts";

/** A revision that reached its initial scale and went back to zero. */
function asleep(changes: Parameters<World["order"]>[0] = {}, agents = 1): World {
  const world = new World(agents).order(changes);
  world.advance(200_000);
  expect(world.machine.describe().actualScale).toBe(0);
  expect(world.running).toBe(0);
  return world;
}

describe("a new revision", () => {
  it("starts its initial scale and reports it initialized once the pod is ready", () => {
    const world = new World().order();
    expect(world.observation?.isInitialized).toBe(false);
    world.advance(49);
    expect(world.observation?.isInitialized).toBe(false);
    world.advance(2_100);
    expect(world.observation).toMatchObject({ isInitialized: true, actualScale: 1, desiredScale: 1, failure: null });
  });

  it("goes to zero when nobody calls, and then has no timer", () => {
    const world = asleep();
    expect(world.machine.describe()).toMatchObject({ desiredScale: 0, hasTimer: false, mode: "Proxy" });
    expect(world.observation).toMatchObject({ isInitialized: true, desiredScale: 0, actualScale: 0 });
    expect(world.observation?.active).toMatchObject({ status: "False", reason: "NoTraffic" });
  });

  it("stays failed with the pod's reason when its first start exits", () => {
    const world = new World();
    const [agent] = world.agents;
    if (agent !== undefined) agent.crashCode = 3;
    world.order();
    world.advance(60);
    expect(world.observation?.failure).toEqual({
      condition: "ContainerHealthy",
      reason: "ExitCode3",
      message: "Container failed with: boom",
    });
    expect(world.observation?.isInitialized).toBe(false);
  });

  it("recovers by itself when a later start works", () => {
    const world = new World();
    const [agent] = world.agents;
    if (agent !== undefined) agent.crashCode = 3;
    world.order();
    world.advance(500);
    if (agent !== undefined) agent.crashCode = null;
    world.advance(3_000);
    expect(world.observation).toMatchObject({ failure: null, isInitialized: true, actualScale: 1 });
  });
});

describe("a cold start", () => {
  it("scales from zero in the same turn as the request and answers it when the pod is ready", () => {
    const world = asleep();
    const request = world.request();
    expect(world.running).toBe(1);
    expect(world.answerTo(request)).toBeUndefined();
    world.advance(50);
    const answer = world.answerTo(request);
    expect(answer).toMatchObject({
      kind: "lease",
      timing: { cold: true, heldMs: 50, startMs: 5, readyMs: 45 },
    });
  });

  it("answers held requests in order of arrival, one slot each", () => {
    const world = asleep({
      template: { containerConcurrency: 1 },
      scaling: { totalValue: 1, targetValue: 0.7, maxScale: 1 },
    });
    const requests = [world.request(), world.request(), world.request()];
    world.advance(50);
    expect(world.answers.map((answer) => answer.requestId)).toEqual([requests[0]]);
    world.release(requests[0] ?? "");
    expect(world.answers.map((answer) => answer.requestId)).toEqual(requests.slice(0, 2));
    world.release(requests[1] ?? "");
    expect(world.answers.map((answer) => answer.requestId)).toEqual(requests);
  });

  it("never grants more tickets of a pod than its concurrency limit", () => {
    const world = asleep({
      template: { containerConcurrency: 10 },
      scaling: { totalValue: 10, targetValue: 7, maxScale: 3 },
    });
    for (let n = 0; n < 100; n += 1) world.request();
    world.advance(5_000);
    const pods = world.machine.describe().pods;
    expect(pods).toHaveLength(3);
    expect(pods.map((pod) => pod.ticketed)).toEqual([10, 10, 10]);
    expect(world.machine.describe()).toMatchObject({ held: 70, tickets: 30 });
  });

  it("frees the place of a client that goes away", () => {
    const world = asleep();
    const request = world.request();
    world.machine.cancel(request, world.nowMs);
    world.advance(100);
    expect(world.machine.describe().held).toBe(0);
    expect(world.answerTo(request)).toBeUndefined();
  });

  it("refuses every waiter with the exit code as soon as the start failed", () => {
    const world = asleep();
    const [agent] = world.agents;
    if (agent !== undefined) agent.crashCode = 1;
    const request = world.request();
    world.advance(51);
    expect(world.answerTo(request)).toMatchObject({
      kind: "refused",
      code: "START_FAILED",
      message: "default/hello-00001 did not start. Container failed with: boom",
    });
  });

  it("answers at once with the last reason while a failed start backs off, then tries again", () => {
    const world = asleep();
    const [agent] = world.agents;
    if (agent !== undefined) agent.crashCode = 1;
    world.request();
    world.advance(60);
    const second = world.request();
    expect(world.answerTo(second)).toMatchObject({ kind: "refused", code: "START_FAILED", retryAfterSec: 1 });
    if (agent !== undefined) agent.crashCode = null;
    world.advance(1_000);
    const third = world.request();
    world.advance(60);
    expect(world.answerTo(third)).toMatchObject({ kind: "lease" });
  });

  it("replaces a pod that crashes right after it was ready at once, and keeps the waiters", () => {
    const limited = {
      template: { containerConcurrency: 1 },
      scaling: { totalValue: 1, targetValue: 0.7, maxScale: 1 },
    };
    const world = asleep(limited);
    world.request();
    const second = world.request();
    world.advance(60);
    const [agent] = world.agents;
    const [podId] = agent?.pods.keys() ?? [];
    if (agent === undefined || podId === undefined) throw new Error("a pod runs");
    world.crash(agent, podId);
    world.advance(60);
    expect(world.answerTo(second)).toMatchObject({ kind: "ticket" });
  });

  it("refuses a waiter after fifteen seconds without an agent that takes the pod, and recovers when one does", () => {
    const world = asleep();
    const [agent] = world.agents;
    if (agent !== undefined) agent.refuses = "it runs 10 of at most 10 pods";
    const request = world.request();
    world.advance(14_900);
    expect(world.answerTo(request)).toBeUndefined();
    world.advance(1_200);
    expect(world.answerTo(request)).toMatchObject({ kind: "refused", code: "UNSCHEDULABLE" });
    expect(world.observation?.failure).toMatchObject({ condition: "ResourcesAvailable", reason: "Unschedulable" });
    if (agent !== undefined) agent.refuses = null;
    const later = world.request();
    world.advance(2_000);
    expect(world.answerTo(later)).toMatchObject({ kind: "lease" });
    expect(world.observation?.failure).toBeNull();
  });

  it("asks the next agent when one refuses", () => {
    const world = asleep({}, 2);
    const [first] = world.agents;
    if (first !== undefined) first.refuses = "full";
    const request = world.request();
    world.advance(60);
    expect(world.answerTo(request)).toMatchObject({ kind: "lease" });
    expect(world.machine.describe().pods[0]?.agentUid).toBe("a2");
  });
});

describe("scaling down", () => {
  const quick = { scaling: { stableWindowMs: 6_000, panicWindowMs: 1_000, scaleToZeroGracePeriodMs: 1 } };

  /** One request, and a lease that an isolate renewed five seconds later, so that it outlasts the stable window. */
  function leaving(): { world: World; leaseEndsMs: number } {
    const world = asleep(quick);
    world.request();
    world.advance(5_000);
    const leaseEndsMs = world.machine.renewLease(world.nowMs)?.expiresAtMs ?? 0;
    world.advance(7_000);
    expect(world.machine.describe().pods.map((pod) => pod.state)).toEqual(["leaving"]);
    return { world, leaseEndsMs };
  }

  it("tells the agent to stop a pod only after the last lease on it has expired", () => {
    const { world, leaseEndsMs } = leaving();
    world.advance(leaseEndsMs - 1 - world.nowMs);
    expect(world.machine.describe().pods.map((pod) => pod.state)).toEqual(["leaving"]);
    world.advance(1);
    expect(world.machine.describe().pods.map((pod) => pod.state)).toEqual(["stopping"]);
    world.advance(100);
    expect(world.running).toBe(0);
  });

  it("takes a leaving pod back when a request comes before it was told to stop", () => {
    const { world } = leaving();
    const request = world.request();
    expect(world.answerTo(request)).toMatchObject({ kind: "lease", timing: { heldMs: 0 } });
    world.advance(5_000);
    expect(world.running).toBe(1);
  });

  it("does not stop a pod while a ticket is out on it", () => {
    const limited = {
      template: { containerConcurrency: 1 },
      scaling: {
        totalValue: 1,
        targetValue: 0.7,
        stableWindowMs: 6_000,
        panicWindowMs: 1_000,
        scaleToZeroGracePeriodMs: 1,
      },
    };
    const world = asleep(limited);
    const request = world.request();
    world.advance(60);
    const podId = world.machine.describe().pods[0]?.podId;
    // The queue-proxy says nothing of this request (a lost report): the ledger alone must keep the pod.
    world.advance(10_000);
    expect(world.machine.describe().pods.some((pod) => pod.podId === podId && pod.state !== "stopping")).toBe(true);
    world.release(request);
    world.advance(60_000);
    expect(world.running).toBe(0);
  });

  it("keeps a pod that has requests in flight", () => {
    const world = asleep({ scaling: { stableWindowMs: 6_000, panicWindowMs: 1_000 } });
    world.request();
    world.advance(60);
    for (const pod of world.agents[0]?.pods.values() ?? []) pod.inFlight = 1;
    world.advance(600_000);
    expect(world.machine.describe().pods.map((pod) => pod.state)).toEqual(["ready"]);
    for (const pod of world.agents[0]?.pods.values() ?? []) pod.inFlight = 0;
    world.advance(120_000);
    expect(world.running).toBe(0);
  });
});

describe("a reset of the object", () => {
  it("keeps the pods and takes waiters again in order of their first arrival", () => {
    const world = asleep({
      template: { containerConcurrency: 1 },
      scaling: { totalValue: 1, targetValue: 0.7, maxScale: 1 },
    });
    const firstAtMs = world.nowMs;
    world.request({ requestId: "first" });
    world.request({ requestId: "second" });
    world.advance(20);
    world.reset();
    // They ask again, in the other order.
    world.request({ requestId: "second", arrivedAtMs: firstAtMs + 1, attempt: 1 });
    world.request({ requestId: "first", arrivedAtMs: firstAtMs, attempt: 1 });
    world.advance(2_000);
    expect(world.answers.map((answer) => answer.requestId)).toEqual(["first"]);
    expect(world.running).toBe(1);
  });

  it("takes a pod that it did not see start as full until the queue-proxy has counted", () => {
    const world = asleep({
      template: { containerConcurrency: 1 },
      scaling: { totalValue: 1, targetValue: 0.7, maxScale: 1 },
    });
    world.request();
    world.advance(60);
    world.reset();
    const request = world.request();
    expect(world.answerTo(request)).toBeUndefined();
    world.advance(2_100);
    expect(world.answerTo(request)).toMatchObject({ kind: "ticket" });
  });
});

describe("agents", () => {
  it("replaces the pods of an agent that is lost", () => {
    const world = new World(2).order({ scaling: { minScale: 1 } });
    world.advance(1_000);
    const [lost, other] = world.agents;
    if (lost === undefined || other === undefined) throw new Error("two agents");
    expect([lost.pods.size, other.pods.size]).toEqual([1, 0]);
    lost.pods.clear();
    lost.refuses = "its agent is not connected";
    world.report(lost, "Lost");
    world.advance(3_000);
    expect([lost.pods.size, other.pods.size]).toEqual([0, 1]);
    expect(world.machine.describe().actualScale).toBe(1);
  });

  it("keeps the pods of an agent that is only disconnected in rotation", () => {
    const world = new World().order({ scaling: { minScale: 1 } });
    world.advance(1_000);
    const [agent] = world.agents;
    if (agent === undefined) throw new Error("one agent");
    world.report(agent, "Disconnected");
    expect(world.answerTo(world.request())).toMatchObject({ kind: "lease" });
  });

  it("drops a report that is older than what it knows", () => {
    const world = new World().order({ scaling: { minScale: 1 } });
    world.advance(1_000);
    const [agent] = world.agents;
    if (agent === undefined) throw new Error("one agent");
    agent.sequence = 0;
    world.report(agent, "Lost");
    expect(world.machine.describe().actualScale).toBe(1);
  });
});

describe("destroy", () => {
  it("refuses waiters, stops all pods and is finished when the last one is gone", () => {
    const world = asleep();
    const request = world.request();
    world.machine.destroy(world.nowMs);
    world.perform();
    expect(world.answerTo(request)).toMatchObject({ kind: "refused", code: "REVISION_GONE" });
    expect(world.isFinished).toBe(false);
    world.advance(1_000);
    expect(world.isFinished).toBe(true);
    expect(world.running).toBe(0);
  });
});

it("keeps min-scale pods without a timer once nothing changes any more", () => {
  const world = new World().order({ scaling: { ...scaling, minScale: 2, initialScale: 2 } });
  world.advance(300_000);
  expect(world.machine.describe()).toMatchObject({ actualScale: 2, desiredScale: 2, hasTimer: false });
});

it("numbers what it says to the control plane above all that a life without a record said", () => {
  const lost = new World().order();
  lost.advance(10_000);
  const next = new World();
  next.nowMs = lost.nowMs + 1;
  next.order();
  expect(next.observation?.sequence).toBeGreaterThan(lost.observation?.sequence ?? Number.POSITIVE_INFINITY);
});
