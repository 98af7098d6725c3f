import { describe, expect, it } from "vitest";
import { deriveScaling, validateAutoscalingAnnotations } from "../../../src/core/autoscaler/annotations.ts";
import { initialExcessBurstCapacity } from "../../../src/core/autoscaler/decider.ts";
import { type Reachability, scaleBounds } from "../../../src/core/autoscaler/pod-autoscaler.ts";
import {
  type AutoscalerConfig,
  defaultAutoscalerConfig,
  parseAutoscalerConfig,
} from "../../../src/core/config/autoscaler-config.ts";
import { loadVectors } from "../../vectors.ts";

type AnnotationsCase = {
  readonly id: string;
  readonly kind: string;
  readonly note: string;
  readonly config_autoscaler: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly want_valid?: boolean;
};

type DeciderCase = AnnotationsCase & {
  readonly container_concurrency: number;
  readonly reachability: string;
  readonly want_decider: Record<string, unknown> & {
    readonly target_value: number;
    readonly panic_threshold: number;
    readonly reachable: boolean;
  };
  readonly want_metric: {
    readonly aggregation_algorithm: string;
    readonly panic_window_ms: number;
    readonly stable_window_ms: number;
  };
  readonly want_scale_bounds: { readonly min: number; readonly max: number };
  readonly want_initial_decider_status: { readonly desired_scale: number; readonly excess_burst_capacity: number };
};

const { cases } = loadVectors<AnnotationsCase>("config");
const key = (name: string) => `autoscaling.knative.dev/${name}`;

describe("autoscaling annotations are accepted and refused as by Knative (config.json)", () => {
  it.each(cases.filter((vector) => vector.kind === "annotations"))("$id: $note $annotations", (vector) => {
    const problems = validateAutoscalingAnnotations(vector.annotations, configOf(vector));
    expect(problems.length === 0, JSON.stringify(problems)).toBe(vector.want_valid ?? false);
    for (const problem of problems) expect(vector.annotations).toHaveProperty([problem.key]);
  });
});

describe("annotations and config add up to Knative's decider and metric (config.json)", () => {
  it.each(cases.filter((vector): vector is DeciderCase => vector.kind === "decider"))("$id: $note", (vector) => {
    const spec = deriveScaling(vector.annotations, vector.container_concurrency, configOf(vector));
    const { target_value, panic_threshold, reachable, ...wantDecider } = vector.want_decider;
    expect(spec.targetValue).toBeCloseTo(target_value, 9);
    expect(spec.panicThreshold).toBeCloseTo(panic_threshold, 9);
    expect({
      activation_scale: spec.activationScale,
      activator_capacity: spec.activatorCapacity,
      initial_scale: spec.initialScale,
      max_scale_down_rate: spec.maxScaleDownRate,
      max_scale_up_rate: spec.maxScaleUpRate,
      scale_down_delay_ms: spec.scaleDownDelayMs,
      scaling_metric: spec.metric,
      stable_window_ms: spec.stableWindowMs,
      target_burst_capacity: spec.targetBurstCapacity,
      total_value: spec.totalValue,
    }).toEqual(wantDecider);
    expect({
      aggregation_algorithm: spec.aggregation,
      panic_window_ms: spec.panicWindowMs,
      stable_window_ms: spec.stableWindowMs,
    }).toEqual({
      ...vector.want_metric,
      // Knative leaves it empty when nobody asked; empty is linear.
      aggregation_algorithm: vector.want_metric.aggregation_algorithm || "linear",
    });
    const reachability = (vector.reachability || "Unknown") as Reachability;
    expect(reachability !== "Unreachable").toBe(reachable);
    expect(scaleBounds(spec, reachability)).toEqual(vector.want_scale_bounds);
    expect(initialExcessBurstCapacity(spec)).toBe(vector.want_initial_decider_status.excess_burst_capacity);
  });
});

describe("validateAutoscalingAnnotations", () => {
  const problemsOf = (annotations: Record<string, string>, config: Partial<AutoscalerConfig> = {}) =>
    validateAutoscalingAnnotations(annotations, { ...defaultAutoscalerConfig(), ...config });

  it("names both annotations of a contradiction, as they were spelled", () => {
    const message = "max-scale=1 is less than min-scale=2";
    expect(problemsOf({ [key("minScale")]: "2", [key("max-scale")]: "1" })).toEqual([
      { key: key("max-scale"), message },
      { key: key("minScale"), message },
    ]);
  });

  it("keeps activation-scale between min-scale and max-scale", () => {
    const annotations = { [key("activation-scale")]: "5", [key("max-scale")]: "4" };
    expect(problemsOf(annotations)).toEqual([
      { key: key("activation-scale"), message: "max-scale=4 is less than activation-scale=5" },
    ]);
  });

  it("refuses an unlimited max-scale where the operator set a limit", () => {
    expect(problemsOf({ [key("max-scale")]: "0" }, { maxScaleLimit: 10 })).toEqual([
      { key: key("max-scale"), message: "max-scale=0 (unlimited), must be less than 10" },
    ]);
  });

  it("lets the dashed spelling win over the alias", () => {
    expect(problemsOf({ [key("min-scale")]: "1", [key("minScale")]: "nonsense" })).toEqual([]);
  });

  it("says what to write instead", () => {
    expect(problemsOf({ [key("window")]: "60" })).toEqual([
      { key: key("window"), message: "invalid value: 60", details: 'use a duration with a unit, such as "90s"' },
    ]);
  });

  it("reports several problems at once", () => {
    const annotations = { [key("target")]: "0.001", [key("metric")]: "memory", [key("min-scale")]: "-1" };
    expect(problemsOf(annotations).map((problem) => problem.message)).toEqual([
      "invalid value: memory",
      "target 0.001 should be at least 0.01",
      "expected 0 <= -1 <= 2147483647",
    ]);
  });
});

describe("deriveScaling", () => {
  it("takes the progress deadline from the annotation, else from the caller, else 600 s", () => {
    const config = defaultAutoscalerConfig();
    const annotated = { "serving.knative.dev/progress-deadline": "2m" };
    expect(deriveScaling(annotated, 0, config, 5_000).progressDeadlineMs).toBe(120_000);
    expect(deriveScaling({}, 0, config, 5_000).progressDeadlineMs).toBe(5_000);
    expect(deriveScaling({}, 0, config).progressDeadlineMs).toBe(600_000);
  });
});

function configOf(vector: AnnotationsCase): AutoscalerConfig {
  const parsed = parseAutoscalerConfig(vector.config_autoscaler);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}
