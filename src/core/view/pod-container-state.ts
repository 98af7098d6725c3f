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
  if (status === null || !hasStarted(status)) return CREATING;
  if (status.phase !== "failed") return running(status, createdAtMs);
  const { reason = "Error", message = "", signal } = status;
  const exitCode = status.exitCode ?? SIGNAL_EXIT_CODES[signal ?? ""];
  if (exitCode === undefined) return { waiting: { reason: WAITING_REASONS[reason] ?? reason, message } };
  const { startedAt } = running(status, createdAtMs).running;
  return { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", message, startedAt } };
}

/** The queue-proxy is there as long as the process is meant to be. */
export function queueProxyState(status: PodStatus | null, createdAtMs: number): object {
  return status === null || !hasStarted(status) ? CREATING : running(status, createdAtMs);
}

const CREATING = { waiting: { reason: "ContainerCreating" } };

/** An adopted pod has no times: that it is ready says enough. */
function hasStarted({ phase, startMs }: PodStatus): boolean {
  return phase !== "starting" || startMs > 0;
}

function running({ startMs }: PodStatus, createdAtMs: number) {
  return { running: { startedAt: timestampOf(createdAtMs + startMs) } };
}
