import { expect, it } from "vitest";
import { Deployment, type PodUse } from "../../../src/core/revision/deployment.ts";
import { newPod, type PodRecord } from "../../../src/core/revision/pod-record.ts";

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
