import { describe, expect, it } from "vitest";
import { admitPods, type Machine } from "../../../src/core/agent/capacity.ts";
import type { DesiredPod } from "../../../src/core/protocol/pod.ts";
import { template } from "../revision/world.ts";

const machine = (changes: Partial<Machine> = {}): Machine => ({
  connection: "Connected",
  drivers: ["process"],
  capacity: { pods: 3, cpuMillis: 1_000, memoryBytes: 1e9 },
  ...changes,
});

const pod = (podId: string, driver = "process", wanted: DesiredPod["wanted"] = "running"): DesiredPod => ({
  ...{ podId, revisionUid: "rev-1", wanted, drainLimitMs: null },
  template: { ...template, driver },
});

function admit(on: Machine, pods: DesiredPod[], before: string[] = [], others = 0): Record<string, string> {
  const { accepted, refused } = admitPods(on, pods, new Set(before), others);
  const taken = accepted.map(({ podId }) => [podId, "taken"]);
  return Object.fromEntries([...taken, ...refused.map(({ podId, reason }) => [podId, reason])]);
}

describe("admitPods", () => {
  it.each<[string, Machine, DesiredPod[], string[], number, Record<string, string>]>([
    ["takes what fits", machine(), [pod("a"), pod("b")], [], 1, { a: "taken", b: "taken" }],
    [
      "refuses what is beyond the machine, counting other revisions",
      machine(),
      [pod("a"), pod("b")],
      [],
      2,
      { a: "taken", b: "it runs 3 of at most 3 pods" },
    ],
    [
      "never refuses what it took, and counts it once wherever it stands in the list",
      machine(),
      [pod("new"), pod("old")],
      ["old"],
      2,
      { new: "it runs 3 of at most 3 pods", old: "taken" },
    ],
    ["takes a pod that it gave up for its successor", machine(), [pod("new")], ["old"], 2, { new: "taken" }],
    [
      "refuses a driver that it does not offer",
      machine(),
      [pod("a", "docker")],
      [],
      0,
      { a: 'it does not offer the driver "docker"' },
    ],
    ["takes any driver for auto", machine(), [pod("a", "auto")], [], 0, { a: "taken" }],
    [
      "cannot take auto without a driver",
      machine({ drivers: [] }),
      [pod("a", "auto")],
      [],
      0,
      { a: "it offers no driver" },
    ],
    [
      "keeps what it took over a change of drivers and a lost link",
      machine({ drivers: [], connection: "Lost" }),
      [pod("a")],
      ["a"],
      9,
      { a: "taken" },
    ],
    [
      "never refuses a pod that retires: its end must be reported",
      machine({ connection: "Disconnected" }),
      [pod("a", "process", "retiring")],
      [],
      9,
      { a: "taken" },
    ],
  ])("%s", (_, on, pods, before, others, expected) => {
    expect(admit(on, pods, before, others)).toEqual(expected);
  });

  it.each(["Disconnected", "Lost", "NeverSeen"] as const)("takes nothing new while its agent is %s", (connection) => {
    expect(admit(machine({ connection }), [pod("a")])).toEqual({ a: "its agent is not connected" });
  });
});
