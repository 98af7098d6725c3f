import { describe, expect, it } from "vitest";
import { createDecider, numActivators, scale } from "../../../src/core/autoscaler/decider.ts";
import { loadVectors } from "../../vectors.ts";
import { toScalingSpec, type VectorSpec } from "./scaling-vectors.ts";

type DecideCase = {
  readonly id: string;
  readonly note: string;
  readonly spec: VectorSpec;
  readonly created_ms: number;
  readonly initial_ready_pods?: number;
  readonly initial_pod_count_error?: string;
  readonly ticks: readonly Tick[];
};

type Tick = {
  readonly t_ms: number;
  readonly update_spec?: VectorSpec;
  readonly ready_pods?: number;
  readonly pod_count_error?: "not_found" | "other";
  readonly observed_stable?: number;
  readonly observed_panic?: number;
  readonly metric_error?: string;
  readonly want: {
    readonly scale_valid?: boolean;
    readonly desired_pod_count?: number;
    readonly excess_burst_capacity?: number;
    readonly num_activators?: number;
    readonly in_panic?: boolean;
    readonly max_panic_pods?: number;
  };
};

describe("the decider wants what the KPA wants, tick by tick (kpa-decide.json)", () => {
  it.each(loadVectors<DecideCase>("kpa-decide").cases)("$id: $note", (vector) => {
    const initialPods = vector.initial_pod_count_error ? 0 : (vector.initial_ready_pods ?? 0);
    let vectorSpec = vector.spec;
    let state = createDecider(toScalingSpec(vectorSpec), initialPods, vector.created_ms);
    for (const [index, tick] of vector.ticks.entries()) {
      vectorSpec = tick.update_spec ?? vectorSpec;
      const spec = toScalingSpec(vectorSpec);
      // A pod count that is not known makes the tick invalid, as a metric that is not known does.
      const isUnknown = tick.metric_error !== undefined || tick.pod_count_error === "other";
      const readyPods = tick.pod_count_error ? 0 : (tick.ready_pods ?? 0);
      const result = scale(
        state,
        spec,
        {
          readyPods,
          isReachable: vectorSpec.reachable ?? false,
          observed: isUnknown ? "no_data" : { stable: tick.observed_stable ?? 0, panic: tick.observed_panic ?? 0 },
        },
        tick.t_ms,
      );
      state = result.state;
      const { decision } = result;
      expect(
        {
          scale_valid: decision.isValid,
          desired_pod_count: decision.isValid ? decision.desired : 0,
          excess_burst_capacity: decision.isValid ? decision.excessBurstCapacity : 0,
          num_activators: numActivators(spec, tick.ready_pods ?? 0),
          in_panic: state.panicSinceMs !== null,
          max_panic_pods: state.maxPanicPods,
        },
        `tick ${index}`,
      ).toEqual({
        scale_valid: tick.want.scale_valid ?? false,
        desired_pod_count: tick.want.desired_pod_count ?? 0,
        excess_burst_capacity: tick.want.excess_burst_capacity ?? 0,
        num_activators: tick.want.num_activators ?? 0,
        in_panic: tick.want.in_panic ?? false,
        max_panic_pods: tick.want.max_panic_pods ?? 0,
      });
    }
  });

  it("keeps its state as plain JSON, so that a copy decides the same", () => {
    const vector = loadVectors<DecideCase>("kpa-decide").cases.find((c) => (c.spec.scale_down_delay_ms ?? 0) > 0);
    if (vector === undefined) throw new Error("kpa-decide.json has no case with a scale-down-delay");
    const spec = toScalingSpec(vector.spec);
    const input = { readyPods: 4, isReachable: true, observed: { stable: 90, panic: 95 } };
    const { state } = scale(createDecider(spec, 4, 0), spec, input, 2_000);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    const idle = { ...input, observed: { stable: 0, panic: 0 } };
    expect(scale(JSON.parse(JSON.stringify(state)), spec, idle, 4_000)).toEqual(scale(state, spec, idle, 4_000));
  });
});
