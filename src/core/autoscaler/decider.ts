/**
 * The KPA's evaluation: how many pods one revision wants, from what it carried lately. One call per tick (2 s).
 *
 *     wanted for a load  =  ceil(load / targetValue), kept within [ready / maxScaleDownRate, ready × maxScaleUpRate]
 *     stable             =  wanted for the average over the stable window
 *     panic              =  wanted for the average over the (much shorter) panic window
 *
 * Panic begins when the panic window alone wants `panicThreshold` times the ready pods, and ends when that has not been so
 * for a whole stable window. While it lasts the count only grows.
 *
 *     target 70, 1 pod ready, 150 in flight for 6 s: ceil(150/70) = 3 ≥ 2 × 1, so panic, and 3 pods at once,
 *     although the stable window (15 on average so far) wants 1.
 *
 * Excess burst capacity = ready × totalValue − targetBurstCapacity − load in the panic window: below 0 the ready pods
 * could not swallow a burst and the activator stays in the path (pod-autoscaler.ts).
 *
 * Source: Knative serving/pkg/autoscaler/scaling/autoscaler.go, commit 98e5ef90. Vectors: kpa-decide, pipeline.
 */
import type { Observation } from "./metrics.ts";
import { createSlidingMaximum, currentMaximum, recordMaximum, type SlidingMaximum } from "./sliding-maximum.ts";
import type { ScalingSpec } from "./spec.ts";

/** Time between two ticks of one revision; also the bucket of scale-down-delay. */
export const TICK_MS = 2_000;

/** Plain JSON. */
export type DeciderState = {
  /** When the panic began or was last renewed, ms since epoch; null = not in panic. */
  readonly panicSinceMs: number | null;
  /** The highest count wanted in this panic; outside of one it is where the next panic starts. */
  readonly maxPanicPods: number;
  /** Recent decisions under scale-down-delay; null = the delay was 0 when the state was created. */
  readonly delay: SlidingMaximum | null;
};

export type DeciderInput = {
  /** Pods that pass their probe, ≥ 0. */
  readonly readyPods: number;
  /** Some route may send traffic here. An unreachable revision may drop to 0 at once and has no scale-down-delay. */
  readonly isReachable: boolean;
  readonly observed: Observation | "no_data";
};

export type Decision =
  /** Undecidable: nobody reported. The previous decision stands. */
  | { readonly isValid: false }
  | {
      readonly isValid: true;
      /** Pods wanted, before the bounds of min-scale and max-scale. */
      readonly desired: number;
      readonly excessBurstCapacity: number;
      /** Pods wanted by each window before panic and delay; for people who ask why. */
      readonly desiredStable: number;
      readonly desiredPanic: number;
    };

/**
 * The state of an autoscaler that starts now. With more than one pod it starts in panic: it knows nothing about their
 * load yet, and panic keeps them for a stable window.
 */
export function createDecider(
  spec: Pick<ScalingSpec, "scaleDownDelayMs">,
  readyPods: number,
  nowMs: number,
): DeciderState {
  return {
    panicSinceMs: readyPods > 1 ? nowMs : null,
    maxPanicPods: readyPods,
    delay: spec.scaleDownDelayMs > 0 ? createSlidingMaximum(spec.scaleDownDelayMs, TICK_MS) : null,
  };
}

/**
 * One evaluation.
 * @param nowMs  milliseconds since epoch, never less than in the previous call
 * @returns the next state and the decision; without data the state is the same object
 */
export function scale(
  state: DeciderState,
  spec: ScalingSpec,
  input: DeciderInput,
  nowMs: number,
): { readonly state: DeciderState; readonly decision: Decision } {
  if (input.observed === "no_data") return { state, decision: { isValid: false } };
  const { stable, panic } = input.observed;
  const limits = scaleLimits(spec, input);
  const desiredStable = withinLimits(Math.ceil(stable / spec.targetValue), limits, spec.activationScale);
  const desiredPanic = withinLimits(Math.ceil(panic / spec.targetValue), limits, spec.activationScale);

  let { panicSinceMs, maxPanicPods, delay } = state;
  const isOverThreshold = Math.ceil(panic / spec.targetValue) / Math.max(1, input.readyPods) >= spec.panicThreshold;
  if (isOverThreshold) {
    panicSinceMs = nowMs;
  } else if (panicSinceMs !== null && panicSinceMs + spec.stableWindowMs < nowMs) {
    panicSinceMs = null;
    maxPanicPods = 0;
  }

  let desired = desiredStable;
  if (panicSinceMs !== null) {
    maxPanicPods = Math.max(maxPanicPods, desiredStable, desiredPanic);
    desired = maxPanicPods;
  }
  if (input.isReachable && delay !== null) {
    delay = recordMaximum(delay, nowMs, desired);
    desired = currentMaximum(delay);
  }
  return {
    state: { panicSinceMs, maxPanicPods, delay },
    decision: {
      isValid: true,
      desired,
      excessBurstCapacity: excessBurstCapacity(spec, input.readyPods, panic),
      desiredStable,
      desiredPanic,
    },
  };
}

/**
 * What `scale` settles on when nothing has been asked for a long time: 0, or as many pods as one step down leaves.
 * Below this, and with empty windows, further ticks change nothing.
 */
export function restingScale(spec: ScalingSpec, input: Pick<DeciderInput, "readyPods" | "isReachable">): number {
  return withinLimits(0, scaleLimits(spec, input), spec.activationScale);
}

/** The excess burst capacity before the first evaluation, as if initialScale pods were ready and idle. */
export function initialExcessBurstCapacity(spec: ScalingSpec): number {
  if (spec.targetBurstCapacity === 0 || spec.targetBurstCapacity === -1) return spec.targetBurstCapacity;
  return Math.trunc(spec.initialScale * spec.totalValue - spec.targetBurstCapacity) + 0;
}

/** Activators that share a revision's traffic in Knative, at least 2. Rouse has one per revision; views show the number. */
export function numActivators(spec: ScalingSpec, readyPods: number): number {
  if (spec.targetBurstCapacity === 0) return MIN_ACTIVATORS;
  const capacity = readyPods * spec.totalValue + Math.max(0, spec.targetBurstCapacity);
  return Math.max(MIN_ACTIVATORS, Math.ceil(capacity / spec.activatorCapacity));
}

/** Activators of a revision whose load is not known yet. */
export const MIN_ACTIVATORS = 2;

function excessBurstCapacity(spec: ScalingSpec, readyPods: number, panicLoad: number): number {
  if (spec.targetBurstCapacity === 0) return 0;
  if (spec.targetBurstCapacity < 0) return -1;
  return Math.floor(readyPods * spec.totalValue - spec.targetBurstCapacity - panicLoad);
}

type ScaleLimits = { readonly down: number; readonly up: number };

/** How far one evaluation may go. Zero pods count as one, else nothing could ever grow. */
function scaleLimits(spec: ScalingSpec, input: Pick<DeciderInput, "readyPods" | "isReachable">): ScaleLimits {
  const readyPods = Math.max(1, input.readyPods);
  return {
    up: Math.ceil(spec.maxScaleUpRate * readyPods),
    down: input.isReachable ? Math.floor(readyPods / spec.maxScaleDownRate) : 0,
  };
}

/** The activation scale tests the raw count and may exceed `up`: any load at all brings that many pods. */
function withinLimits(podCount: number, limits: ScaleLimits, activationScale: number): number {
  const limited = Math.min(Math.max(podCount, limits.down), limits.up);
  return activationScale > 1 && podCount > 0 ? Math.max(limited, activationScale) : limited;
}
