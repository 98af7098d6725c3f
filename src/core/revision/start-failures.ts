/**
 * What is remembered of pods that failed, so that a revision that cannot start says why and does not start forever.
 * Back-off doubles from one second to thirty; a pod that stayed ready for a while clears it.
 */
import type { PodStatus } from "../protocol/pod.ts";

export const FIRST_BACKOFF_MS = 1_000;
export const MAX_BACKOFF_MS = 30_000;
/** A pod that was ready this long before it ended did not fail to start. */
export const STABLE_AFTER_MS = 10_000;

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
 * The record after one more pod failed.
 * @param wasReady it had passed its probe: the first such end in a row is a crash, not a start that fails, and is made
 *   good at once
 */
export function afterFailure(
  before: StartFailures | null,
  status: PodStatus,
  wasReady: boolean,
  nowMs: number,
): StartFailures {
  const count = (before?.count ?? 0) + 1;
  const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(count - 1, 10));
  return { count, retryAtMs: wasReady && count === 1 ? nowMs : nowMs + backoffMs, ...explain(status) };
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
