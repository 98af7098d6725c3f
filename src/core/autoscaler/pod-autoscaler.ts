/**
 * The PodAutoscaler's reconciler: from the decider's wish to replicas, and to what people see of it.
 *
 *     decider's desired ──▶ bounds ──▶ scale to zero ──▶ want ──▶ replicas to apply
 *                                                         ├────▶ mode: Serve iff want > 0 and excess burst capacity ≥ 0
 *                                                         └────▶ conditions Active and ScaleTargetInitialized
 *
 * `want` is −1 while nobody knows: the decider has not seen data yet. Then nothing is applied and the mode is Proxy.
 *
 * Source: Knative serving/pkg/reconciler/autoscaling/kpa/{kpa,scaler}.go, commit 98e5ef90. Vectors: kpa-reconcile.
 */
import { type ActiveCondition, createActive, nextActive } from "./active-condition.ts";
import { MIN_ACTIVATORS, numActivators } from "./decider.ts";
import { type ActivatorProbe, handleScaleToZero } from "./scale-to-zero.ts";
import type { ScalingSpec } from "./spec.ts";

/** Plain JSON: what must survive so that grace periods and conditions go on where they were. */
export type PodAutoscalerState = {
  readonly active: ActiveCondition;
  /** The initial scale was reached once (Knative's ScaleTargetInitialized). Never goes back. */
  readonly isInitialized: boolean;
  /** The mode that the public service was given last; null before the first time. */
  readonly mode: ServiceMode | null;
  /** status.desiredScale; −1 until something was wanted. */
  readonly desiredScale: number;
};

/** Proxy: requests go through the activator. Serve: straight to ready pods. */
export type ServiceMode = "Proxy" | "Serve";

export type Reachability = "Reachable" | "Unreachable" | "Unknown";

export type PodAutoscalerInput = {
  /** The decider's last valid decision; −1 before the first. */
  readonly desired: number;
  readonly excessBurstCapacity: number;
  readonly readyPods: number;
  /** Replicas asked for so far. */
  readonly replicas: number;
  readonly reachability: Reachability;
  readonly service: PublicService;
  /** What asking the public service for the activator gives; in Rouse they are one object, so always "ok". */
  readonly activatorProbe: ActivatorProbe;
};

/** Knative's ServerlessService as observed. In Rouse it exists, is ready and has a name as soon as the revision does. */
export type PublicService = {
  /** The set of ready pods can be read; without it nothing is decided. */
  readonly hasPrivateService: boolean;
  readonly hasName: boolean;
  readonly isReady: boolean;
  /** Since when requests take the way through the activator, ms since epoch; null = they do not. */
  readonly proxySinceMs: number | null;
};

export type PodAutoscalerResult = {
  readonly state: PodAutoscalerState;
  /** Replicas to ask for; null = leave them. */
  readonly replicasPatch: number | null;
  /** Replicas wanted, after bounds and the rules of scaling to zero; −1 = not known. */
  readonly want: number;
  readonly mode: ServiceMode;
  readonly numActivators: number;
  readonly isServiceReady: "True" | "False" | "Unknown";
  /** Active, initialized and the service ready. */
  readonly ready: "True" | "False" | "Unknown";
  /** Look again after so many milliseconds. */
  readonly requeueAfterMs: readonly number[];
  readonly isActivatorProbed: boolean;
  /** The probe failed: probe in the background and reconcile when it succeeds. */
  readonly needsAsyncProbe: boolean;
};

/** The state of a revision that was just made. */
export function createPodAutoscaler(nowMs: number): PodAutoscalerState {
  return {
    active: createActive(nowMs),
    isInitialized: false,
    mode: null,
    desiredScale: -1,
  };
}

/**
 * One reconciliation.
 * @param nowMs  milliseconds since epoch, never less than in the previous call
 * @returns the next state and what to do; the state is equal to the previous one when nothing changed
 */
