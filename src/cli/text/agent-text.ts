/** Origin agents as text. */
import type { AgentView } from "../../core/protocol/control-plane.ts";
import type { AgentDescription } from "../../core/protocol/objects.ts";
import { age } from "./age.ts";
import { attributes, type Paint, section, table } from "./table.ts";

export const AGENT_COLUMNS = ["NAME", "CONNECTION", "DRIVERS", "PODS", "CPU", "MEMORY", "AGE", "UID"];

export function agentRow(agent: AgentView, nowMs: number): string[] {
  const { capacity } = agent;
  return [
    agent.name,
    agent.connection,
    agent.drivers.join(","),
    capacity === null ? "" : `max ${capacity.pods}`,
    capacity === null ? "" : cpuText(capacity.cpuMillis),
    capacity === null ? "" : memoryText(capacity.memoryBytes),
    age(agent.joinedAt, nowMs),
    agent.agentUid,
  ];
}

export function describeAgent(agent: AgentView, known: AgentDescription, nowMs: number, paint?: Paint): string {
  const { capacity } = agent;
  const labels = Object.entries(agent.labels).map(([key, value]) => `${key}=${value}`);
  return [
    attributes(
      [
        ["Name", agent.name],
        ["UID", agent.agentUid],
        ["Connection", agent.connection],
        ["Since", age(agent.changedAt, nowMs)],
        ["Joined", agent.joinedAt],
        ["Drivers", agent.drivers.join(", ")],
        ["Labels", labels.join(", ")],
        ["Data plane", known.dataUrl ?? undefined],
        [
          "Capacity",
          capacity === null
            ? undefined
            : `${capacity.pods} pods, ${cpuText(capacity.cpuMillis)} CPUs, ${memoryText(capacity.memoryBytes)}`,
        ],
      ],
      paint,
    ),
    section("Pods", table(known.pods.map(({ podId, phase, reason }) => [podId, phase, reason ?? ""]))),
  ].join("");
}

function cpuText(millis: number): string {
  return String(millis / 1_000);
}

function memoryText(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}Mi`;
}
