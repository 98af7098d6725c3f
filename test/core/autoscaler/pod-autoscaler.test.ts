import { describe, expect, it } from "vitest";
import { deriveScaling } from "../../../src/core/autoscaler/annotations.ts";
import {
  createPodAutoscaler,
  type PublicService,
  type Reachability,
  reconcile,
} from "../../../src/core/autoscaler/pod-autoscaler.ts";
import { parseAutoscalerConfig } from "../../../src/core/config/autoscaler-config.ts";
import { loadVectors } from "../../vectors.ts";

type ReconcileCase = {
  readonly id: string;
  readonly note: string;
  readonly config_autoscaler: Record<string, string>;
  readonly config_deployment_progress_deadline_ms: number;
  readonly annotations: Record<string, string>;
  readonly container_concurrency: number;
  readonly steps: readonly Step[];
};

type Step = {
  readonly t_ms: number;
  readonly in: {
    readonly decider_desired_scale: number;
    readonly decider_excess_burst_capacity: number;
    readonly pods: { readonly ready: number };
    readonly deployment_replicas: number;
    readonly sks: {
      readonly private_service_exists: boolean;
      readonly public_service_exists: boolean;
      readonly ready: boolean;
      readonly backed_by_activator_since_ms: number | null;
    } | null;
    readonly activator_probe: "ok" | "fail" | "error";
    readonly reachability: string;
  };
  readonly want: {
    readonly replicas_patch: number | null;
    readonly sks_mode: string;
    readonly num_activators: number;
    readonly active: { readonly status: string; reason?: string; message?: string; readonly since_ms: number };
    readonly scale_target_initialized: boolean;
    readonly sks_ready_condition: string;
    readonly ready_condition: string;
    readonly status_desired_scale: number;
    readonly status_actual_scale: number;
    readonly requeue_after_ms: readonly number[];
    readonly activator_probed: boolean;
    readonly async_probe_offered: boolean;
    readonly scrape_target_set: boolean | null;
  };
};

describe("the reconciler applies, marks and waits as Knative's (kpa-reconcile.json)", () => {
  it.each(loadVectors<ReconcileCase>("kpa-reconcile").cases)("$id: $note", (vector) => {
    const parsed = parseAutoscalerConfig(vector.config_autoscaler);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const progressDeadlineMs = vector.config_deployment_progress_deadline_ms;
    const spec = deriveScaling(vector.annotations, vector.container_concurrency, parsed.config, progressDeadlineMs);
    let state = createPodAutoscaler(0);
    for (const [index, step] of vector.steps.entries()) {
      const input = {
        desired: step.in.decider_desired_scale,
        excessBurstCapacity: step.in.decider_excess_burst_capacity,
        readyPods: step.in.pods.ready,
        replicas: step.in.deployment_replicas,
        reachability: (step.in.reachability || "Unknown") as Reachability,
        service: toService(step.in.sks),
        activatorProbe: step.in.activator_probe,
      };
      const result = reconcile(state, spec, input, step.t_ms);
      // The state survives as JSON between any two steps.
      state = JSON.parse(JSON.stringify(result.state));
      const { want } = step;
      expect(
        {
          replicasPatch: result.replicasPatch,
          mode: result.mode,
          numActivators: result.numActivators,
          active: result.state.active,
          isInitialized: result.state.isInitialized,
          isServiceReady: result.isServiceReady,
          ready: result.ready,
          desiredScale: result.state.desiredScale,
          requeueAfterMs: result.requeueAfterMs,
          isActivatorProbed: result.isActivatorProbed,
          needsAsyncProbe: result.needsAsyncProbe,
        },
        `step ${index}`,
      ).toEqual({
        replicasPatch: want.replicas_patch,
        mode: want.sks_mode,
        numActivators: want.num_activators,
        active: {
          status: want.active.status,
          reason: want.active.reason ?? "",
          message: want.active.message ?? "",
          sinceMs: want.active.since_ms,
        },
        isInitialized: want.scale_target_initialized,
        isServiceReady: want.sks_ready_condition,
        ready: want.ready_condition,
        desiredScale: want.status_desired_scale,
        requeueAfterMs: want.requeue_after_ms,
        isActivatorProbed: want.activator_probed,
        needsAsyncProbe: want.async_probe_offered,
      });
    }
  });
});

function toService(sks: Step["in"]["sks"]): PublicService {
  return {
    hasPrivateService: sks?.private_service_exists ?? false,
    hasName: sks?.public_service_exists ?? false,
    isReady: sks?.ready ?? false,
    proxySinceMs: sks?.backed_by_activator_since_ms ?? null,
  };
}
