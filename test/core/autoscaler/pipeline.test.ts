import { describe, expect, it } from "vitest";
import { createDecider, scale } from "../../../src/core/autoscaler/decider.ts";
import { type Observation, RevisionMetrics, type Stat } from "../../../src/core/autoscaler/metrics.ts";
import { loadVectors } from "../../vectors.ts";
import { toScalingSpec, type VectorSpec } from "./scaling-vectors.ts";

type PipelineCase = {
  readonly id: string;
  readonly note: string;
  readonly created_ms: number;
  readonly aggregation_algorithm?: string;
  readonly metric_stable_window_ms: number;
  readonly metric_panic_window_ms: number;
  readonly scrape_target_set?: boolean;
  readonly initial_ready_pods?: number;
  readonly spec: VectorSpec;
  readonly events: readonly PipelineEvent[];
};

type VectorStat = {
  readonly average_concurrent_requests?: number;
  readonly average_proxied_concurrent_requests?: number;
  readonly request_count?: number;
  readonly proxied_request_count?: number;
};

type WantObservation = { readonly stable?: number; readonly panic?: number; readonly error?: string };

type PipelineEvent =
  | { readonly op: "scrape"; readonly t_ms: number; readonly stat?: VectorStat }
  | {
      readonly op: "activator_stat";
      readonly t_ms: number;
      readonly stat_timestamp_ms: number;
      readonly stat: VectorStat;
    }
  | {
      readonly op: "update_metric";
      readonly t_ms: number;
      readonly stable_window_ms: number;
      readonly panic_window_ms: number;
    }
  | {
      readonly op: "scale";
      readonly t_ms: number;
      readonly ready_pods?: number;
      readonly want: {
        readonly concurrency: WantObservation;
        readonly rps: WantObservation;
        readonly scale_valid?: boolean;
        readonly desired_pod_count?: number;
        readonly excess_burst_capacity?: number;
        readonly in_panic?: boolean;
      };
    };

const { cases, tolerance } = loadVectors<PipelineCase>("pipeline");

describe("stats become windows become decisions as in Knative (pipeline.json)", () => {
  it.each(cases)("$id: $note", (vector) => {
    const metrics = new RevisionMetrics({
      aggregation: vector.aggregation_algorithm?.startsWith("weighted") ? "weighted-exponential" : "linear",
      stableWindowMs: vector.metric_stable_window_ms,
      panicWindowMs: vector.metric_panic_window_ms,
    });
    const spec = toScalingSpec(vector.spec);
    const expectsReports = vector.scrape_target_set ?? false;
    let state = createDecider(spec, vector.initial_ready_pods ?? 0, vector.created_ms);
    for (const event of vector.events) {
      switch (event.op) {
        case "scrape":
          if (event.stat) metrics.record(toStat(event.stat), event.t_ms);
          break;
        case "activator_stat":
          metrics.record(toStat(event.stat), event.stat_timestamp_ms);
          break;
        case "update_metric":
          metrics.resize({ stableWindowMs: event.stable_window_ms, panicWindowMs: event.panic_window_ms }, event.t_ms);
          break;
        case "scale": {
          const concurrency = metrics.stableAndPanic("concurrency", event.t_ms, expectsReports);
          const rps = metrics.stableAndPanic("rps", event.t_ms, expectsReports);
          expectObservation(concurrency, event.want.concurrency, `concurrency at ${event.t_ms}`);
          expectObservation(rps, event.want.rps, `rps at ${event.t_ms}`);
          const input = {
            readyPods: event.ready_pods ?? 0,
            isReachable: vector.spec.reachable ?? false,
            observed: spec.metric === "rps" ? rps : concurrency,
          };
          const result = scale(state, spec, input, event.t_ms);
          state = result.state;
          const { decision } = result;
          expect({
            scale_valid: decision.isValid,
            desired_pod_count: decision.isValid ? decision.desired : 0,
            excess_burst_capacity: decision.isValid ? decision.excessBurstCapacity : 0,
            in_panic: state.panicSinceMs !== null,
          }).toEqual({
            scale_valid: event.want.scale_valid ?? false,
            desired_pod_count: event.want.desired_pod_count ?? 0,
            excess_burst_capacity: event.want.excess_burst_capacity ?? 0,
            in_panic: event.want.in_panic ?? false,
          });
        }
      }
    }
  });
});

function toStat(stat: VectorStat): Stat {
  return {
    averageConcurrency: stat.average_concurrent_requests ?? 0,
    averageProxiedConcurrency: stat.average_proxied_concurrent_requests ?? 0,
    requestCount: stat.request_count ?? 0,
    proxiedRequestCount: stat.proxied_request_count ?? 0,
  };
}

function expectObservation(actual: Observation | "no_data", want: WantObservation, label: string): void {
  if (want.error !== undefined) {
    expect(actual, label).toBe(want.error);
    return;
  }
  if (actual === "no_data") throw new Error(`${label}: no data, want ${JSON.stringify(want)}`);
  expect(Math.abs(actual.stable - (want.stable ?? 0)), `${label}, stable`).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(actual.panic - (want.panic ?? 0)), `${label}, panic`).toBeLessThanOrEqual(tolerance);
}
