/** The small rules that a revision is made of: placement order, back-off, leases, pace. */
import { describe, expect, it } from "vitest";
import type { AgentRef } from "../../../src/core/protocol/objects.ts";
import type { PodStatus } from "../../../src/core/protocol/pod.ts";
import { LEASE_TTL_MS, Leases, MAX_LEASED_PODS } from "../../../src/core/revision/leases.ts";
import { Pace } from "../../../src/core/revision/pace.ts";
import { agentsToAsk, REFUSAL_MEMORY_MS, unschedulableMessage } from "../../../src/core/revision/placement.ts";
import { newPod } from "../../../src/core/revision/pod-record.ts";
import { afterFailure, explain, type StartFailures } from "../../../src/core/revision/start-failures.ts";

const agent = (agentUid: string, ...drivers: string[]): AgentRef => ({ agentUid, name: `m-${agentUid}`, drivers });
const podsOn = (...agentUids: string[]) => agentUids.map((agentUid, n) => ({ ...newPod(`p${n}`, 0), agentUid }));

describe("agentsToAsk", () => {
  const agents = [agent("c", "process"), agent("a", "process", "docker"), agent("b", "docker")];

  it.each<[string, string, string[], [string, number][], string[]]>([
    ["takes all for auto, by uid when all else is equal", "auto", [], [], ["a", "b", "c"]],
    ["takes those that offer the driver", "docker", [], [], ["a", "b"]],
    ["takes none when none offers it", "podman", [], [], []],
    ["spreads: fewest pods of the revision first", "auto", ["a", "a", "b"], [], ["c", "b", "a"]],
    ["asks last who just refused, even if it is empty", "auto", ["b", "c"], [["a", 1_000]], ["b", "c", "a"]],
    ["forgets a refusal", "auto", ["b", "c"], [["a", 1_000 - REFUSAL_MEMORY_MS]], ["a", "b", "c"]],
  ])("%s", (_, driver, pods, refused, expected) => {
    expect(agentsToAsk(agents, podsOn(...pods), driver, new Map(refused), 1_000)).toEqual(expected);
  });
});

describe("unschedulableMessage", () => {
  it.each<[string, AgentRef[], [string, string][], RegExp]>([
    ["says how to start an agent when there is none", [], [], /no agent is connected; start one with `rouse agent`/],
    [
      "names the driver that nobody offers",
      [agent("a", "docker")],
      [],
      /none of 1 agent\(s\) offers the driver "process"/,
    ],
    ["names each machine with its reason", [agent("a", "process")], [["a", "full"]], /1 agent\(s\).*\(m-a: full\)/],
    ["needs no reason", [agent("a", "process")], [], /^1 agent\(s\) could not take the pod$/],
  ])("%s", (_, agents, refusals, expected) => {
    expect(unschedulableMessage(agents, "process", new Map(refusals))).toMatch(expected);
  });
});

describe("start failures", () => {
  const failed = (changes: Partial<PodStatus> = {}): PodStatus => ({
    ...{ podId: "p", revisionUid: "r", phase: "failed", startMs: 0, readyMs: 0 },
    ...changes,
  });

  it("back off from one second, doubling, to thirty", () => {
    let record: StartFailures | null = null;
    const waits = Array.from({ length: 7 }, () => {
      record = afterFailure(record, failed(), 0, 5_000);
      return (record?.retryAtMs ?? 0) - 5_000;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it("stay at thirty seconds after a thousand", () => {
    const record = { count: 1_000, retryAtMs: 0, reason: "", message: "" };
    expect(afterFailure(record, failed(), 0, 0)).toMatchObject({ count: 1_001, retryAtMs: 30_000 });
  });

  it.each<[Partial<PodStatus>, string, string]>([
    [{ reason: "ExitCode", exitCode: 3, message: "boom" }, "ExitCode3", "Container failed with: boom"],
    [{ reason: "ExitCode", exitCode: 3 }, "ExitCode3", "Container failed with: exit code 3"],
    [{ reason: "ExitCode", exitCode: 0 }, "ExitCode0", "Container failed with: container exited with no error"],
    [{ reason: "ExitCode", signal: "SIGKILL" }, "ExitCode128", "Container failed with: exit code 128"],
    [{ reason: "CommandMissing", message: "no command" }, "CommandMissing", "no command"],
    [{}, "ContainerFailed", "the pod ended without a reason"],
  ])("%j is %s", (status, reason, message) => {
    expect(explain(failed(status))).toEqual({ reason, message });
  });
});

describe("leases", () => {
  it("keep a pod until the last one has ended", () => {
    const leases = new Leases(0);
    leases.addFresh("a");
    expect(leases.expiryOf("a")).toBe(0);
    leases.grant(["a"], 1_000);
    expect(leases.grant(["a"], 3_000).expiresAtMs).toBe(3_000 + LEASE_TTL_MS);
    expect(leases.expiryOf("a")).toBe(3_000 + LEASE_TTL_MS);
  });

  it("of the life before are believed to run on for their whole time", () => {
    expect(new Leases(500).expiryOf("old")).toBe(500 + LEASE_TTL_MS);
  });

  it("name every pod of a large private service in turn", () => {
    const podIds = Array.from({ length: MAX_LEASED_PODS * 2 + 7 }, (_, n) => `p${n}`);
    const leases = new Leases(0);
    const seen = new Set<string>();
    for (let n = 0; n < 3; n += 1) {
      const slice = leases.grant(podIds, 0).podIds;
      expect(new Set(slice).size).toBe(MAX_LEASED_PODS);
      for (const podId of slice) seen.add(podId);
    }
    expect(seen.size).toBe(podIds.length);
  });
});

describe("pace", () => {
  it("has no timer until something happens, then measures each second and scales every two", () => {
    const pace = new Pace();
    expect(pace.wakeAtMs()).toBeNull();
    pace.disturb(10_000);
    expect(pace.wakeAtMs()).toBe(11_000);
    pace.measured(11_000);
    expect([pace.isScaleDue(11_999), pace.isScaleDue(12_000)]).toEqual([false, true]);
    pace.scaled(null, true, 12_000);
    expect(pace.wakeAtMs()).toBeNull();
  });

  it("is not put off by more of the same", () => {
    const pace = new Pace();
    pace.disturb(0);
    pace.disturb(900);
    expect(pace.wakeAtMs()).toBe(1_000);
  });

  it("looks again when the autoscaler asked for it, and at once when hurried", () => {
    const pace = new Pace();
    pace.disturb(0);
    pace.scaled(300, false, 0);
    expect([pace.isScaleDue(299), pace.isScaleDue(300)]).toEqual([false, true]);
    pace.hurry(100);
    expect(pace.isScaleDue(100)).toBe(true);
  });
});
