/**
 * Which agent runs a new pod. Agents accept or refuse for themselves (their machine's capacity); this only chooses the
 * order in which they are asked: agents that offer the driver, the one with the fewest pods of this revision first, so
 * that replicas spread; a machine that just refused or lost a pod of this revision comes last.
 */
import type { AgentRef } from "../protocol/objects.ts";
import type { PodRecord } from "./pod-record.ts";

/** How long an agent that refused is asked last. */
export const REFUSAL_MEMORY_MS = 2_000;

/**
 * @param driver  the template's driver; "auto" accepts any
 * @param refusedAtMs  when each agent last refused a pod of this revision
 * @returns uids in the order in which to ask; empty when no agent offers the driver
 */
export function agentsToAsk(
  agents: readonly AgentRef[],
  pods: readonly PodRecord[],
  driver: string,
  refusedAtMs: ReadonlyMap<string, number>,
  nowMs: number,
): string[] {
  const load = new Map<string, number>();
  for (const pod of pods) if (pod.agentUid !== null) load.set(pod.agentUid, (load.get(pod.agentUid) ?? 0) + 1);
  const hasRefused = (uid: string) => nowMs < (refusedAtMs.get(uid) ?? Number.NEGATIVE_INFINITY) + REFUSAL_MEMORY_MS;
  return agents
    .filter((agent) => driver === "auto" || agent.drivers.includes(driver))
    .map((agent) => agent.agentUid)
    .sort(
      (a, b) =>
        Number(hasRefused(a)) - Number(hasRefused(b)) || (load.get(a) ?? 0) - (load.get(b) ?? 0) || (a < b ? -1 : 1),
    );
}

/** Why nothing could be placed, for the condition and the 503. */
export function unschedulableMessage(
  agents: readonly AgentRef[],
  driver: string,
  refusals: ReadonlyMap<string, string>,
): string {
  if (agents.length === 0) {
    return "no agent is connected; start one with `rouse agent` on a machine that shall run this service";
  }
  const names = new Map(agents.map((agent) => [agent.agentUid, agent.name]));
  const offering = agents.filter((agent) => driver === "auto" || agent.drivers.includes(driver));
  if (offering.length === 0) {
    return `none of ${agents.length} agent(s) offers the driver "${driver}"; enable it on one, or change the annotation rouse.dev/driver`;
  }
  const reasons = [...refusals].map(([uid, reason]) => `${names.get(uid) ?? uid}: ${reason}`);
  return `${offering.length} agent(s) could not take the pod${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}`;
}
