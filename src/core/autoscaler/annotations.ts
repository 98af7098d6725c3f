/**
 * The autoscaling annotations of a revision: which there are, what they may say, and the ScalingSpec that they and
 * ConfigMap config-autoscaler add up to. Where a key has a camelCase alias, the dashed form wins.
 *
 * Messages are in Knative's words (`invalid value: …`, `expected low <= value <= high`): clients show them and people
 * search for them.
 *
 * Source: Knative serving/pkg/apis/autoscaling/annotation_validation.go and
 * serving/pkg/reconciler/autoscaling/{kpa/,}resources, commit 98e5ef90. Vectors: config.
 */
import { type AutoscalerConfig, TARGET_MIN, WINDOW_MAX_MS, WINDOW_MIN_MS } from "../config/autoscaler-config.ts";
import { type Parsed, parseCount, parseDuration, parseNumber } from "../config/scalar.ts";
import type { ScalingSpec } from "./spec.ts";

type Annotations = Readonly<Record<string, string>>;

/** One thing wrong with one annotation. Two that contradict each other give one problem each, with the same message. */
export type AnnotationProblem = { readonly key: string; readonly message: string; readonly details?: string };

/** Utilization of a pod under the rps metric; the config's percentage is for concurrency only. */
export const RPS_TARGET_UTILIZATION = 0.7;

const KPA_CLASS = "kpa.autoscaling.knative.dev";
const HPA_CLASS = "hpa.autoscaling.knative.dev";
const DEFAULT_PROGRESS_DEADLINE_MS = 600_000;

/** Every key that is read here, the preferred spelling first. */
const KEYS = {
  class: ["autoscaling.knative.dev/class"],
  metric: ["autoscaling.knative.dev/metric"],
  aggregation: spellings("metric-aggregation-algorithm", "metricAggregationAlgorithm"),
  target: ["autoscaling.knative.dev/target"],
  targetUtilization: spellings("target-utilization-percentage", "targetUtilizationPercentage"),
  targetBurstCapacity: spellings("target-burst-capacity", "targetBurstCapacity"),
  minScale: spellings("min-scale", "minScale"),
  maxScale: spellings("max-scale", "maxScale"),
  initialScale: spellings("initial-scale", "initialScale"),
  activationScale: ["autoscaling.knative.dev/activation-scale"],
  window: ["autoscaling.knative.dev/window"],
  panicWindow: spellings("panic-window-percentage", "panicWindowPercentage"),
  panicThreshold: spellings("panic-threshold-percentage", "panicThresholdPercentage"),
  scaleDownDelay: spellings("scale-down-delay", "scaleDownDelay"),
  podRetention: spellings("scale-to-zero-pod-retention-period", "scaleToZeroPodRetentionPeriod"),
  progressDeadline: spellings("progress-deadline", "progressDeadline", "serving.knative.dev"),
} as const;

type Name = keyof typeof KEYS;

/** Every annotation key that says something here, aliases included. */
export const SCALING_KEYS: readonly string[] = Object.values(KEYS).flat();

/**
 * Judges the annotations of a revision template.
 * @returns every problem; empty when the template may be used
 */
export function validateAutoscalingAnnotations(
  annotations: Annotations,
  config: AutoscalerConfig,
): readonly AnnotationProblem[] {
  const problems = (Object.keys(RULES) as (keyof typeof RULES)[]).flatMap((name) => {
    const found = find(annotations, name);
    const problem = found && RULES[name](found.text, annotations, config);
    return problem ? [{ key: found.key, ...problem }] : [];
  });
  return [...problems, ...boundsProblems(annotations)];
}

/**
 * The scaling of one revision. Text that does not parse counts as absent: validation has refused it, or it was written
 * before it was refused.
 * @param containerConcurrency  requests at once in one pod; 0 = no limit
 * @param progressDeadlineMs  from ConfigMap config-deployment, for revisions that do not name their own
 */
