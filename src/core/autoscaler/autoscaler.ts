/**
 * The autoscaler of one revision, as its Revision object holds it: windows, decider and reconciler behind three calls.
 *
 *     record(stat)   queue-proxies and the activator, each second; the activator also at the first request
 *     tick(...)      every 2 s, and at once when a request finds the revision at zero
 *     persisted()    what must survive the object; the windows do not
 *
 * From zero: record({averageConcurrency: 1, …}) then tick() gives replicas ≥ 1 in the same turn.
 *
 * An object that comes back knows no load. While pods run it wants what there is (as a restarted Knative autoscaler does:
 * scale −1, mode Proxy) until the first report; more than one pod also starts it in panic, which keeps them for a stable
 * window. At zero there is nothing to wait for: it goes on as if it had just decided on zero, so that min-scale holds.
 */
import type { ActiveCondition } from "./active-condition.ts";
import {
  createDecider,
  type DeciderState,
  type Decision,
  initialExcessBurstCapacity,
  restingScale,
  scale,
} from "./decider.ts";
import { type Observation, RevisionMetrics, type Stat } from "./metrics.ts";
import {
  createPodAutoscaler,
  type PodAutoscalerResult,
  type PodAutoscalerState,
  type Reachability,
  reconcile,
  type ServiceMode,
  scaleBounds,
} from "./pod-autoscaler.ts";
import type { ScalingSpec } from "./spec.ts";

/** Plain JSON, a few hundred bytes; it changes when conditions, mode or wish change, not with the load. */
export type PersistedAutoscaler = PodAutoscalerState & {
  /** Since when requests take the way through the activator, ms since epoch; null = they do not. */
  readonly proxySinceMs: number | null;
};

export type TickInput = {
  readonly readyPods: number;
  /** Pods that were asked for and are not ready yet. */
  readonly pendingPods: number;
  /** Replicas that the previous tick asked for; 0 for a new revision. */
  readonly currentReplicas: number;
  readonly reachability: Reachability;
  /** Milliseconds since epoch, never less than before. */
  readonly nowMs: number;
};

export type TickResult = {
  /** Replicas to have from now on, bounds and scale to zero applied; equals currentReplicas when there is nothing to do. */
  readonly replicas: number;
  readonly mode: ServiceMode;
  readonly excessBurstCapacity: number;
  readonly active: ActiveCondition;
  /** The initial scale was reached once. */
  readonly isInitialized: boolean;
  /** status.desiredScale: the last wish that was known; −1 before the first. */
  readonly desired: number;
  /** Tick again after so many milliseconds, even if the usual tick is further off; null = no need. */
  readonly requeueAfterMs: number | null;
  /** Without new traffic no later tick would change anything: ticking may stop until the next record with load. */
  readonly isFixedPoint: boolean;
  readonly inputs: TickInputs;
};

/** Why a tick decided as it did; for journals and views. */
export type TickInputs = {
  readonly metric: ScalingSpec["metric"];
  /** Null: no data. */
  readonly observed: Observation | null;
  readonly targetValue: number;
  /** Null: the tick was undecidable and the previous wish stands. */
  readonly desiredStable: number | null;
  readonly desiredPanic: number | null;
  /** The decider's wish before the bounds; −1 = none yet. */
  readonly desiredUnbounded: number;
  readonly isPanicking: boolean;
  readonly readyPods: number;
  readonly pendingPods: number;
  readonly minScale: number;
  readonly maxScale: number;
};

/**
 * The autoscaler of a revision that was just made, or of one that comes back.
 * @param readyPods  pods that are known to be ready at this moment
 * @param restored  what `persisted` gave in the previous life; absent for a new revision
 */
export function createAutoscaler(
  spec: ScalingSpec,
  readyPods: number,
  nowMs: number,
  restored?: PersistedAutoscaler,
): Autoscaler {
  return new Autoscaler(spec, readyPods, nowMs, restored);
}

export class Autoscaler {
  readonly #metrics: RevisionMetrics;
  readonly #isRestored: boolean;
  #spec: ScalingSpec;
  #decider: DeciderState;
  #state: PodAutoscalerState;
  #proxySinceMs: number | null;
  /** The last valid decision; null until there is data. */
  #decided: { readonly desired: number; readonly excessBurstCapacity: number } | null = null;

  constructor(spec: ScalingSpec, readyPods: number, nowMs: number, restored: PersistedAutoscaler | undefined) {
    this.#spec = spec;
    this.#metrics = new RevisionMetrics(spec);
    this.#decider = createDecider(spec, readyPods, nowMs);
    this.#isRestored = restored !== undefined;
    const { proxySinceMs, ...state } = restored ?? { ...createPodAutoscaler(nowMs), proxySinceMs: null };
    this.#state = state;
    this.#proxySinceMs = proxySinceMs;
  }

  /** The revision's scaling changed. Windows keep what was measured; the scale-down-delay stays as it was created. */
  updateSpec(spec: ScalingSpec, nowMs: number): void {
    this.#spec = spec;
    this.#metrics.resize(spec, nowMs);
  }

  /** A report of a queue-proxy, with its proxied share, or of the activator, whose proxied figures are 0. */
  record(stat: Stat, nowMs: number): void {
    this.#metrics.record(stat, nowMs);
  }

