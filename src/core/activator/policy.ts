/**
 * Which pod takes the next ticketed request (Knative's load balancing policies, semantics §6.3): with a limit of 1 to 3
 * the first pod in order that has a free slot, so that the others can go idle; above 3 round robin.
 */
import { freeSlots, type PodLoad } from "./ledger.ts";

/** Limits up to this fill pods in order; larger ones go round. */
const FIRST_AVAILABLE_UP_TO = 3;

/**
 * @param pods  ready pods in a stable order
 * @param cursor  index at which round robin begins, beyond the last it is the first; ignored for small limits
 * @param avoid  pods that just failed the caller; used only when no other has a slot
 * @param isServing  see freeSlots
 * @returns the pod and the next cursor; null when no slot is free
 */
export function pickPod(
  pods: readonly PodLoad[],
  cursor: number,
  avoid: readonly string[],
  isServing: boolean,
  nowMs: number,
): { readonly pod: PodLoad; readonly cursor: number } | null {
  const count = pods.length;
  if (count === 0) return null;
  const capacity = pods[0]?.capacity ?? 0;
  const start = capacity <= FIRST_AVAILABLE_UP_TO || cursor >= count ? 0 : cursor;
  let second: { readonly pod: PodLoad; readonly cursor: number } | null = null;
  for (let step = 0; step < count; step += 1) {
    const index = (start + step) % count;
    const pod = pods[index];
    if (pod === undefined || freeSlots(pod, isServing, nowMs) < 1) continue;
    const choice = { pod, cursor: index + 1 };
    if (avoid.length === 0 || !avoid.includes(pod.podId)) return choice;
    second ??= choice;
  }
  return second;
}
