/**
 * The way down to zero, once the bounds allow it. What to do depends on where the revision stands (its Active condition):
 *
 *     Unknown  activating    keep on, until it has taken longer than the progress deadline: then 0
 *     True     serving       keep one pod until it was active for a stable window; then become inactive: the mode turns
 *                            to Proxy while the pod still runs, so that no request can get lost
 *     False    inactive      0, as soon as the activator is in the path and retention and grace period are over
 *
 * With the default config one pod has no spare burst capacity, so the activator was in the path all along and no grace
 * period is left to wait for: 60 s without traffic, and the pod goes.
 *
 * Source: Knative serving/pkg/reconciler/autoscaling/kpa/scaler.go, commit 98e5ef90. Vectors: kpa-reconcile.
 */
import type { ActiveCondition } from "./active-condition.ts";
import type { ScalingSpec } from "./spec.ts";

/** Whether the public service leads to the activator: `fail` = not yet, `error` = no answer. */
export type ActivatorProbe = "ok" | "fail" | "error";

type ScaleToZeroInput = {
  readonly active: ActiveCondition;
  /** The mode is Proxy already. */
  readonly isProxied: boolean;
  readonly spec: ScalingSpec;
  readonly isReachable: boolean;
  readonly proxySinceMs: number | null;
  readonly activatorProbe: ActivatorProbe;
  readonly nowMs: number;
};

export type ScaleToZeroResult = {
  /** 0, 1 or −1: nothing is known. */
  readonly want: number;
  /** The replicas follow `want` now. */
  readonly isApplied: boolean;
  readonly requeueAfterMs: number | null;
  readonly isActivatorProbed: boolean;
  readonly needsAsyncProbe: boolean;
};

/** Time that a revision gets to activate beyond its progress deadline, which the pods themselves must keep. */
const ACTIVATION_BUFFER_MS = 30_000;
/** How long a mode that is Proxy already may take to be seen as such. */
const PROXY_SETTLE_MS = 3_000;

/** What becomes of a revision that wants no pod. */
export function handleScaleToZero(input: ScaleToZeroInput): ScaleToZeroResult {
  if (!input.spec.enableScaleToZero) return apply(1);
  switch (input.active.status) {
    case "Unknown":
      return whileActivating(input);
    case "True":
      return whileActive(input);
    case "False":
      return whileInactive(input);
  }
}

function whileActivating({ active, spec, nowMs }: ScaleToZeroInput): ScaleToZeroResult {
  const timeoutMs = spec.progressDeadlineMs + ACTIVATION_BUFFER_MS;
  if (nowMs - active.sinceMs > timeoutMs) return apply(0);
  return wait(-1, timeoutMs);
}

function whileActive({ active, isProxied, spec, nowMs }: ScaleToZeroInput): ScaleToZeroResult {
  const activeForMs = nowMs - active.sinceMs;
  if (activeForMs < spec.stableWindowMs) return { ...apply(1), requeueAfterMs: spec.stableWindowMs - activeForMs };
  return wait(0, isProxied ? PROXY_SETTLE_MS : null);
}

function whileInactive(input: ScaleToZeroInput): ScaleToZeroResult {
  // With unlimited burst capacity the activator is in the path by definition.
  const isActivatorProbed = input.spec.targetBurstCapacity !== -1;
  if (isActivatorProbed && input.activatorProbe !== "ok") {
    return { ...wait(0, null), isActivatorProbed, needsAsyncProbe: true };
  }
  return { ...afterGracePeriod(input), isActivatorProbed };
}

function afterGracePeriod({ active, spec, isReachable, proxySinceMs, nowMs }: ScaleToZeroInput): ScaleToZeroResult {
  const gracePeriodMs = spec.scaleToZeroGracePeriodMs;
  const retentionMs = isReachable ? spec.scaleToZeroPodRetentionMs : 0;
  const inactiveForMs = nowMs - active.sinceMs;
  if (inactiveForMs >= Math.max(gracePeriodMs, retentionMs)) return apply(0);
  if (retentionMs > 0 && inactiveForMs < retentionMs) return wait(0, retentionMs - inactiveForMs);
  const graceLeftMs = gracePeriodMs - (proxySinceMs === null ? 0 : nowMs - proxySinceMs);
  return graceLeftMs <= 0 ? apply(0) : wait(0, graceLeftMs);
}

function apply(want: number): ScaleToZeroResult {
  return { want, isApplied: true, requeueAfterMs: null, isActivatorProbed: false, needsAsyncProbe: false };
}

function wait(want: number, requeueAfterMs: number | null): ScaleToZeroResult {
  return { want, isApplied: false, requeueAfterMs, isActivatorProbed: false, needsAsyncProbe: false };
}
