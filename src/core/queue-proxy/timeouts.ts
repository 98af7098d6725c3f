/**
 * The three limits of one exchange. Nothing ticks here: ask `deadlineMs` when to look again and `checkTimeouts` then.
 *
 *     arrival ─────────── header ──── chunk ───────── chunk ──── end
 *     ├── response start ──┤                                      until something was written
 *     ├────── idle ────────┼── idle ────┼── idle ───────┼── idle  from the last write, or from arrival
 *     ├──────────────────── total ─────────────────────────────┤  always
 *
 * Source: semantics of Knative's serving/pkg/http/handler/timeout.go, commit 98e5ef90; vectors `timeouts`.
 */

/** What a queue-proxy says when it gives an exchange up. */
export const REQUEST_TIMEOUT_MESSAGE = "request timeout";
export const REQUEST_TIMEOUT_STATUS = 504;

/** All in milliseconds; 0 = off. */
export type TimeoutLimits = {
  readonly totalMs: number;
  readonly responseStartMs: number;
  readonly idleMs: number;
};

/** Where one exchange stands; times in milliseconds of one clock. */
export type ExchangeTimes = {
  readonly startedAtMs: number;
  /** When the header or a part of the body was written last; null = nothing was. */
  readonly lastWriteAtMs: number | null;
};

export type TimeoutDecision =
  | { readonly kind: "continue" }
  /** Nothing was written: answer with the status and the message as body. */
  | { readonly kind: "answer"; readonly status: number; readonly message: string }
  /** The status is out: append the message if the body's framing allows it, and end. */
  | { readonly kind: "cut"; readonly message: string };

const CONTINUE: TimeoutDecision = { kind: "continue" };

/** The next moment at which a limit can pass if nothing is written until then; Infinity = never. */
export function deadlineMs(limits: TimeoutLimits, startedAtMs: number, lastWriteAtMs: number | null): number {
  let deadline = limits.totalMs > 0 ? startedAtMs + limits.totalMs : Number.POSITIVE_INFINITY;
  if (limits.responseStartMs > 0 && lastWriteAtMs === null) {
    deadline = Math.min(deadline, startedAtMs + limits.responseStartMs);
  }
  if (limits.idleMs > 0) deadline = Math.min(deadline, (lastWriteAtMs ?? startedAtMs) + limits.idleMs);
  return deadline;
}

/** What to do with the exchange now. */
export function checkTimeouts(limits: TimeoutLimits, times: ExchangeTimes, nowMs: number): TimeoutDecision {
  if (nowMs < deadlineMs(limits, times.startedAtMs, times.lastWriteAtMs)) return CONTINUE;
  if (times.lastWriteAtMs !== null) return { kind: "cut", message: REQUEST_TIMEOUT_MESSAGE };
  return { kind: "answer", status: REQUEST_TIMEOUT_STATUS, message: REQUEST_TIMEOUT_MESSAGE };
}
