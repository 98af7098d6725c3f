/**
 * When to tell that a pod runs and is not ready. Each telling becomes a condition that people and programs watch, so it
 * is not one for each failed probe: a start that takes its time is told once, and again when the cause is another.
 */

/** Most programs listen sooner than this. */
export const UNREADY_TOLD_AFTER_MS = 3_000;
/** A probe that fails now in this way and now in that is not told more often. */
export const UNREADY_TOLD_EVERY_MS = 10_000;

export type ToldUnready = { readonly problem: string; readonly atMs: number };

/**
 * Whether a failed probe is news.
 * @param told what was told last; null = nothing yet
 * @param problem what the probe met now
 * @param startedAtMs when the process or container ran; all times are of one clock
 */
export function isNewsOfUnready(
  told: ToldUnready | null,
  problem: string,
  startedAtMs: number,
  nowMs: number,
): boolean {
  if (told === null) return nowMs >= startedAtMs + UNREADY_TOLD_AFTER_MS;
  return problem !== told.problem && nowMs >= told.atMs + UNREADY_TOLD_EVERY_MS;
}
