/**
 * What is remembered of pods that failed, so that a revision that cannot start says why and does not start forever.
 * Back-off doubles from one second to thirty; a pod that stayed ready for a while, or until it was not needed, clears it.
 */
import type { PodStatus } from "../protocol/pod.ts";

export const FIRST_BACKOFF_MS = 1_000;
export const MAX_BACKOFF_MS = 30_000;
/** A pod that was ready this long before it ended did not fail to start. */
const STABLE_AFTER_MS = 10_000;

/** @param readyAtMs when the pod passed its probe; 0 = it never did */
export function isStable(readyAtMs: number, nowMs: number): boolean {
  return readyAtMs > 0 && nowMs >= readyAtMs + STABLE_AFTER_MS;
}

export type StartFailures = {
  /** Failures in a row. */
  readonly count: number;
  /** No pod is started before this time; 0 = at once. */
  readonly retryAtMs: number;
  /** Condition reason, e.g. `ExitCode1`, and the text for people. */
  readonly reason: string;
  readonly message: string;
};

/**
 * The record after one more pod failed; null when it had been ready for a while, and so did not fail to start.
 * @param readyAtMs when it passed its probe, 0 = never: the first end of a ready pod in a row is a crash, not a start that
 *   fails, and is made good at once
 */
export function afterFailure(
  before: StartFailures | null,
  status: PodStatus,
  readyAtMs: number,
  nowMs: number,
): StartFailures | null {
  if (isStable(readyAtMs, nowMs)) return null;
  const count = (before?.count ?? 0) + 1;
  const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(count - 1, 10));
  return { count, retryAtMs: readyAtMs > 0 && count === 1 ? nowMs : nowMs + backoffMs, ...explain(status) };
}

/**
 * Reason and message of a failed pod in Knative's terms (condition ContainerHealthy).
 * @returns reason `ExitCode<N>`, or the agent's own reason; the message ends with the last log lines
 */
export function explain(status: PodStatus): { readonly reason: string; readonly message: string } {
  const detail = status.message ?? "";
  if (status.reason === "ExitCode") {
    const code = status.exitCode ?? 128;
    const text = detail !== "" ? detail : code === 0 ? "container exited with no error" : `exit code ${code}`;
    return { reason: `ExitCode${code}`, message: `Container failed with: ${text}` };
  }
  return {
    reason: status.reason ?? "ContainerFailed",
    message: detail !== "" ? detail : "the pod ended without a reason",
  };
}
