/**
 * How long an isolate may believe what it knows of a host.
 *
 *     age   0 ────────── 3 s ────────── 5 s ───────────────────────── 24 h
 *              use it      use it and      ask and wait; if asking
 *                          ask meanwhile   fails, use it after all
 *
 * After asking failed, nobody waits for the next try while there is traffic to make one:
 *
 *     since the failure   0 ────────── 1 s ────────── 3 s ──────────
 *                            use what     the same, and   ask and wait
 *                            is known     ask meanwhile
 */

export const REFRESH_AFTER_MS = 3_000;
/** The freshness bound: after this long no gateway serves an older entry while the route table answers. */
export const FRESH_FOR_MS = 5_000;
export const STALE_USABLE_FOR_MS = 24 * 3600 * 1000;

/**
 * The Routes object answers in milliseconds; after this long it counts as unavailable. A table that comes back right after
 * a question to it was lost is asked again at most RESOLVE_TIMEOUT_MS + DOWN_FOR_MS after that question: within FRESH_FOR_MS.
 */
export const RESOLVE_TIMEOUT_MS = 2_000;
const PROBE_AFTER_MS = 1_000;
/** A probe that starts at the earliest time and runs into its timeout ends just when the outage would. */
const DOWN_FOR_MS = PROBE_AFTER_MS + RESOLVE_TIMEOUT_MS;

export type Freshness = "fresh" | "refresh" | "stale" | "unusable";

/** @param ageMs since the entry was asked for, ≥ 0 */
export function freshnessOf(ageMs: number): Freshness {
  if (ageMs < REFRESH_AFTER_MS) return "fresh";
  if (ageMs < FRESH_FOR_MS) return "refresh";
  return ageMs < STALE_USABLE_FOR_MS ? "stale" : "unusable";
}

/**
 *   down   use what is known
 *   probe  use it and ask meanwhile
 *   over   ask and wait
 */
export type Outage = "down" | "probe" | "over";

/** @param sinceMs  since the last question that the route table did not answer, ≥ 0 */
export function outageOf(sinceMs: number): Outage {
  if (sinceMs < PROBE_AFTER_MS) return "down";
  return sinceMs < DOWN_FOR_MS ? "probe" : "over";
}
