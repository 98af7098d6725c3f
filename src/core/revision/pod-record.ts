/**
 * One pod as the Revision object keeps it, and the states that it goes through:
 *
 *     placing ──▶ starting ──▶ ready ──▶ leaving ──▶ stopping ──▶ (gone)
 *        │            │          │  ▲        │           ▲
 *        └────────────┴──────────┼──┴────────┘           │
 *                                └── surplus, not yet granted ─┘
 *
 *   placing   wanted; no agent has accepted it
 *   starting  an agent accepted it; not ready yet
 *   ready     in the private service: requests may go to it
 *   leaving   gets nothing new; grants that were given for it may still be used. Can be taken back: its agent knows nothing.
 *   stopping  its agent was told to retire it; there is no way back
 *
 * A pod that failed, stopped or was lost with its agent has no record.
 */

export type PodState = "placing" | "starting" | "ready" | "leaving" | "stopping";

export type PodRecord = {
  readonly podId: string;
  readonly state: PodState;
  /** null while placing. */
  readonly agentUid: string | null;
  readonly createdAtMs: number;
  /** When the state was entered. */
  readonly sinceMs: number;
  /** From the agent's report; 0 until known. */
  readonly startMs: number;
  readonly readyMs: number;
  /** Why it runs and is not ready yet, as its agent said; null or absent = nothing was said. */
  readonly unready?: string | null;
  /** When it became ready; 0 = not yet. */
  readonly readyAtMs: number;
};

export function newPod(podId: string, nowMs: number): PodRecord {
  return {
    podId,
    state: "placing",
    agentUid: null,
    createdAtMs: nowMs,
    sinceMs: nowMs,
    startMs: 0,
    readyMs: 0,
    readyAtMs: 0,
  };
}

export function inState(pod: PodRecord, state: PodState, nowMs: number): PodRecord {
  return pod.state === state ? pod : { ...pod, state, sinceMs: nowMs };
}

/** Pods that count as replicas: those that serve or are on their way to. */
export function isReplica(pod: PodRecord): boolean {
  return pod.state === "placing" || pod.state === "starting" || pod.state === "ready";
}
