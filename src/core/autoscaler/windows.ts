/**
 * Metric windows: what a revision's pods carried over the last n seconds, kept in one ring of buckets.
 *
 *     granularity 1 s, window 6 s                  lastWrite
 *        │ 12 │  0 │  7 │ 31 │  9 │ 14 │               ▼
 *     ring index = (time / granularity) mod 6;  values of one bucket add up
 *
 * Two algorithms read the same ring. `linear` is a mean over the buckets written so far: a revision that started three
 * seconds ago is judged by three seconds, and seconds without any report at the end are left out, not counted as zero.
 * `weighted-exponential` gives each bucket 1−k times the weight of the next newer one.
 *
 * Windows are the hot state of the autoscaler: typed arrays, changed in place, at most 3,600 buckets (28 KiB). They do
 * not survive the object that holds them; the autoscaler starts anew with the pods it finds (decider.ts).
 *
 * Source: Knative serving/pkg/autoscaler/aggregation/bucketing.go, commit 98e5ef90
 */

export type Aggregation = "linear" | "weighted-exponential";

export type MetricWindow = {
  /** Adds `value` to the bucket of `nowMs`. Data older than the window is dropped; late data inside it is not. */
  record(nowMs: number, value: number): void;
  /** The average as of `nowMs`; 0 for a window without data. */
  average(nowMs: number): number;
  /** Nothing was written for longer than the window. At exactly the window's length the average is 0, yet it is not empty. */
  isEmpty(nowMs: number): boolean;
  /** Changes the length and keeps the newest buckets, or none if the data is older than the old window. */
  resize(windowMs: number, nowMs: number): void;
};

/** Length of a bucket in production, in milliseconds. */
export const BUCKET_MS = 1_000;

/**
 * An empty window.
 * @param windowMs  its length in milliseconds, a multiple of a second
 * @param granularityMs  length of a bucket, whole seconds in milliseconds
 */
export function createWindow(aggregation: Aggregation, windowMs: number, granularityMs = BUCKET_MS): MetricWindow {
  return aggregation === "linear"
    ? new LinearWindow(windowMs, granularityMs)
    : new WeightedExponentialWindow(windowMs, granularityMs);
}

class LinearWindow implements MetricWindow {
  protected readonly granularityMs: number;
  protected windowMs: number;
  protected buckets: Float64Array;
  protected lastWriteMs = Number.NEGATIVE_INFINITY;
  #firstWriteMs = Number.NEGATIVE_INFINITY;
  #total = 0;

  constructor(windowMs: number, granularityMs: number) {
    this.granularityMs = granularityMs;
    this.windowMs = windowMs;
    this.buckets = new Float64Array(Math.ceil(windowMs / granularityMs));
  }

