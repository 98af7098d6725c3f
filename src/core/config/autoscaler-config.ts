/**
 * ConfigMap config-autoscaler: what revisions use unless their annotations say otherwise.
 *
 * Not configurable, as in Knative: the tick of 2 s, the bucket of 1 s, the report of 1 s.
 *
 * Source: Knative serving/pkg/autoscaler/config/config.go, commit 98e5ef90. Vectors: config, kind config_autoscaler.
 */
import {
  type ConfigData,
  type ConfigProblem,
  type ConfigResult,
  defaultsOf,
  exampleOf,
  isKeyOf,
  keysOf,
  parseRows,
  type Rows,
} from "./rows.ts";
import { type Parsed, parseBoolean, parseCount, parseDuration, parseNumber, parseText } from "./scalar.ts";

export type AutoscalerConfig = {
  readonly enableScaleToZero: boolean;
  readonly allowZeroInitialScale: boolean;
  /** Share of a pod's concurrency that is used on average; 0.7 = 70 %. */
  readonly containerConcurrencyTargetFraction: number;
  /** Requests at once that a pod without a limit is taken to carry. */
  readonly containerConcurrencyTargetDefault: number;
  readonly requestsPerSecondTargetDefault: number;
  /** Requests at once that ready pods shall be able to swallow in addition; −1 = unlimited. */
  readonly targetBurstCapacity: number;
  readonly activatorCapacity: number;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  readonly panicWindowPercentage: number;
  readonly panicThresholdPercentage: number;
  readonly stableWindowMs: number;
  readonly scaleDownDelayMs: number;
  readonly scaleToZeroGracePeriodMs: number;
  readonly scaleToZeroPodRetentionMs: number;
  readonly initialScale: number;
  readonly minScale: number;
  /** 0 = no limit. */
  readonly maxScale: number;
  /** The largest max-scale that anyone may ask for; 0 = none. */
  readonly maxScaleLimit: number;
  readonly podAutoscalerClass: string;
};

/** The least that a pod may be asked to carry on average. */
export const TARGET_MIN = 0.01;
export const WINDOW_MIN_MS = 6_000;
export const WINDOW_MAX_MS = 3_600_000;

/** @returns the typed config with defaults filled in, or every problem with the key it belongs to */
export function parseAutoscalerConfig(data: ConfigData): ConfigResult<AutoscalerConfig> {
  return parseRows(ROWS, data, crossKeyProblems);
}

/** The config of an empty map. */
export function defaultAutoscalerConfig(): AutoscalerConfig {
  return defaultsOf(ROWS);
}

