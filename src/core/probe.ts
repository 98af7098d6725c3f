/**
 * When to ask a starting pod whether it is ready, and what its answers mean.
 *
 * A cold start waits for this loop, so the aggressive mode (`periodSec` 0, the default) probes at once and then after a
 * twentieth of the time that has passed, between 2 and 50 ms: a pod that needs 50 ms is seen ready at most 2.5 ms late,
 * one that needs a second 50 ms late (Knative's period) after about 90 probes. A declared period is kept as it is.
 *
 * Source: Knative semantics of readiness (queue-proxy probes), serving commit 98e5ef90; the ramp is our own.
 */
import type { Probe } from "./protocol/pod.ts";

const AGGRESSIVE_MIN_DELAY_MS = 2;
/** Knative's aggressive period. */
const AGGRESSIVE_MAX_DELAY_MS = 50;
const AGGRESSIVE_DELAY_SHARE = 1 / 20;
/** Knative gives each aggressive try 100 ms. A handler that is slow only while it warms up gets more as time passes. */
const AGGRESSIVE_MIN_TIMEOUT_MS = 100;
const AGGRESSIVE_MAX_TIMEOUT_MS = 1_000;

/** JSON-safe. `startedAtMs` is when the process or container ran. */
export type ProbeState = {
  readonly startedAtMs: number;
  readonly consecutiveSuccesses: number;
};

export type ProbeStep =
  | { readonly kind: "ready" }
  /** Ask at `atMs` (at once if it has passed); an answer that takes longer than `timeoutMs` is a failure. */
  | { readonly kind: "probe"; readonly atMs: number; readonly timeoutMs: number }
  /** The progress deadline passed. */
  | { readonly kind: "failed" };

export function beginProbing(probe: Probe, startedAtMs: number): { state: ProbeState; step: ProbeStep } {
  const state = { startedAtMs, consecutiveSuccesses: 0 };
  const atMs = startedAtMs + Math.max(0, probe.initialDelaySec) * 1_000;
  return { state, step: { kind: "probe", atMs, timeoutMs: timeoutMs(probe, 0) } };
}

/**
 * An answer came.
 * @param hasPassed the probe's verdict; a failure sets the count of consecutive successes back
 * @param progressDeadlineSec a pod that is not ready after this long has failed; 0 = never
 * @param nowMs milliseconds of the clock of `startedAtMs`
 */
export function observeProbe(
  probe: Probe,
  progressDeadlineSec: number,
  state: ProbeState,
  hasPassed: boolean,
  nowMs: number,
): { state: ProbeState; step: ProbeStep } {
  const consecutiveSuccesses = hasPassed ? state.consecutiveSuccesses + 1 : 0;
  const next = { startedAtMs: state.startedAtMs, consecutiveSuccesses };
  if (consecutiveSuccesses >= Math.max(1, probe.successThreshold)) return { state: next, step: { kind: "ready" } };
  const elapsedMs = nowMs - state.startedAtMs;
  const deadlineAtMs = progressDeadlineSec > 0 ? state.startedAtMs + progressDeadlineSec * 1_000 : Infinity;
  if (nowMs >= deadlineAtMs) return { state: next, step: { kind: "failed" } };
  // The last try is made at the deadline itself, so that a long period does not stretch it.
  const atMs = Math.min(nowMs + delayMs(probe, elapsedMs), deadlineAtMs);
  return { state: next, step: { kind: "probe", atMs, timeoutMs: timeoutMs(probe, elapsedMs) } };
}

function delayMs(probe: Probe, elapsedMs: number): number {
  if (probe.periodSec > 0) return probe.periodSec * 1_000;
  return clamp(elapsedMs * AGGRESSIVE_DELAY_SHARE, AGGRESSIVE_MIN_DELAY_MS, AGGRESSIVE_MAX_DELAY_MS);
}

function timeoutMs(probe: Probe, elapsedMs: number): number {
  if (probe.periodSec > 0) return Math.max(1, probe.timeoutSec) * 1_000;
  return clamp(elapsedMs / 2, AGGRESSIVE_MIN_TIMEOUT_MS, AGGRESSIVE_MAX_TIMEOUT_MS);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
