/** Things that go wrong between a revision and its agents; each scenario is the story of a fault that once was there. */
import { describe, expect, it } from "vitest";
import type { FakeAgent } from "./world.ts";
import { World } from "./world.ts";

const one = { template: { containerConcurrency: 1 }, scaling: { totalValue: 1, targetValue: 0.7, maxScale: 1 } };

function agentOf(world: World, index = 0): FakeAgent {
  const agent = world.agents[index];
  if (agent === undefined) throw new Error(`no agent ${index}`);
  return agent;
}

function podIdOf(world: World): string {
  return world.machine.describe().pods[0]?.podId ?? "";
}

describe("an Agent object that does not answer", () => {
  it("is called again after half a second, not in a loop", () => {
    const world = new World();
    agentOf(world).isDeaf = true;
    world.order();
    expect(agentOf(world).calls).toBe(1);
    world.advance(10_000);
    expect(agentOf(world).calls).toBeLessThanOrEqual(21);
    agentOf(world).isDeaf = false;
    world.advance(600);
    expect(world.machine.describe().actualScale).toBe(1);
  });

  it("does not keep its pod from another agent", () => {
    const world = new World(2);
    agentOf(world).isDeaf = true;
    world.order();
    world.advance(60);
    expect(agentOf(world, 1).pods.size).toBe(1);
    expect(world.machine.describe().actualScale).toBe(1);
  });

  it("is told to drop a pod that was given up meanwhile, also when no pod is left", () => {
    const world = new World().order();
    const agent = agentOf(world);
    world.advance(1_000);
    agent.isDeaf = true;
    world.crash(agent, podIdOf(world));
    world.machine.destroy(world.nowMs);
    world.perform();
    expect(world.machine.describe()).toMatchObject({ pods: [], hasTimer: true });
    expect(world.isFinished).toBe(false);
    agent.isDeaf = false;
    world.advance(600);
    expect(world.isFinished).toBe(true);
  });
});

it("stops a pod that an agent runs and that the revision gave up before a reset", () => {
  const world = new World();
  world.callDelayMs = 10;
  world.order({ scaling: { minScale: 1 } });
  // The assignment is on its way; the revision changes its mind and forgets, before it can say so.
  world.order({ scaling: { minScale: 0, initialScale: 0 }, sequence: 2 });
  world.machine.destroy(world.nowMs);
  world.perform();
  world.reset();
  world.advance(1_000);
  expect(world.running).toBe(0);
});

describe("an agent that restarts and probes its pods again", () => {
  const quick = { stableWindowMs: 6_000, panicWindowMs: 1_000, scaleToZeroGracePeriodMs: 1 };

  function restarted(): World {
    const world = new World().order({ scaling: quick });
    world.advance(5_500);
    return world;
  }

  function isStarting(world: World, isIt: boolean): void {
    for (const pod of agentOf(world).pods.values()) {
      pod.status = { ...pod.status, phase: isIt ? "starting" : "ready" };
      pod.readyAtMs = Number.POSITIVE_INFINITY;
    }
    world.report(agentOf(world));
  }

  it("does not make the revision forget the leases that are out", () => {
    const world = restarted();
    const expiresAtMs = world.machine.renewLease(world.nowMs)?.expiresAtMs ?? 0;
    isStarting(world, true);
    isStarting(world, false);
    while (world.nowMs < expiresAtMs - 1) {
      expect(["ready", "leaving"]).toContain(world.machine.describe().pods[0]?.state);
      world.advance(Math.min(250, expiresAtMs - 1 - world.nowMs));
    }
    world.advance(120_000);
    expect(world.running).toBe(0);
  });
});

it("replaces a pod that drains though nobody asked it to: it takes nothing any more", () => {
  const world = new World().order({ scaling: { minScale: 1 } });
  world.advance(1_000);
  const before = podIdOf(world);
  for (const pod of agentOf(world).pods.values()) pod.status = { ...pod.status, phase: "draining" };
  world.report(agentOf(world));
  world.advance(100);
  const ready = world.machine.describe().pods.filter((pod) => pod.state === "ready");
  expect(ready.map((pod) => pod.podId)).not.toContain(before);
  expect(ready).toHaveLength(1);
});

it("keeps waiting for a slow start although another pod found no place", () => {
  const world = new World().order({ template: one.template, scaling: { initialScale: 0 } });
  world.advance(200_000);
  const agent = agentOf(world);
  agent.startMs = 20_000;
  const request = world.request();
  expect(world.running).toBe(1);
  agent.refuses = "it runs 1 of at most 1 pods";
  world.order({ template: one.template, scaling: { minScale: 2 }, sequence: 2 });
  world.advance(18_000);
  expect(world.machine.describe().pods.map((pod) => pod.state)).toContain("placing");
  expect(world.answerTo(request)).toBeUndefined();
  expect(world.observation?.failure).toBeNull();
  world.advance(2_100);
  expect(world.answerTo(request)).toMatchObject({ kind: "ticket" });
});

describe("open sockets", () => {
  function withSocket(): { world: World; request: string } {
    const world = new World().order({ ...one, scaling: { ...one.scaling, maxScale: 3 } });
    world.advance(1_000);
    const request = world.request();
    const pod = agentOf(world).pods.values().next().value;
    const answer = world.answerTo(request);
    if (pod === undefined || answer?.kind !== "ticket") throw new Error("a ticket was expected");
    pod.sockets = [request];
    world.machine.upgraded(answer.ticketId, world.nowMs);
    world.perform();
    return { world, request };
  }

  it("count as load, so that the revision does not scale down under them", () => {
    const { world } = withSocket();
    world.advance(300_000);
    // One request at a target of 0.7 per pod: two pods.
    expect(world.machine.describe()).toMatchObject({ actualScale: 2, desiredScale: 2 });
  });

  it("leave room for the next request: a pod is made for it", () => {
    const { world } = withSocket();
    world.advance(120_000);
    const next = world.request();
    world.advance(3_000);
    expect(world.answerTo(next)).toMatchObject({ kind: "ticket" });
  });

  it("count as load also after a reset of the object", () => {
    const { world } = withSocket();
    world.advance(5_000);
    world.reset();
    world.advance(300_000);
    expect(world.machine.describe().desiredScale).toBeGreaterThanOrEqual(1);
    for (const pod of agentOf(world).pods.values()) pod.sockets = [];
    world.advance(300_000);
    expect(world.running).toBe(0);
  });
});
