/**
 * Counts of the answers of one pod, by class and duration: plain numbers, since they are touched once per request;
 * metrics.ts turns them into Prometheus' shape when it is asked.
 */

/** Upper bounds in milliseconds; the last bucket has none. */
export const DURATION_BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000] as const;

/** Index = the first digit of the status; 0 = the client went away before there was one. */
export const RESPONSE_CLASSES = ["aborted", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

export class RequestMeter {
  /** Requests by class, see RESPONSE_CLASSES. */
  readonly byClass = new Float64Array(RESPONSE_CLASSES.length);
  /** Requests by duration, not cumulative; one more than there are bounds. */
  readonly byDuration = new Float64Array(DURATION_BOUNDS_MS.length + 1);
  durationSumMs = 0;

  /** @param status 0 = none was sent */
  observe(status: number, durationMs: number): void {
    const index = Math.min(Math.floor(status / 100), RESPONSE_CLASSES.length - 1);
    this.byClass[index] = (this.byClass[index] ?? 0) + 1;
    let bucket = 0;
    while (bucket < DURATION_BOUNDS_MS.length && durationMs > (DURATION_BOUNDS_MS[bucket] ?? 0)) bucket += 1;
    this.byDuration[bucket] = (this.byDuration[bucket] ?? 0) + 1;
    this.durationSumMs += durationMs;
  }
}
