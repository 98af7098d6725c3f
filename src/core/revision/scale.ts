/**
 * From a number of replicas to pods: which to make, which to take back, which to let go.
 */
import { inState, isReplica, newPod, type PodRecord } from "./pod-record.ts";

/** What letting a pod go would disturb; the least disturbing goes first. */
export type PodBurden = { readonly inFlight: number };

const GOES_FIRST: Record<PodRecord["state"], number> = { placing: 0, starting: 1, ready: 2, leaving: 3, stopping: 4 };

/**
 * Pods after the revision was scaled.
 * @param replicas pods wanted, ≥ 0
 * @param burdenOf  how busy a ready pod is
 * @param newPodId  makes an id that was never used before
 * @returns every record that changed (new ones included) and the ids of records that are to be dropped
 */
export function scaleTo(
  pods: readonly PodRecord[],
  replicas: number,
  burdenOf: (podId: string) => PodBurden,
  newPodId: () => string,
  nowMs: number,
): { readonly changed: readonly PodRecord[]; readonly dropped: readonly string[] } {
  const current = pods.filter(isReplica);
  if (current.length < replicas)
    return { changed: grow(pods, replicas - current.length, newPodId, nowMs), dropped: [] };
  const surplus = [...current]
    .sort(
      (a, b) =>
        GOES_FIRST[a.state] - GOES_FIRST[b.state] ||
        burdenOf(a.podId).inFlight - burdenOf(b.podId).inFlight ||
        b.createdAtMs - a.createdAtMs,
    )
    .slice(0, current.length - replicas);
  return {
    changed: surplus.filter((pod) => pod.state !== "placing").map((pod) => inState(pod, letGo(pod), nowMs)),
    dropped: surplus.filter((pod) => pod.state === "placing").map((pod) => pod.podId),
  };
}

/** A pod that no request was sent to can be stopped at once; one that was ever ready must first be forgotten by the isolates. */
function letGo(pod: PodRecord): "leaving" | "stopping" {
  return pod.state === "starting" && pod.readyAtMs === 0 ? "stopping" : "leaving";
}

/** Pods on their way out whose agent was not told yet come back first: they are warm. */
function grow(pods: readonly PodRecord[], count: number, newPodId: () => string, nowMs: number): PodRecord[] {
  const back = pods
    .filter((pod) => pod.state === "leaving")
    .slice(0, count)
    .map((pod) => inState(pod, "ready", nowMs));
  const made: PodRecord[] = [];
  while (back.length + made.length < count) made.push(newPod(newPodId(), nowMs));
  return [...back, ...made];
}
