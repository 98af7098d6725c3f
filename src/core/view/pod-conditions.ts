/** Conditions of a Pod, as Kubernetes' controllers and `kubectl wait` know them. */
import type { AgentConnection, DescribedPod } from "../protocol/objects.ts";
import type { PodStatus } from "../protocol/pod.ts";
import { timestampOf } from "../resource/timestamp.ts";

type Facts = {
  readonly wished: DescribedPod;
  readonly status: PodStatus | null;
  readonly connection: AgentConnection | "NeverSeen";
};

/** @param createdAtMs when the pod was made; what followed is told by the agent as durations */
export function podConditions({ wished, status, connection }: Facts, createdAtMs: number): object[] {
  const startedAtMs = createdAtMs + (status?.startMs ?? 0);
  const isServing = status?.phase === "ready" && wished.wanted === "running";
  const readyAtMs = isServing ? startedAtMs + status.readyMs : (wished.retiringSinceMs ?? startedAtMs);
  const ready = connection === "Lost" ? LOST : isServing ? { status: "True" } : notReady(status);
  const at = (ms: number) => ({ lastProbeTime: null, lastTransitionTime: timestampOf(ms) });
  return [
    { type: "PodScheduled", status: "True", ...at(createdAtMs) },
    { type: "Initialized", status: "True", ...at(createdAtMs) },
    { type: "ContainersReady", ...ready, ...at(readyAtMs) },
    { type: "Ready", ...ready, ...at(readyAtMs) },
  ];
}

const LOST = { status: "Unknown", reason: "NodeLost", message: "the agent of the pod is lost" };

function notReady(status: PodStatus | null) {
  const message = status?.message ?? "containers with unready status: [user-container queue-proxy]";
  return { status: "False", reason: status?.reason ?? "ContainersNotReady", message };
}
