/** Origin agents as text. */
import type { AgentView } from "../../core/protocol/control-plane.ts";
import type { AgentDescription } from "../../core/protocol/objects.ts";
import { podName } from "../../core/view/revision-facts.ts";
import { age } from "./age.ts";
import { attributes, type Paint, section, table } from "./table.ts";

export const AGENT_COLUMNS = ["NAME", "CONNECTION", "DRIVERS", "PODS", "CPU", "MEMORY", "AGE", "UID"];

/** @param podCount pods that run there now */
export function agentRow(agent: AgentView, podCount: number, nowMs: number): string[] {
  const { capacity } = agent;
  return [
    agent.name,
    agent.connection,
    agent.drivers.join(","),
    `${podCount}/${capacity?.pods ?? "?"}`,
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
    section("Pods", podTable(known)),
  ].join("");
}

/** By the names that kubectl shows; a pod that nobody wants any more has only its id. */
function podTable({ desired, pods }: AgentDescription): string {
  const wanted = new Map(desired.map((pod) => [pod.podId, pod]));
  const reported = new Set(pods.map(({ podId }) => podId));
  const ordered = desired.filter(({ podId }) => !reported.has(podId)).map(({ podId }) => ({ podId, phase: "ordered" }));
  const rows = [...pods, ...ordered].map(({ podId, phase, reason = "" }: PodRow) => {
    const { namespace = "", revision } = wanted.get(podId) ?? {};
    return [namespace, revision ?? "", revision === undefined ? podId : podName(revision, podId), phase, reason];
  });
  return rows.length === 0 ? "" : table([["NAMESPACE", "REVISION", "POD", "PHASE", "REASON"], ...rows]);
}

type PodRow = { readonly podId: string; readonly phase: string; readonly reason?: string };

function cpuText(millis: number): string {
  return String(millis / 1_000);
}

function memoryText(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}Mi`;
}