  record(nowMs: number, value: number): void {
    const bucketMs = this.truncate(nowMs);
    if (bucketMs !== this.lastWriteMs) {
      if (bucketMs + this.windowMs <= this.lastWriteMs) return;
      // Late data can move the first write back.
      if (!Number.isFinite(this.#firstWriteMs) || this.#firstWriteMs > bucketMs) this.#firstWriteMs = bucketMs;
      if (bucketMs > this.lastWriteMs) this.#advanceTo(bucketMs);
    }
    const index = this.indexOf(bucketMs);
    this.buckets[index] = this.bucket(index) + value;
    this.#total += value;
  }

  average(nowMs: number): number {
    const queryMs = this.truncate(nowMs);
    const silentMs = queryMs - this.lastWriteMs;
    if (silentMs >= this.windowMs) return 0;
    const written = (this.lastWriteMs - this.#firstWriteMs) / this.granularityMs + 1;
    if (silentMs <= 0) return roundTo6Digits(this.#total / Math.min(written, this.buckets.length));

    let remaining = this.#total;
    for (let timeMs = this.lastWriteMs + this.granularityMs; timeMs <= queryMs; timeMs += this.granularityMs) {
      remaining -= this.bucket(this.indexOf(timeMs));
    }
    const current = this.buckets.length - silentMs / this.granularityMs;
    return roundTo6Digits(remaining / Math.min(written, current));
  }

  isEmpty(nowMs: number): boolean {
    return this.truncate(nowMs) - this.lastWriteMs > this.windowMs;
  }

  resize(windowMs: number, nowMs: number): void {
    if (windowMs === this.windowMs) return;
    const old = this.buckets;
    const isAlive = this.truncate(nowMs) - this.lastWriteMs <= this.windowMs;
    this.windowMs = windowMs;
    this.buckets = new Float64Array(Math.ceil(windowMs / this.granularityMs));
    this.#total = 0;
    if (!isAlive) {
      this.#firstWriteMs = Number.NEGATIVE_INFINITY;
      return;
    }
    const newest = this.lastWriteMs / this.granularityMs;
    for (let age = 0; age < Math.min(old.length, this.buckets.length); age++) {
      const value = old[modulo(newest - age, old.length)] ?? 0;
      this.buckets[modulo(newest - age, this.buckets.length)] = value;
      this.#total += value;
    }
    // As Knative has it: a window that was only partly filled counts as full from here on.
    this.#firstWriteMs = this.lastWriteMs - (old.length - 1) * this.granularityMs;
  }

  protected truncate(timeMs: number): number {
    return Math.floor(timeMs / this.granularityMs) * this.granularityMs;
  }

  protected indexOf(bucketMs: number): number {
    return modulo(bucketMs / this.granularityMs, this.buckets.length);
  }

  protected bucket(index: number): number {
    return this.buckets[index] ?? 0;
  }

  /** Clears the buckets between the last write and `bucketMs`; all of them after a silence of a whole window. */
  #advanceTo(bucketMs: number): void {
    if (bucketMs - this.lastWriteMs >= this.windowMs) {
      this.buckets.fill(0);
      this.#total = 0;
      this.#firstWriteMs = bucketMs;
    } else {
      for (let timeMs = this.lastWriteMs + this.granularityMs; timeMs <= bucketMs; timeMs += this.granularityMs) {
        const index = this.indexOf(timeMs);
        this.#total -= this.bucket(index);
        this.buckets[index] = 0;
      }
    }
    this.lastWriteMs = bucketMs;
  }
}

/** Share of the total weight that lies inside the window; it sets the smoothing coefficient, down to MIN_SMOOTHING. */
const WEIGHT_IN_WINDOW = 0.9999;
const MIN_SMOOTHING = 0.2;

class WeightedExponentialWindow extends LinearWindow {
  /** Neither rounded nor normalised: a window that is only partly filled yields less than its plain mean. */
  override average(nowMs: number): number {
    if (this.isEmpty(nowMs)) return 0;
    const silent = Math.max(0, (this.truncate(nowMs) - this.lastWriteMs) / this.granularityMs);
    const smoothing = smoothingCoefficient(this.buckets.length);
    let weight = smoothing * (1 - smoothing) ** silent;
    let sum = 0;
    for (let age = 0; age < this.buckets.length - silent; age++) {
      sum += weight * this.bucket(this.indexOf(this.lastWriteMs - age * this.granularityMs));
      weight *= 1 - smoothing;
    }
    return sum;
  }
}

/** 60 buckets: 0.2, the floor. 6 buckets: 1 − 0.0001^(1/6) = 0.7846. */
function smoothingCoefficient(bucketCount: number): number {
  return Math.max(1 - (1 - WEIGHT_IN_WINDOW) ** (1 / bucketCount), MIN_SMOOTHING);
}

/** Half away from zero, as Go rounds. Adding 0 turns −0 (left over from subtracting floats) into 0. */
function roundTo6Digits(value: number): number {
  return (Math.sign(value) * Math.round(Math.abs(value) * 1e6)) / 1e6 + 0;
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
