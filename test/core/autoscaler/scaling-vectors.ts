/** The decider spec as kpa-decide.json and pipeline.json write it, and the ScalingSpec that it stands for. */
import type { ScalingSpec } from "../../../src/core/autoscaler/spec.ts";

export type VectorSpec = {
  readonly max_scale_up_rate: number;
  readonly max_scale_down_rate: number;
  readonly scaling_metric: string;
  readonly target_value: number;
  readonly total_value: number;
  readonly target_burst_capacity?: number;
  readonly activator_capacity?: number;
  readonly panic_threshold: number;
  readonly stable_window_ms: number;
  readonly scale_down_delay_ms?: number;
  readonly initial_scale?: number;
  readonly reachable?: boolean;
  readonly activation_scale?: number;
};

export function toScalingSpec(spec: VectorSpec): ScalingSpec {
  return {
    metric: spec.scaling_metric === "rps" ? "rps" : "concurrency",
    aggregation: "linear",
    targetValue: spec.target_value,
    totalValue: spec.total_value,
    targetBurstCapacity: spec.target_burst_capacity ?? 0,
    activatorCapacity: spec.activator_capacity ?? 0,
    maxScaleUpRate: spec.max_scale_up_rate,
    maxScaleDownRate: spec.max_scale_down_rate,
    panicThreshold: spec.panic_threshold,
    stableWindowMs: spec.stable_window_ms,
    panicWindowMs: spec.stable_window_ms / 10,
    scaleDownDelayMs: spec.scale_down_delay_ms ?? 0,
    initialScale: spec.initial_scale ?? 0,
    activationScale: spec.activation_scale ?? 0,
    minScale: 0,
    maxScale: 0,
    enableScaleToZero: true,
    scaleToZeroGracePeriodMs: 30_000,
    scaleToZeroPodRetentionMs: 0,
    progressDeadlineMs: 600_000,
  };
}