export function deriveScaling(
  annotations: Annotations,
  containerConcurrency: number,
  config: AutoscalerConfig,
  progressDeadlineMs = DEFAULT_PROGRESS_DEADLINE_MS,
): ScalingSpec {
  const number = (name: Name) => read(annotations, name, parseNumber);
  const count = (name: Name) => read(annotations, name, parseCount);
  const duration = (name: Name) => read(annotations, name, parseDuration);
  const initialScale = count("initialScale") ?? config.initialScale;
  const stableWindowMs = duration("window") ?? config.stableWindowMs;
  const panicWindowPercentage = number("panicWindow") ?? config.panicWindowPercentage;
  return {
    ...deriveTarget(annotations, containerConcurrency, config),
    aggregation: find(annotations, "aggregation")?.text.startsWith("weighted") ? "weighted-exponential" : "linear",
    targetBurstCapacity: number("targetBurstCapacity") ?? config.targetBurstCapacity,
    activatorCapacity: config.activatorCapacity,
    maxScaleUpRate: config.maxScaleUpRate,
    maxScaleDownRate: config.maxScaleDownRate,
    panicThreshold: (number("panicThreshold") ?? config.panicThresholdPercentage) / 100,
    stableWindowMs,
    panicWindowMs: derivePanicWindowMs(stableWindowMs, panicWindowPercentage),
    scaleDownDelayMs: duration("scaleDownDelay") ?? config.scaleDownDelayMs,
    initialScale: initialScale === 0 && !config.allowZeroInitialScale ? config.initialScale : initialScale,
    activationScale: count("activationScale") ?? 0,
    minScale: count("minScale") ?? config.minScale,
    maxScale: count("maxScale") ?? config.maxScale,
    enableScaleToZero: config.enableScaleToZero,
    scaleToZeroGracePeriodMs: config.scaleToZeroGracePeriodMs,
    scaleToZeroPodRetentionMs: duration("podRetention") ?? config.scaleToZeroPodRetentionMs,
    progressDeadlineMs: duration("progressDeadline") ?? progressDeadlineMs,
  };
}

/** A limit of 10 at 70 % gives target 7 and total 10; a `target` annotation lowers the total, never above the limit. */
function deriveTarget(annotations: Annotations, containerConcurrency: number, config: AutoscalerConfig) {
  const metric = find(annotations, "metric")?.text === "rps" ? "rps" : "concurrency";
  const isLimited = metric === "concurrency" && containerConcurrency > 0;
  const target = read(annotations, "target", parseNumber);
  const fallback = metric === "rps" ? config.requestsPerSecondTargetDefault : config.containerConcurrencyTargetDefault;
  const totalValue = isLimited ? Math.min(target ?? containerConcurrency, containerConcurrency) : (target ?? fallback);
  const percentage = read(annotations, "targetUtilization", parseNumber);
  const defaultUtilization = metric === "rps" ? RPS_TARGET_UTILIZATION : config.containerConcurrencyTargetFraction;
  const utilization = percentage === undefined ? defaultUtilization : percentage / 100;
  return { metric, totalValue, targetValue: Math.max(TARGET_MIN, totalValue * utilization) } as const;
}

/** Whole seconds, half away from zero, at least one: 10 % of 25 s is 3 s. */
function derivePanicWindowMs(stableWindowMs: number, percentage: number): number {
  return Math.max(1, Math.round((stableWindowMs * percentage) / 100 / 1_000)) * 1_000;
}

type Problem = Omit<AnnotationProblem, "key">;
type Rule = (text: string, annotations: Annotations, config: AutoscalerConfig) => Problem | undefined;

