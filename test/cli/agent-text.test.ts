import { describe, expect, it } from "vitest";
import { agentRow, describeAgent } from "../../src/cli/text/agent-text.ts";
import type { AgentView } from "../../src/core/protocol/control-plane.ts";
import type { AgentDescription, DescribedPod } from "../../src/core/protocol/objects.ts";
import type { PodStatus } from "../../src/core/protocol/pod.ts";

const nowMs = Date.parse("2026-11-23T10:05:00Z");
const agent: AgentView = {
  agentUid: "a1",
  name: "local",
  connection: "Connected",
  drivers: ["process"],
  labels: {},
  capacity: { pods: 100, cpuMillis: 2_000, memoryBytes: 4 * 2 ** 30 },
  joinedAt: "2026-11-23T10:00:00Z",
  changedAt: "2026-11-23T10:04:00Z",
};

const wanted = (podId: string, revision: string): DescribedPod => ({
  ...{ podId, revision, revisionUid: "r", namespace: "team", image: "a/b" },
  wanted: "running",
});
const reported = (podId: string, more: Partial<PodStatus> = {}): PodStatus => ({
  ...{ podId, revisionUid: "r", phase: "ready", startMs: 1, readyMs: 1 },
  ...more,
});
const known = (desired: readonly DescribedPod[], pods: readonly PodStatus[]): AgentDescription => ({
  ...{ agentUid: "a1", connection: "Connected", dataUrl: null, generation: 1 },
  desired,
  pods,
});

describe("an agent", () => {
  it("has in its row how many pods run there, of how many", () => {
    expect(agentRow(agent, 3, nowMs)).toEqual(["local", "Connected", "process", "3/100", "2", "4096Mi", "5m", "a1"]);
    expect(agentRow({ ...agent, capacity: null }, 0, nowMs)[3]).toBe("0/?");
  });

  it("shows its pods with namespace, revision and the name that kubectl has for them", () => {
    const desired = [wanted("0123456789abcdef", "hello-00001"), wanted("fedcba9876543210", "hello-00002")];
    const pods = [reported("0123456789abcdef"), reported("strangerpod", { phase: "failed", reason: "ExitCode" })];
    const lines = describeAgent(agent, known(desired, pods), nowMs).split("Pods:")[1]?.trim().split("\n");
    expect(lines?.map((row) => row.trim().split(/ {2,}/))).toEqual([
      ["NAMESPACE", "REVISION", "POD", "PHASE", "REASON"],
      ["team", "hello-00001", "hello-00001-deployment-01234567", "ready"],
      ["strangerpod", "failed", "ExitCode"],
      ["team", "hello-00002", "hello-00002-deployment-fedcba98", "ordered"],
    ]);
  });
});
