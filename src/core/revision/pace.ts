/**
 * When the revision measures and when it scales. While something runs, waits or changes: measure each second, scale
 * every two. When nothing would change without new traffic there is no timer at all.
 */

/** The activator's own requests are measured this often (Knative's reporting period). */
export const MEASURE_MS = 1_000;
/** Knative's autoscaler ticks every two seconds. */
export const SCALE_MS = 2_000;

export class Pace {
  #isQuiet = true;
  #measureAtMs = 0;
  #scaleAtMs = 0;
  #requeueAtMs: number | null = null;

  get isQuiet(): boolean {
    return this.#isQuiet;
  }

  /** Something happened: the next measurement and tick are due within their periods. */
  disturb(nowMs: number): void {
    if (!this.#isQuiet) return;
    this.#isQuiet = false;
    this.#measureAtMs = nowMs + MEASURE_MS;
    this.#scaleAtMs = nowMs + SCALE_MS;
  }

  /** Something happened that the autoscaler should see now, e.g. a pod became ready. */
  hurry(nowMs: number): void {
    this.disturb(nowMs);
    this.#scaleAtMs = nowMs;
  }

  isMeasureDue(nowMs: number): boolean {
    return !this.#isQuiet && nowMs >= this.#measureAtMs;
  }

  isScaleDue(nowMs: number): boolean {
    if (this.#isQuiet) return false;
    return nowMs >= this.#scaleAtMs || (this.#requeueAtMs !== null && nowMs >= this.#requeueAtMs);
  }

  measured(nowMs: number): void {
    this.#measureAtMs = nowMs + MEASURE_MS;
  }

  /** @param requeueAfterMs look again no later than this; @param isQuiet nothing will change by itself */
  scaled(requeueAfterMs: number | null, isQuiet: boolean, nowMs: number): void {
    this.#scaleAtMs = nowMs + SCALE_MS;
    this.#requeueAtMs = requeueAfterMs === null ? null : nowMs + requeueAfterMs;
    this.#isQuiet = isQuiet;
  }

  /** @returns null while quiet */
  wakeAtMs(): number | null {
    if (this.#isQuiet) return null;
    return Math.min(this.#measureAtMs, this.#scaleAtMs, this.#requeueAtMs ?? Number.POSITIVE_INFINITY);
  }
}