  tick(input: TickInput): TickResult {
    const { readyPods, currentReplicas, reachability, nowMs } = input;
    const before = this.#state;
    const observed = this.#observe(nowMs);
    const decision = this.#decide(observed, input);
    const { desired, excessBurstCapacity } = this.#wish(currentReplicas);

    this.#noteWay(readyPods, nowMs);
    const result = reconcile(
      before,
      this.#spec,
      {
        desired,
        excessBurstCapacity,
        readyPods,
        replicas: currentReplicas,
        reachability,
        service: { hasPrivateService: true, hasName: true, isReady: true, proxySinceMs: this.#proxySinceMs },
        activatorProbe: "ok",
      },
      nowMs,
    );
    this.#state = result.state;
    this.#noteWay(readyPods, nowMs);

    const replicas = this.#replicas(result, currentReplicas);
    const isAtZero = replicas === 0 && currentReplicas === 0 && readyPods === 0;
    // At zero there is nothing left that a grace period could hold back.
    const isGone = isAtZero && result.state.active.status === "False";
    const requeueAfterMs = isGone ? null : (result.requeueAfterMs[0] ?? null);
    const isSettled = replicas === currentReplicas && readyPods === replicas && input.pendingPods === 0;
    return {
      replicas,
      // Whatever was decided: without a ready pod there is only the activator to go to.
      mode: readyPods === 0 ? "Proxy" : result.mode,
      excessBurstCapacity,
      active: result.state.active,
      isInitialized: result.state.isInitialized,
      desired: result.state.desiredScale,
      requeueAfterMs,
      isFixedPoint:
        isSettled && requeueAfterMs === null && isSame(before, result.state) && this.#isIdle(observed, input, isGone),
      inputs: this.#explain(observed, decision, desired, input),
    };
  }

  /** The conditions as of the last tick. */
  status(): { readonly active: ActiveCondition; readonly isInitialized: boolean; readonly desired: number } {
    return {
      active: this.#state.active,
      isInitialized: this.#state.isInitialized,
      desired: this.#state.desiredScale,
    };
  }

  /** What a later `createAutoscaler` needs; store it whenever it changed. */
  persisted(): PersistedAutoscaler {
    return { ...this.#state, proxySinceMs: this.#proxySinceMs };
  }

  #observe(nowMs: number): Observation | "no_data" {
    // With unlimited burst capacity everything goes through the activator, and its silence means no traffic.
    const expectsReports = this.#spec.targetBurstCapacity !== -1;
    return this.#metrics.stableAndPanic(this.#spec.metric, nowMs, expectsReports);
  }

  #decide(observed: Observation | "no_data", { readyPods, reachability, nowMs }: TickInput): Decision {
    const isReachable = reachability !== "Unreachable";
    const { state, decision } = scale(this.#decider, this.#spec, { readyPods, isReachable, observed }, nowMs);
    this.#decider = state;
    if (decision.isValid) this.#decided = decision;
    return decision;
  }

  #wish(currentReplicas: number): { readonly desired: number; readonly excessBurstCapacity: number } {
    if (this.#decided !== null) return this.#decided;
    const isRestoredAtZero = this.#isRestored && currentReplicas === 0;
    return {
      desired: isRestoredAtZero ? 0 : -1,
      excessBurstCapacity: initialExcessBurstCapacity(this.#spec),
    };
  }

  /** Keeps the time since when the activator is in the path: in mode Proxy, and whenever no pod is ready. */
  #noteWay(readyPods: number, nowMs: number): void {
    const isProxied = readyPods === 0 || this.#state.mode !== "Serve";
    this.#proxySinceMs = isProxied ? (this.#proxySinceMs ?? nowMs) : null;
  }

  /** A new revision starts with its initial scale, whatever the maximum, until something was decided about it. */
  #replicas(result: PodAutoscalerResult, currentReplicas: number): number {
    if (result.replicasPatch !== null) return result.replicasPatch;
    const isUntouched = result.state.desiredScale < 0 && !result.state.isInitialized;
    return isUntouched ? Math.max(currentReplicas, this.#spec.initialScale) : currentReplicas;
  }

  /** Nothing is measured, nothing is remembered that time alone would change. */
  #isIdle(observed: Observation | "no_data", { readyPods, reachability }: TickInput, isGone: boolean): boolean {
    if (observed === "no_data") return isGone;
    if (observed.stable !== 0 || observed.panic !== 0 || this.#decider.panicSinceMs !== null) return false;
    const isReachable = reachability !== "Unreachable";
    return this.#decided?.desired === restingScale(this.#spec, { readyPods, isReachable });
  }

  #explain(
    observed: Observation | "no_data",
    decision: Decision,
    desiredUnbounded: number,
    { readyPods, pendingPods, reachability }: TickInput,
  ): TickInputs {
    const { min, max } = scaleBounds(this.#spec, reachability);
    return {
      metric: this.#spec.metric,
      observed: observed === "no_data" ? null : observed,
      targetValue: this.#spec.targetValue,
      desiredStable: decision.isValid ? decision.desiredStable : null,
      desiredPanic: decision.isValid ? decision.desiredPanic : null,
      desiredUnbounded,
      isPanicking: this.#decider.panicSinceMs !== null,
      readyPods,
      pendingPods,
      minScale: min,
      maxScale: max,
    };
  }
}

function isSame(a: PodAutoscalerState, b: PodAutoscalerState): boolean {
  return (
    a.active === b.active &&
    a.isInitialized === b.isInitialized &&
    a.mode === b.mode &&
    a.desiredScale === b.desiredScale
  );
}
