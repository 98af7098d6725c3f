/**
 * The largest value of the last n buckets of time: the memory behind scale-down-delay. Plain JSON; a record gives a new
 * state. Only values that can still become the maximum are kept, so entries fall from first (the maximum) to last:
 *
 *     recorded  5 3 4 2   ──▶   entries 5 4 2
 *
 * Source: Knative serving/pkg/autoscaler/aggregation/max/timewindow.go, commit 98e5ef90
 */

export type SlidingMaximum = {
  readonly granularityMs: number;
  /** Length of the window in buckets. */
  readonly bucketCount: number;
  readonly entries: readonly { readonly bucket: number; readonly value: number }[];
};

/**
 * @param windowMs  length of the window; rounded up to whole buckets
 * @param granularityMs  length of a bucket in milliseconds
 */
export function createSlidingMaximum(windowMs: number, granularityMs: number): SlidingMaximum {
  return { granularityMs, bucketCount: Math.ceil(windowMs / granularityMs), entries: [] };
}

/** Adds a value and drops what is out of the window; nothing else drops entries. `nowMs` never goes back. */
export function recordMaximum(window: SlidingMaximum, nowMs: number, value: number): SlidingMaximum {
  const bucket = Math.floor(nowMs / window.granularityMs);
  const rivals = window.entries.filter((entry) => entry.value > value && entry.bucket > bucket - window.bucketCount);
  return { ...window, entries: [...rivals, { bucket, value }] };
}

/** The maximum as of the last record; 0 before the first. */
export function currentMaximum(window: SlidingMaximum): number {
  return window.entries[0]?.value ?? 0;
}