/** What each annotation may say by itself. The progress deadline is not an autoscaling annotation: others judge it. */
const RULES: Record<Exclude<Name, "progressDeadline">, Rule> = {
  class: (text) =>
    text.endsWith(".knative.dev") && text !== KPA_CLASS && text !== HPA_CLASS
      ? invalid(text, `use ${KPA_CLASS}, or a class of your own domain`)
      : undefined,
  metric: (text, annotations) => {
    const podAutoscalerClass = find(annotations, "class")?.text ?? KPA_CLASS;
    if (podAutoscalerClass === KPA_CLASS && text !== "concurrency" && text !== "rps") {
      return invalid(text, "use concurrency or rps");
    }
    return podAutoscalerClass === HPA_CLASS && text === "" ? invalid(text) : undefined;
  },
  aggregation: (text, annotations) => {
    const isKnown = ["", "linear", "weighted-exponential", "weightedExponential"].includes(text);
    const isKpa = find(annotations, "class")?.text === KPA_CLASS;
    return isKpa && !isKnown ? invalid(text, "use linear or weighted-exponential") : undefined;
  },
  target: (text) =>
    check(parseNumber(text), (value) =>
      value < TARGET_MIN ? { message: `target ${text} should be at least ${TARGET_MIN}` } : undefined,
    ),
  targetUtilization: percentageBetween(1, 100),
  targetBurstCapacity: (text) =>
    check(parseNumber(text), (value) =>
      value < 0 && value !== -1 ? invalid(text, "use 0 or more, or -1 for unlimited") : undefined,
    ),
  panicWindow: percentageBetween(1, 100),
  panicThreshold: percentageBetween(110, 1000),
  window: (text) =>
    check(parseDuration(text), (valueMs) =>
      valueMs < WINDOW_MIN_MS || valueMs > WINDOW_MAX_MS
        ? { message: `expected 6s <= ${text} <= 1h0m0s` }
        : wholeSeconds(valueMs),
    ),
  scaleDownDelay: (text) => check(parseDuration(text), (valueMs) => upToAnHour(text, valueMs) ?? wholeSeconds(valueMs)),
  podRetention: (text) => check(parseDuration(text), (valueMs) => upToAnHour(text, valueMs)),
  minScale: (text) => check(parseCount(text)),
  maxScale: (text, _annotations, { maxScaleLimit }) =>
    check(parseCount(text), (value) => {
      if (maxScaleLimit === 0 || (value >= 1 && value <= maxScaleLimit)) return undefined;
      return value === 0
        ? { message: `max-scale=0 (unlimited), must be less than ${maxScaleLimit}` }
        : { message: `expected 1 <= ${text} <= ${maxScaleLimit}` };
    }),
  initialScale: (text, _annotations, { allowZeroInitialScale }) =>
    check(parseCount(text), (value) =>
      value === 0 && !allowZeroInitialScale ? invalid(text, "0 is not allowed by config-autoscaler") : undefined,
    ),
  activationScale: (text) =>
    check(parseCount(text), (value) =>
      value < 2 ? { message: `activation-scale=${text} must be greater than 1` } : undefined,
    ),
};

/** min ≤ activation ≤ max, as far as they are given and are numbers. */
function boundsProblems(annotations: Annotations): AnnotationProblem[] {
  const min = read(annotations, "minScale", parseCount) ?? 0;
  const max = read(annotations, "maxScale", parseCount) ?? 0;
  const activation = read(annotations, "activationScale", parseCount);
  const problem = (name: Name, message: string) => ({ key: find(annotations, name)?.key ?? KEYS[name][0], message });
  const problems: AnnotationProblem[] = [];
  if (max !== 0 && max < min) {
    const message = `max-scale=${max} is less than min-scale=${min}`;
    problems.push(problem("maxScale", message), problem("minScale", message));
  }
  if (activation !== undefined && min > activation) {
    problems.push(problem("activationScale", `min-scale=${min} is greater than activation-scale=${activation}`));
  }
  if (activation !== undefined && max !== 0 && max < activation) {
    problems.push(problem("activationScale", `max-scale=${max} is less than activation-scale=${activation}`));
  }
  return problems;
}

function percentageBetween(low: number, high: number): Rule {
  return (text) =>
    check(parseNumber(text), (value) =>
      value < low || value > high ? { message: `expected ${low} <= ${text} <= ${high}` } : undefined,
    );
}

function upToAnHour(text: string, valueMs: number): Problem | undefined {
  return valueMs < 0 || valueMs > WINDOW_MAX_MS ? { message: `expected 0s <= ${text} <= 1h0m0s` } : undefined;
}

function wholeSeconds(valueMs: number): Problem | undefined {
  return valueMs % 1_000 === 0 ? undefined : { message: "must be specified with at most second precision" };
}

function check<T>(
  parsed: Parsed<T>,
  problemOf: (value: T) => Problem | undefined = () => undefined,
): Problem | undefined {
  if (parsed.ok) return problemOf(parsed.value);
  const { ok: _, ...problem } = parsed;
  return problem;
}

function invalid(text: string, details?: string): Problem {
  const message = `invalid value: ${text}`;
  return details === undefined ? { message } : { message, details };
}

function find(annotations: Annotations, name: Name): { readonly key: string; readonly text: string } | undefined {
  for (const key of KEYS[name]) {
    const text = annotations[key];
    if (text !== undefined) return { key, text };
  }
  return undefined;
}

function read<T>(annotations: Annotations, name: Name, parse: (text: string) => Parsed<T>): T | undefined {
  const found = find(annotations, name);
  const parsed = found && parse(found.text);
  return parsed?.ok ? parsed.value : undefined;
}

function spellings(dashed: string, camelCase: string, group = "autoscaling.knative.dev"): readonly [string, string] {
  return [`${group}/${dashed}`, `${group}/${camelCase}`];
}
