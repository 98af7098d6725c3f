import { expect, it } from "vitest";
import { newPod, type PodRecord, type PodState } from "../../../src/core/revision/pod-record.ts";
import { scaleTo } from "../../../src/core/revision/scale.ts";

const pod = (podId: string, state: PodState, changes: Partial<PodRecord> = {}): PodRecord => ({
  ...newPod(podId, 0),
  state,
  agentUid: state === "placing" ? null : "a1",
  ...changes,
});

function scaled(pods: PodRecord[], replicas: number, inFlight: Record<string, number> = {}): Record<string, string> {
  let made = 0;
  const newPodId = () => `new-${(made += 1)}`;
  const { changed, dropped } = scaleTo(pods, replicas, (id) => ({ inFlight: inFlight[id] ?? 0 }), newPodId, 1_000);
  const states = changed.map(({ podId, state }) => [podId, state]);
  return Object.fromEntries([...states, ...dropped.map((podId) => [podId, "dropped"])]);
}

it.each<[string, PodRecord[], number, Record<string, string>]>([
  ["makes pods that are missing", [pod("a", "ready")], 3, { "new-1": "placing", "new-2": "placing" }],
  ["changes nothing at the wanted number", [pod("a", "ready"), pod("b", "placing")], 2, {}],
  ["takes leaving pods back before it makes new ones", [pod("a", "leaving")], 2, { a: "ready", "new-1": "placing" }],
  ["never takes a stopping pod back", [pod("a", "stopping")], 1, { "new-1": "placing" }],
  [
    "drops a pod without a place first",
    [pod("a", "ready"), pod("b", "starting"), pod("c", "placing")],
    2,
    { c: "dropped" },
  ],
  ["then stops one that starts", [pod("a", "ready"), pod("b", "starting")], 1, { b: "stopping" }],
  ["lets a ready one leave", [pod("a", "ready")], 0, { a: "leaving" }],
  [
    "lets one that was ready once leave, since leases may be out",
    [pod("a", "starting", { readyAtMs: 5 })],
    0,
    { a: "leaving" },
  ],
  [
    "lets the youngest of equals go",
    [pod("a", "ready", { createdAtMs: 1 }), pod("b", "ready", { createdAtMs: 2 })],
    1,
    { b: "leaving" },
  ],
])("%s", (_, pods, replicas, expected) => {
  expect(scaled(pods, replicas)).toEqual(expected);
});

it("lets the least busy pod go, however old", () => {
  const pods = [pod("a", "ready", { createdAtMs: 1 }), pod("b", "ready", { createdAtMs: 2 })];
  expect(scaled(pods, 1, { b: 4, a: 1 })).toEqual({ a: "leaving" });
});
