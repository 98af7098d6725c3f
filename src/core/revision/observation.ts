/**
 * What the control plane hears of a revision's pods.
 */
import type { RevisionObservation } from "../protocol/objects.ts";
import type { PodRecord } from "./pod-record.ts";
import type { StartFailures } from "./start-failures.ts";

/** A revision's pods wait this long for an agent before that is called a failure. */
export const SCHEDULING_DEADLINE_MS = 15_000;

/** An observation names so many ready pods: each change of one says all of them again. */
export const MAX_PODS_TOLD = 100;

/**
 * Why there is no pod, as a condition. A revision with a ready pod has no failure, whatever happened before.
 * @param unplaced  the message for people when pods could not be placed within SCHEDULING_DEADLINE_MS, else null
 */
export function failureOf(
  readyPods: number,
  failures: StartFailures | null,
  unplaced: string | null,
): RevisionObservation["failure"] {
  if (readyPods > 0) return null;
  if (unplaced !== null) return { condition: "ResourcesAvailable", reason: "Unschedulable", message: unplaced };
  if (failures === null) return null;
  const condition = failures.reason === "ProgressDeadlineExceeded" ? "ResourcesAvailable" : "ContainerHealthy";
  return { condition, reason: failures.reason, message: failures.message };
}

/** Why the pods that run are not ready yet: of several, that of the first. Told only while no pod is ready. */
export function unreadyOf(readyPods: number, replicas: readonly PodRecord[]): Pick<RevisionObservation, "unready"> {
  const unready = replicas.find((pod) => pod.unready != null)?.unready;
  return readyPods > 0 || unready == null ? {} : { unready };
}

/**
 * Whether a new agent may help a revision: it has not started yet, or its pods found no place.
 * @param observation what its object said last; null = nothing yet
 */
export function needsAgent(observation: RevisionObservation | null): boolean {
  return observation?.isInitialized !== true || observation.failure?.condition === "ResourcesAvailable";
}

/** @returns whether two observations say the same, their sequence aside */
export function saysTheSame(a: RevisionObservation, b: RevisionObservation | null): boolean {
  return b !== null && JSON.stringify({ ...a, sequence: 0 }) === JSON.stringify({ ...b, sequence: 0 });
}
