import { expect, it } from "vitest";
import type { PodStatus } from "../../../src/core/protocol/pod.ts";
import { Deployment, type PodUse } from "../../../src/core/revision/deployment.ts";
import { unreadyOf } from "../../../src/core/revision/observation.ts";
import { newPod, type PodRecord } from "../../../src/core/revision/pod-record.ts";

const unreadyIn = (deployment: Deployment) =>
  unreadyOf(deployment.ready().length, deployment.replicas()).unready ?? null;

const idle: PodUse = { grantsEndMs: () => 0, outstanding: () => 0, inFlight: () => 0 };

/** A deployment that failed to start a pod and may not try again before t = 5 s. */
function backingOff(...pods: PodRecord[]): Deployment {
  const failures = { count: 3, retryAtMs: 5_000, reason: "ExitCode1", message: "boom" };
  const snapshot = { pods, assignSequence: 0, agents: [], contacts: [], failures };
  return new Deployment(snapshot, () => "new");
}

const states = (deployment: Deployment) => deployment.describe(idle).map(({ podId, state }) => [podId, state]);

it("makes no pod while it backs off, and does afterwards", () => {
  const deployment = backingOff();
  deployment.scaleTo(1, idle, 4_999);
  expect(states(deployment)).toEqual([]);
  expect(deployment.wakeAtMs(1, idle)).toBe(5_000);
  deployment.scaleTo(1, idle, 5_000);
  expect(states(deployment)).toEqual([["new", "placing"]]);
});

it("takes a leaving pod back also while it backs off, since that one is warm", () => {
  const deployment = backingOff({ ...newPod("warm", 0), state: "leaving", agentUid: "a1", readyAtMs: 1 });
  deployment.scaleTo(2, idle, 1_000);
  expect(states(deployment)).toEqual([["warm", "ready"]]);
});

it("lets pods go while it backs off", () => {
  const deployment = backingOff({ ...newPod("a", 0), state: "ready", agentUid: "a1", readyAtMs: 1 });
  deployment.scaleTo(0, idle, 1_000);
  expect(states(deployment)).toEqual([["a", "leaving"]]);
});

it("forgets what failed before a pod that worked until it was not needed", () => {
  const deployment = backingOff({ ...newPod("a", 0), state: "ready", agentUid: "a1", readyAtMs: 1 });
  deployment.scaleTo(0, idle, 1_000);
  expect(deployment.failures).toBeNull();
});

it("remembers what failed when it gives up a pod that never became ready", () => {
  const deployment = backingOff({ ...newPod("a", 0), state: "starting", agentUid: "a1" });
  deployment.scaleTo(0, idle, 1_000);
  expect(deployment.failures).toMatchObject({ reason: "ExitCode1" });
});

it("knows why a pod is not ready yet, as its agent says it, until one is ready", () => {
  const pods = ["a", "b"].map((podId) => ({ ...newPod(podId, 0), state: "starting" as const, agentUid: "a1" }));
  const deployment = backingOff(...pods);
  const report = (podId: string, sequence: number, status: Partial<PodStatus>) => {
    const pod = { podId, revisionUid: "r", phase: "starting", startMs: 1, readyMs: 0, ...status } as const;
    const contact = { connection: "Connected", dataUrl: "http://127.0.0.1:1", keyEpoch: 0 } as const;
    deployment.podsReported({ agentUid: "a1", sequence, ...contact, pods: [pod] }, 1_000);
  };
  expect(unreadyIn(deployment)).toBeNull();
  report("b", 1, { message: "nothing listens" });
  expect(unreadyIn(deployment)).toBe("nothing listens");
  expect(unreadyIn(new Deployment(deployment.snapshot(), () => "new"))).toBe("nothing listens");
  report("a", 2, { phase: "ready", readyMs: 5 });
  expect(unreadyIn(deployment)).toBeNull();
  report("b", 3, { phase: "ready", readyMs: 5 });
  expect(deployment.get("b")?.unready).toBeNull();
});