export function reconcile(
  state: PodAutoscalerState,
  spec: ScalingSpec,
  input: PodAutoscalerInput,
  nowMs: number,
): PodAutoscalerResult {
  if (!input.service.hasPrivateService) return reconcileWithoutService(state, spec, input, nowMs);
  const scaling = scaleTarget(state, spec, input, nowMs);
  const { want } = scaling;
  const mode = want > 0 && input.excessBurstCapacity >= 0 ? "Serve" : "Proxy";
  const next = { ...computeStatus(state, spec, input, want, nowMs), mode } as const;
  const isServiceReady = input.service.isReady ? "True" : "Unknown";
  return {
    state: next,
    want,
    mode,
    replicasPatch: scaling.isApplied && want !== input.replicas ? want : null,
    numActivators: numActivators(spec, input.readyPods),
    isServiceReady,
    ready: allTrue(next.active.status, next.isInitialized ? "True" : "Unknown", isServiceReady),
    requeueAfterMs: scaling.requeueAfterMs === null ? [] : [scaling.requeueAfterMs],
    isActivatorProbed: scaling.isActivatorProbed,
    needsAsyncProbe: scaling.needsAsyncProbe,
  };
}

/** Bounds of the replicas as they hold now: {min, max}; max 0 = no limit. An unreachable revision has no minimum. */
export function scaleBounds(
  spec: ScalingSpec,
  reachability: Reachability,
): { readonly min: number; readonly max: number } {
  return { min: reachability === "Unreachable" ? 0 : spec.minScale, max: spec.maxScale };
}

/** Nothing can be decided yet: Proxy, as few activators as there are, and a status that knows of no pod. */
function reconcileWithoutService(
  state: PodAutoscalerState,
  spec: ScalingSpec,
  input: PodAutoscalerInput,
  nowMs: number,
): PodAutoscalerResult {
  const nothing = { ...input, readyPods: 0, service: { ...input.service, hasName: false } };
  const next = { ...computeStatus(state, spec, nothing, UNKNOWN_SCALE, nowMs), mode: "Proxy" } as const;
  return {
    state: next,
    want: UNKNOWN_SCALE,
    mode: "Proxy",
    replicasPatch: null,
    numActivators: MIN_ACTIVATORS,
    isServiceReady: "Unknown",
    ready: allTrue(next.active.status, next.isInitialized ? "True" : "Unknown", "Unknown"),
    requeueAfterMs: [],
    isActivatorProbed: false,
    needsAsyncProbe: false,
  };
}

const UNKNOWN_SCALE = -1;

function scaleTarget(state: PodAutoscalerState, spec: ScalingSpec, input: PodAutoscalerInput, nowMs: number) {
  const isActivating = state.active.status === "Unknown";
  if (input.desired < 0 && !isActivating) return { ...UNTOUCHED, want: input.desired };

  const bounds = scaleBounds(spec, input.reachability);
  const needsInitialScale = spec.initialScale > 1 && !state.isInitialized && input.reachability !== "Unreachable";
  const min = needsInitialScale ? Math.max(spec.initialScale, bounds.min) : bounds.min;
  const want = clamp(input.desired, min, bounds.max);
  if (want > 0) return { ...UNTOUCHED, want, isApplied: true };
  return handleScaleToZero({
    active: state.active,
    isProxied: state.mode === "Proxy",
    spec,
    isReachable: input.reachability !== "Unreachable",
    proxySinceMs: input.service.proxySinceMs,
    activatorProbe: input.activatorProbe,
    nowMs,
  });
}

const UNTOUCHED = { isApplied: false, requeueAfterMs: null, isActivatorProbed: false, needsAsyncProbe: false } as const;

/** The minimum wins over the maximum: initial-scale 5 with max-scale 3 starts five. */
function clamp(scale: number, min: number, max: number): number {
  if (scale < min) return min;
  return max !== 0 && scale > max ? max : scale;
}

/** The conditions. Until the initial scale was reached, less does not count as active. */
function computeStatus(
  state: PodAutoscalerState,
  spec: ScalingSpec,
  input: PodAutoscalerInput,
  want: number,
  nowMs: number,
): Omit<PodAutoscalerState, "mode"> {
  const { readyPods } = input;
  const { min } = scaleBounds(spec, input.reachability);
  const minReady = Math.max(min, state.isInitialized ? 1 : spec.initialScale);
  return {
    active: nextActive(state.active, { want, readyPods, minReady }, nowMs),
    isInitialized: state.isInitialized || (readyPods >= minReady && input.service.hasName),
    desiredScale: want < 0 && state.desiredScale >= 0 ? state.desiredScale : want,
  };
}

function allTrue(...statuses: readonly ("True" | "False" | "Unknown")[]): "True" | "False" | "Unknown" {
  if (statuses.includes("False")) return "False";
  return statuses.includes("Unknown") ? "Unknown" : "True";
}
