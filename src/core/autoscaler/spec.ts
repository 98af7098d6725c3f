/**
 * What the autoscaler of one revision works with, derived from its annotations and ConfigMap config-autoscaler
 * (config.ts and annotations.ts). Plain data: it travels inside a RevisionOrder.
 */

export type ScalingSpec = {
  readonly metric: "concurrency" | "rps";
  readonly aggregation: "linear" | "weighted-exponential";
  /** What one pod shall carry on average: totalValue × utilization, at least 0.01. */
  readonly targetValue: number;
  /** What one pod can carry: the concurrency limit, or the target before utilization. */
  readonly totalValue: number;
  /** −1 = the activator is always in the path; 0 = only at zero pods. */
  readonly targetBurstCapacity: number;
  readonly activatorCapacity: number;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  /** Ratio of wanted to ready pods at which panic begins; 2 = 200 %. */
  readonly panicThreshold: number;
  readonly stableWindowMs: number;
  readonly panicWindowMs: number;
  readonly scaleDownDelayMs: number;
  readonly initialScale: number;
  /** 0 or 1 = off. */
  readonly activationScale: number;
  readonly minScale: number;
  /** 0 = no limit. */
  readonly maxScale: number;
  readonly enableScaleToZero: boolean;
  readonly scaleToZeroGracePeriodMs: number;
  readonly scaleToZeroPodRetentionMs: number;
  readonly progressDeadlineMs: number;
};
