import { describe, expect, it } from "vitest";
import { nodeNames, nodeViews } from "../../../src/core/view/node.ts";
import { agentView } from "./facts.ts";

describe("a node", () => {
  it("is an agent with its capacity as quantities", () => {
    const [node] = nodeViews([agentView({ capacity: { pods: 20, cpuMillis: 1_500, memoryBytes: 8 * 2 ** 30 } })]);
    expect(node).toMatchObject({
      kind: "Node",
      metadata: { name: "box", uid: "agent-uid-1", labels: { "kubernetes.io/hostname": "box", zone: "a" } },
      status: { capacity: { cpu: "1500m", memory: "8388608Ki", pods: "20" }, allocatable: { pods: "20" } },
    });
  });

  it("tells of the machine what its agent told, and nothing of an agent of the version before", () => {
    const system = { operatingSystem: "linux", architecture: "arm64", kernelVersion: "6.1.0", osImage: "Debian 12" };
    const [node] = nodeViews([agentView({ system: { ...system, machineId: "0f3c" } })]);
    expect(node?.metadata.labels).toMatchObject({ "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64" });
    expect(node?.status).toMatchObject({ nodeInfo: { ...system, machineID: "0f3c", kubeletVersion: "rouse-agent" } });
    const [older] = nodeViews([agentView()]);
    expect(older?.status).toMatchObject({
      nodeInfo: { kubeletVersion: "rouse-agent", containerRuntimeVersion: "process,docker" },
    });
    expect(older?.metadata.labels).not.toHaveProperty("kubernetes.io/os");
  });

  it.each([
    ["Connected", "True", "AgentConnected"],
    ["Disconnected", "Unknown", "AgentDisconnected"],
    ["Lost", "False", "AgentLost"],
    ["NeverSeen", "Unknown", "AgentNeverSeen"],
  ] as const)("whose agent is %s is Ready %s", (connection, status, reason) => {
    const [node] = nodeViews([agentView({ connection })]);
    expect(node?.status).toMatchObject({ conditions: [{ type: "Ready", status, reason }] });
  });
});

describe("names of nodes", () => {
  const named = (...names: string[]) => [
    ...nodeNames(names.map((name, i) => agentView({ name, agentUid: `${i}f3c9d2e-77` }))).values(),
  ];

  it("are made fit for Kubernetes", () => {
    expect(named("Ada's Laptop", "rack-1.example.com", "..a..-b-.")).toEqual([
      "ada-s-laptop",
      "rack-1.example.com",
      "a.b",
    ]);
  });

  it("are told apart by the uid where two machines have the same, or none that is left", () => {
    expect(named("box", "box", "***")).toEqual(["box", "box-1f3c9d2e", "agent-2f3c9d2e"]);
  });
});