const ROWS: Rows<AutoscalerConfig> = {
  enableScaleToZero: {
    key: "enable-scale-to-zero",
    fallback: true,
    parse: parseBoolean,
    about: "false keeps one pod of every revision.",
  },
  allowZeroInitialScale: {
    key: "allow-zero-initial-scale",
    fallback: false,
    parse: parseBoolean,
    about: "Whether initial-scale may be 0.",
  },
  containerConcurrencyTargetFraction: {
    key: "container-concurrency-target-percentage",
    fallback: 0.7,
    parse: parseFraction,
    check: (value) => (value > 0 && value <= 1 ? undefined : "is outside of the range (0, 100]"),
    about: "Share of a pod's concurrency that is aimed at, above 0 and up to 100.",
    example: "70",
  },
  containerConcurrencyTargetDefault: {
    key: "container-concurrency-target-default",
    fallback: 100,
    parse: parseNumber,
    about: "Requests at once that a pod without a limit is taken to carry.",
  },
  requestsPerSecondTargetDefault: {
    key: "requests-per-second-target-default",
    fallback: 200,
    parse: parseNumber,
    check: atLeast(TARGET_MIN),
    about: "Requests per second of a pod, with the metric rps.",
  },
  targetBurstCapacity: {
    key: "target-burst-capacity",
    fallback: 211,
    parse: parseNumber,
    check: (value) => (value >= 0 || value === -1 ? undefined : "must be at least 0, or -1 for unlimited"),
    about: "Requests at once that ready pods shall swallow besides; -1 keeps the activator in the path.",
  },
  activatorCapacity: {
    key: "activator-capacity",
    fallback: 100,
    parse: parseNumber,
    check: atLeast(1),
    about: "Requests at once that one activator carries.",
  },
  maxScaleUpRate: {
    key: "max-scale-up-rate",
    fallback: 1000,
    parse: parseNumber,
    check: greaterThanOne,
    about: "How many times larger a revision may get per tick of 2 s; above 1.",
  },
  maxScaleDownRate: {
    key: "max-scale-down-rate",
    fallback: 2,
    parse: parseNumber,
    check: greaterThanOne,
    about: "How many times smaller a revision may get per tick; above 1.",
  },
  panicWindowPercentage: {
    key: "panic-window-percentage",
    fallback: 10,
    parse: parseNumber,
    check: (value) => (value >= 1 && value <= 100 ? undefined : "must be in [1, 100]"),
    about: "Length of the panic window as a share of the stable window, 1 to 100.",
  },
  // Knative takes any number here; only the annotation has a range.
  panicThresholdPercentage: {
    key: "panic-threshold-percentage",
    fallback: 200,
    parse: parseNumber,
    about: "Demand above this share of the capacity is panic: a revision only grows then.",
  },
  stableWindowMs: {
    key: "stable-window",
    fallback: 60_000,
    parse: parseDuration,
    check: (value) =>
      value >= WINDOW_MIN_MS && value <= WINDOW_MAX_MS ? wholeSeconds(value) : "must be between 6s and 1h",
    about: "The load is averaged over this time, 6s to 1h.",
    example: "60s",
  },
  scaleDownDelayMs: {
    key: "scale-down-delay",
    fallback: 0,
    parse: parseDuration,
    check: (value) => (value >= 0 ? wholeSeconds(value) : "must not be negative"),
    about: "A lower load must last so long before pods go.",
    example: "0s",
  },
  scaleToZeroGracePeriodMs: {
    key: "scale-to-zero-grace-period",
    fallback: 30_000,
    parse: parseDuration,
    check: (value) => (value > 0 ? undefined : "must be positive"),
    about: "How long the switch to the activator may take before the last pod goes.",
    example: "30s",
  },
  scaleToZeroPodRetentionMs: {
    key: "scale-to-zero-pod-retention-period",
    fallback: 0,
    parse: parseDuration,
    check: (value) => (value >= 0 ? undefined : "must not be negative"),
    about: "The last pod stays at least so long.",
    example: "0s",
  },
  initialScale: {
    key: "initial-scale",
    fallback: 1,
    parse: parseCount,
    about: "Pods that a new revision must reach once to be ready.",
  },
  minScale: { key: "min-scale", fallback: 0, parse: parseCount, about: "Pods that stay when nobody calls." },
  maxScale: { key: "max-scale", fallback: 0, parse: parseCount, about: "Pods at most; 0 = no limit." },
  maxScaleLimit: {
    key: "max-scale-limit",
    fallback: 0,
    parse: parseCount,
    about: "The largest max-scale that anyone may ask for; 0 = none.",
  },
  podAutoscalerClass: {
    key: "pod-autoscaler-class",
    fallback: "kpa.autoscaling.knative.dev",
    parse: parseText,
    about: "There is one autoscaler here, the KPA.",
  },
};

/** Every key that is read. */
export const AUTOSCALER_CONFIG_KEYS = keysOf(ROWS);

export const isAutoscalerKey = (key: string) => isKeyOf(ROWS, key);

export const AUTOSCALER_EXAMPLE = exampleOf("# What a revision uses unless its annotations say otherwise.", ROWS);

function crossKeyProblems(config: AutoscalerConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const target = config.containerConcurrencyTargetFraction * config.containerConcurrencyTargetDefault;
  if (target < TARGET_MIN) {
    problems.push({
      key: ROWS.containerConcurrencyTargetDefault.key,
      message: `with ${ROWS.containerConcurrencyTargetFraction.key} it gives a target of ${target}; it must be at least ${TARGET_MIN}`,
    });
  }
  if (config.initialScale === 0 && !config.allowZeroInitialScale) {
    problems.push({
      key: ROWS.initialScale.key,
      message: `0 needs ${ROWS.allowZeroInitialScale.key}: "true"; otherwise use at least 1`,
    });
  }
  if (config.maxScale > 0 && config.minScale > config.maxScale) {
    problems.push({
      key: ROWS.minScale.key,
      message: `${config.minScale} must not be greater than max-scale (${config.maxScale})`,
    });
  }
  if (config.maxScaleLimit > 0 && (config.maxScale < 1 || config.maxScale > config.maxScaleLimit)) {
    problems.push({
      key: ROWS.maxScale.key,
      message: `${config.maxScale} must be between 1 and max-scale-limit (${config.maxScaleLimit})`,
    });
  }
  return problems;
}

/** A percentage above 1, or a fraction up to it: "70" and "0.7" are the same, "1" is 100 %. */
function parseFraction(text: string): Parsed<number> {
  const parsed = parseNumber(text);
  return parsed.ok && parsed.value > 1 ? { ok: true, value: parsed.value / 100 } : parsed;
}

function atLeast(minimum: number): (value: number) => string | undefined {
  return (value) => (value >= minimum ? undefined : `must be at least ${minimum}`);
}

function greaterThanOne(value: number): string | undefined {
  return value > 1 ? undefined : "must be greater than 1";
}

function wholeSeconds(valueMs: number): string | undefined {
  return valueMs % 1_000 === 0 ? undefined : "must be whole seconds";
}
