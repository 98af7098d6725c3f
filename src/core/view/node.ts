/** An agent as a Node of the core group. */
import type { AgentView } from "../protocol/control-plane.ts";
import type { AgentCapacity, AgentConnection, AgentSystem } from "../protocol/objects.ts";
import { type ViewObject, versioned } from "./view-object.ts";

/** Agents as Nodes, in their order. */
export function nodeViews(agents: readonly AgentView[]): ViewObject[] {
  const names = nodeNames(agents);
  return agents.map((agent) => nodeView(agent, names.get(agent.agentUid) ?? agent.agentUid));
}

/**
 * Agent uid → name of its Node. Agents are named by people, so a name may be no name of Kubernetes, or that of two
 * machines: the first in the list keeps it, others get the start of their uid behind it.
 */
export function nodeNames(agents: readonly AgentView[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { agentUid, name } of agents) {
    const plain = toObjectName(name);
    const own = plain === "" || taken.has(plain) ? `${plain || "agent"}-${toObjectName(agentUid).slice(0, 8)}` : plain;
    taken.add(own);
    names.set(agentUid, own);
  }
  return names;
}

function toObjectName(text: string): string {
  const labels = text
    .toLowerCase()
    .split(".")
    .map((label) => label.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, ""));
  return labels.filter((label) => label !== "").join(".");
}

function nodeView(agent: AgentView, name: string): ViewObject {
  const { drivers, labels, joinedAt, capacity, system } = agent;
  const resources = capacity === null ? {} : quantities(capacity);
  return versioned({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      uid: agent.agentUid,
      creationTimestamp: joinedAt,
      labels: { "kubernetes.io/hostname": name, ...systemLabels(system), ...labels },
      annotations: { "rouse.dev/agent": agent.name, "rouse.dev/drivers": drivers.join(",") },
    },
    spec: {},
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [{ type: "Hostname", address: name }],
      conditions: [readyCondition(agent)],
      nodeInfo: { kubeletVersion: "rouse-agent", containerRuntimeVersion: drivers.join(","), ...nodeInfo(system) },
    },
  });
}

/** By which people select nodes elsewhere. */
function systemLabels(system: AgentSystem | undefined) {
  if (system === undefined) return {};
  return { "kubernetes.io/os": system.operatingSystem, "kubernetes.io/arch": system.architecture };
}

function nodeInfo(system: AgentSystem | undefined) {
  if (system === undefined) return {};
  const { machineId: machineID, ...rest } = system;
  return { machineID, ...rest };
}

const READY: Readonly<Record<AgentConnection | "NeverSeen", { status: string; reason: string; message: string }>> = {
  Connected: { status: "True", reason: "AgentConnected", message: "the agent is connected" },
  Disconnected: {
    status: "Unknown",
    reason: "AgentDisconnected",
    message: "the agent's connection dropped; its pods stay in rotation until it counts as lost",
  },
  Lost: { status: "False", reason: "AgentLost", message: "the agent stayed away; its pods are replaced elsewhere" },
  NeverSeen: { status: "Unknown", reason: "AgentNeverSeen", message: "the agent joined and has not connected yet" },
};

function readyCondition({ connection, changedAt }: AgentView) {
  return { type: "Ready", ...READY[connection], lastHeartbeatTime: changedAt, lastTransitionTime: changedAt };
}

function quantities({ pods, cpuMillis, memoryBytes }: AgentCapacity) {
  return {
    cpu: cpuMillis % 1_000 === 0 ? String(cpuMillis / 1_000) : `${cpuMillis}m`,
    memory: `${Math.floor(memoryBytes / 1_024)}Ki`,
    pods: String(pods),
  };
}
