/**
 * How long an isolate may believe what it knows of a host.
 *
 *     age   0 ────────── 3 s ────────── 5 s ───────────────────────── 24 h
 *              use it      use it and      ask and wait; if asking
 *                          ask meanwhile   fails, use it after all
 */

export const REFRESH_AFTER_MS = 3_000;
/** The freshness bound: after this long no gateway serves an older entry while the route table answers. */
export const FRESH_FOR_MS = 5_000;
export const STALE_USABLE_FOR_MS = 24 * 3600 * 1000;

export type Freshness = "fresh" | "refresh" | "stale" | "unusable";

/** @param ageMs since the entry was asked for, ≥ 0 */
export function freshnessOf(ageMs: number): Freshness {
  if (ageMs < REFRESH_AFTER_MS) return "fresh";
  if (ageMs < FRESH_FOR_MS) return "refresh";
  return ageMs < STALE_USABLE_FOR_MS ? "stale" : "unusable";
}
