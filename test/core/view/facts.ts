/** Facts as the control plane and the agents tell them. */
import type { AgentView } from "../../../src/core/protocol/control-plane.ts";
import type { DescribedPod, RevisionObservation } from "../../../src/core/protocol/objects.ts";
import type { PodStatus } from "../../../src/core/protocol/pod.ts";
import type { PodFacts } from "../../../src/core/view/pod.ts";
import type { RevisionFacts } from "../../../src/core/view/revision-facts.ts";

export const CREATED_AT = "2026-01-31T12:00:00Z";
const POD_ID = "0a1b2c3d-4e5f-6071";

export function revisionFacts(changes: Partial<RevisionFacts> = {}): RevisionFacts {
  return {
    metadata: {
      name: "hello-00001",
      namespace: "default",
      uid: "rev-uid",
      resourceVersion: "7",
      generation: 1,
      creationTimestamp: CREATED_AT,
      labels: { "serving.knative.dev/service": "hello", "serving.knative.dev/routingState": "active", tier: "web" },
      annotations: { "serving.knative.dev/routes": "hello", "autoscaling.knative.dev/min-scale": "1" },
    },
    containerConcurrency: 0,
    protocol: "http1",
    containers: [{ name: "user-container", image: "dev.local/hello" }],
    conditions: [],
    observation: null,
    ...changes,
  };
}

export function observation(changes: Partial<RevisionObservation> = {}): RevisionObservation {
  return {
    ...{ revisionUid: "rev-uid", sequence: 1, desiredScale: 1, actualScale: 1, mode: "Serve", readyPods: [POD_ID] },
    ...{ isInitialized: true, active: { status: "True", reason: "", message: "" }, failure: null },
    ...changes,
  };
}

export function podFacts(
  status: Partial<PodStatus> | null = {},
  wished: Partial<DescribedPod> = {},
  changes: Partial<PodFacts> = {},
): PodFacts {
  return {
    wished: {
      ...{ podId: POD_ID, revisionUid: "rev-uid", wanted: "running", namespace: "default", revision: "hello-00001" },
      ...{ image: "dev.local/hello", createdAtMs: Date.parse(CREATED_AT) },
      ...wished,
    },
    status:
      status === null
        ? null
        : { podId: POD_ID, revisionUid: "rev-uid", phase: "ready", startMs: 2_000, readyMs: 3_000, ...status },
    ...{ revision: revisionFacts(), nodeName: "box", connection: "Connected", dataUrl: "http://10.0.0.7:8012" },
    ...changes,
  };
}

export function agentView(changes: Partial<AgentView> = {}): AgentView {
  return {
    ...{ agentUid: "agent-uid-1", name: "box", connection: "Connected", drivers: ["process", "docker"] },
    ...{ labels: { zone: "a" }, capacity: { pods: 20, cpuMillis: 4_000, memoryBytes: 8 * 2 ** 30 } },
    ...{ joinedAt: CREATED_AT, changedAt: CREATED_AT },
    ...changes,
  };
}
