/** What a container of a pod does, in Kubernetes' words. */
import type { PodStatus } from "../protocol/pod.ts";
import { timestampOf } from "../resource/timestamp.ts";

/** Knative's users know these reasons of a container that could not be started. */
const WAITING_REASONS: Readonly<Record<string, string>> = {
  CommandNotFound: "CreateContainerError",
  WorkingDirNotFound: "CreateContainerError",
  CommandMissing: "CreateContainerConfigError",
};
/** What a shell says of a process that a signal ended, for the signals that end pods. */
const SIGNAL_EXIT_CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGKILL: 137, SIGSEGV: 139, SIGTERM: 143 };

/** @param status null for a pod that its agent has not reported */
export function containerState(status: PodStatus | null, createdAtMs: number): object {
  if (!hasStarted(status)) return CREATING;
  if (status.phase !== "failed") return running(status, createdAtMs);
  const { reason = "Error", message = "", signal } = status;
  const exitCode = status.exitCode ?? SIGNAL_EXIT_CODES[signal ?? ""];
  if (exitCode === undefined) return { waiting: { reason: WAITING_REASONS[reason] ?? reason, message } };
  const { startedAt } = running(status, createdAtMs).running;
  return { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", message, startedAt } };
}

/** The queue-proxy is there as long as the process is meant to be. */
export function queueProxyState(status: PodStatus | null, createdAtMs: number): object {
  return hasStarted(status) ? running(status, createdAtMs) : CREATING;
}

/** Whether it has or had a process. An adopted pod has no times: that it is ready, or why it is not, says enough. */
export function hasStarted(status: PodStatus | null): status is PodStatus {
  return status !== null && (status.phase !== "starting" || status.startMs > 0 || status.message !== undefined);
}

const CREATING = { waiting: { reason: "ContainerCreating" } };

function running({ startMs }: PodStatus, createdAtMs: number) {
  return { running: { startedAt: timestampOf(createdAtMs + startMs) } };
}
