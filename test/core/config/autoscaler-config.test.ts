import { describe, expect, it } from "vitest";
import { RPS_TARGET_UTILIZATION } from "../../../src/core/autoscaler/annotations.ts";
import {
  type AutoscalerConfig,
  defaultAutoscalerConfig,
  parseAutoscalerConfig,
} from "../../../src/core/config/autoscaler-config.ts";
import { loadVectors } from "../../vectors.ts";

type ConfigCase = {
  readonly id: string;
  readonly kind: string;
  readonly config_autoscaler: Record<string, string>;
  readonly want_valid?: boolean;
  readonly want_config?: Record<string, unknown>;
};

const cases = loadVectors<ConfigCase>("config").cases.filter((vector) => vector.kind === "config_autoscaler");

describe("config-autoscaler is read as Knative reads it (config.json)", () => {
  it.each(cases)("$id: $config_autoscaler", (vector) => {
    const parsed = parseAutoscalerConfig(vector.config_autoscaler);
    expect(parsed.ok).toBe(vector.want_valid ?? false);
    if (parsed.ok) expect(toVector(parsed.config)).toEqual(vector.want_config);
    else expect(parsed.problems).not.toEqual([]);
  });
});

describe("parseAutoscalerConfig", () => {
  it("gives the defaults for an empty map and ignores keys that it does not know", () => {
    expect(parseAutoscalerConfig({ _example: "…", "no-such-key": "1" })).toEqual({
      ok: true,
      config: defaultAutoscalerConfig(),
    });
  });

  it("reports every bad key with what is wrong and what to write", () => {
    const data = { "stable-window": "60", "max-scale-up-rate": "1", "enable-scale-to-zero": "yes" };
    expect(parseAutoscalerConfig(data)).toEqual({
      ok: false,
      problems: [
        { key: "enable-scale-to-zero", message: 'invalid value: yes (use "true" or "false")' },
        { key: "max-scale-up-rate", message: "1 must be greater than 1" },
        { key: "stable-window", message: 'invalid value: 60 (use a duration with a unit, such as "90s")' },
      ],
    });
  });

  it("refuses values that hold for each key but not together", () => {
    const problemKeys = (data: Record<string, string>) => {
      const parsed = parseAutoscalerConfig(data);
      return parsed.ok ? [] : parsed.problems.map(({ key }) => key);
    };
    expect(problemKeys({ "min-scale": "3", "max-scale": "2" })).toEqual(["min-scale"]);
    expect(problemKeys({ "min-scale": "3", "max-scale": "0" })).toEqual([]);
    expect(problemKeys({ "initial-scale": "0" })).toEqual(["initial-scale"]);
    expect(problemKeys({ "initial-scale": "0", "allow-zero-initial-scale": "true" })).toEqual([]);
    expect(problemKeys({ "max-scale-limit": "10" })).toEqual(["max-scale"]);
    expect(problemKeys({ "container-concurrency-target-default": "0.01" })).toEqual([
      "container-concurrency-target-default",
    ]);
  });

  it("refuses NaN and infinity, which would pass a range check", () => {
    for (const text of ["NaN", "Inf", "1e999"])
      expect(parseAutoscalerConfig({ "max-scale-up-rate": text }).ok).toBe(false);
  });
});

function toVector(config: AutoscalerConfig): Record<string, unknown> {
  return {
    enable_scale_to_zero: config.enableScaleToZero,
    allow_zero_initial_scale: config.allowZeroInitialScale,
    container_concurrency_target_fraction: config.containerConcurrencyTargetFraction,
    container_concurrency_target_default: config.containerConcurrencyTargetDefault,
    non_concurrency_target_utilization: RPS_TARGET_UTILIZATION,
    requests_per_second_target_default: config.requestsPerSecondTargetDefault,
    target_burst_capacity: config.targetBurstCapacity,
    activator_capacity: config.activatorCapacity,
    max_scale_up_rate: config.maxScaleUpRate,
    max_scale_down_rate: config.maxScaleDownRate,
    panic_window_percentage: config.panicWindowPercentage,
    panic_threshold_percentage: config.panicThresholdPercentage,
    stable_window_ms: config.stableWindowMs,
    scale_down_delay_ms: config.scaleDownDelayMs,
    scale_to_zero_grace_period_ms: config.scaleToZeroGracePeriodMs,
    scale_to_zero_pod_retention_period_ms: config.scaleToZeroPodRetentionMs,
    initial_scale: config.initialScale,
    min_scale: config.minScale,
    max_scale: config.maxScale,
    max_scale_limit: config.maxScaleLimit,
    pod_autoscaler_class: config.podAutoscalerClass,
  };
}
