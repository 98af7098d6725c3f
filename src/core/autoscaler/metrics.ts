/**
 * What one revision carries: concurrency and requests per second, each over the stable and the panic window.
 *
 * Two sources feed the same buckets. Queue-proxies report everything in their pod together with the share that came
 * through the activator; the activator reports what it holds and has handed out. A record adds the queue-proxy's figure
 * less its proxied share, so that a request on the activator's path counts once, at the activator.
 *
 * Source: Knative serving/pkg/autoscaler/metrics/collector.go, commit 98e5ef90
 */
import type { ScalingSpec } from "./spec.ts";
import { createWindow, type MetricWindow } from "./windows.ts";

/** One report, averaged or counted over its period of one second. The activator leaves the proxied figures at 0. */
export type Stat = {
  /** Requests at once, time-weighted. */
  readonly averageConcurrency: number;
  readonly averageProxiedConcurrency: number;
  /** Requests per second that arrived. */
  readonly requestCount: number;
  readonly proxiedRequestCount: number;
};

/** Averages over the two windows: requests in flight, or requests per second, by metric; sums over all pods. */
export type Observation = { readonly stable: number; readonly panic: number };

type WindowSpec = Pick<ScalingSpec, "aggregation" | "stableWindowMs" | "panicWindowMs">;

export class RevisionMetrics {
  readonly #concurrency: WindowPair;
  readonly #rps: WindowPair;

  /** The aggregation stays for good, as the annotation cannot change on a revision; windows may be resized. */
  constructor(spec: WindowSpec) {
    this.#concurrency = createPair(spec);
    this.#rps = createPair(spec);
  }

  /** Adds a report. Reports of one second add up; a late one goes to its own second. */
  record(stat: Stat, nowMs: number): void {
    recordPair(this.#concurrency, nowMs, stat.averageConcurrency - stat.averageProxiedConcurrency);
    recordPair(this.#rps, nowMs, stat.requestCount - stat.proxiedRequestCount);
  }

  /**
   * @param expectsReports  pods are asked for reports (Knative's scrape target); false when the burst capacity is −1:
   *   then only the activator reports, and silence means no traffic instead of no data
   * @returns "no_data" when nothing was reported for longer than the stable window
   */
  stableAndPanic(metric: ScalingSpec["metric"], nowMs: number, expectsReports: boolean): Observation | "no_data" {
    const pair = metric === "rps" ? this.#rps : this.#concurrency;
    if (expectsReports && pair.stable.isEmpty(nowMs)) return "no_data";
    return { stable: pair.stable.average(nowMs), panic: pair.panic.average(nowMs) };
  }

  /** New window lengths; what was measured stays, as far as it fits. */
  resize(spec: Pick<WindowSpec, "stableWindowMs" | "panicWindowMs">, nowMs: number): void {
    for (const pair of [this.#concurrency, this.#rps]) {
      pair.stable.resize(spec.stableWindowMs, nowMs);
      pair.panic.resize(spec.panicWindowMs, nowMs);
    }
  }
}

type WindowPair = { readonly stable: MetricWindow; readonly panic: MetricWindow };

function createPair(spec: WindowSpec): WindowPair {
  return {
    stable: createWindow(spec.aggregation, spec.stableWindowMs),
    panic: createWindow(spec.aggregation, spec.panicWindowMs),
  };
}

function recordPair(pair: WindowPair, nowMs: number, value: number): void {
  pair.stable.record(nowMs, value);
  pair.panic.record(nowMs, value);
}
