/**
 * The condition Active of a revision: whether it serves, gets ready to, or rests.
 *
 * Source: Knative serving/pkg/reconciler/autoscaling/kpa/kpa.go, commit 98e5ef90
 */

/** Unknown: activating. True: serves. False: scaled to zero, or on the way there. `sinceMs` moves with any field. */
export type ActiveCondition = {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: "" | "Queued" | "NoTraffic" | "TimedOut";
  readonly message: string;
  /** Milliseconds since epoch. */
  readonly sinceMs: number;
};

/** The condition of a revision that was just made. */
export function createActive(nowMs: number): ActiveCondition {
  return { status: "Unknown", reason: "", message: "", sinceMs: nowMs };
}

/**
 * The condition after a reconciliation. The first row that fits counts:
 *
 *     want = 0 or minReady = 0    was activating, minReady > 0    False    TimedOut
 *                                 else                            False    NoTraffic
 *     ready < minReady            want > 0, or was not inactive   Unknown  Queued
 *                                 else                            False    NoTraffic
 *     ready ≥ minReady            want > 0, or was not inactive   True
 *                                 else                            as it was
 *
 * @param want  replicas wanted; −1 = not known
 * @param minReady  pods that must be ready for the revision to count as active
 * @returns the same object when nothing changed
 */
export function nextActive(
  active: ActiveCondition,
  pods: { readonly want: number; readonly readyPods: number; readonly minReady: number },
  nowMs: number,
): ActiveCondition {
  const { want, readyPods, minReady } = pods;
  if (want === 0 || minReady === 0) {
    const isTimedOut = active.status === "Unknown" && minReady > 0;
    return transition(active, isTimedOut ? TIMED_OUT : NO_TRAFFIC, nowMs);
  }
  const isOrStaysAwake = want > 0 || active.status !== "False";
  if (readyPods < minReady) return transition(active, isOrStaysAwake ? QUEUED : NO_TRAFFIC, nowMs);
  return isOrStaysAwake ? transition(active, SERVING, nowMs) : active;
}

type Verdict = Omit<ActiveCondition, "sinceMs">;

const SERVING: Verdict = { status: "True", reason: "", message: "" };
const QUEUED: Verdict = {
  status: "Unknown",
  reason: "Queued",
  message: "Requests to the target are being buffered as resources are provisioned.",
};
const NO_TRAFFIC: Verdict = { status: "False", reason: "NoTraffic", message: "The target is not receiving traffic." };
const TIMED_OUT: Verdict = { status: "False", reason: "TimedOut", message: "The target could not be activated." };

function transition(active: ActiveCondition, verdict: Verdict, nowMs: number): ActiveCondition {
  return active.status === verdict.status && active.reason === verdict.reason ? active : { ...verdict, sinceMs: nowMs };
}
