import { expect, it } from "vitest";
import { checkTimeouts, deadlineMs, type TimeoutLimits } from "../../../src/core/queue-proxy/timeouts.ts";
import { loadVectors } from "../../vectors.ts";

type Action = {
  readonly at_ms: number;
  readonly action: "header" | "write" | "end";
  readonly status?: number;
  readonly text?: string;
};
type Outcome = { status: number; body: string; returned_at_ms: number; timed_out: boolean };
type Case = {
  readonly id: string;
  readonly timeout_ms: number;
  readonly response_start_timeout_ms: number;
  readonly idle_timeout_ms: number;
  readonly message: string;
  readonly handler_actions: readonly Action[];
  readonly want: Outcome;
};

it.each(loadVectors<Case>("timeouts").cases)("ends an exchange when Knative does: $id", (vector) => {
  const limits = {
    totalMs: vector.timeout_ms,
    responseStartMs: vector.response_start_timeout_ms,
    idleMs: vector.idle_timeout_ms,
  };
  const want = { ...vector.want, body: vector.want.body.replace(vector.message, "request timeout") };
  expect(play(limits, vector.handler_actions)).toEqual(want);
});

/** An exchange on a virtual clock: the deadline is asked for again before each action. */
function play(limits: TimeoutLimits, actions: readonly Action[]): Outcome {
  const outcome = { status: 0, body: "" };
  let lastWriteAtMs: number | null = null;
  for (const { at_ms, action, status, text } of actions) {
    const endsAtMs = deadlineMs(limits, 0, lastWriteAtMs);
    if (endsAtMs < at_ms) {
      const decision = checkTimeouts(limits, { startedAtMs: 0, lastWriteAtMs }, endsAtMs);
      if (decision.kind === "continue") throw new Error("the deadline passed and nothing was decided");
      if (decision.kind === "answer") outcome.status = decision.status;
      outcome.body += decision.message;
      return { ...outcome, returned_at_ms: endsAtMs, timed_out: true };
    }
    if (action === "end") {
      return { status: outcome.status || 200, body: outcome.body, returned_at_ms: at_ms, timed_out: false };
    }
    outcome.status ||= status ?? 200;
    outcome.body += text ?? "";
    lastWriteAtMs = at_ms;
  }
  throw new Error("the exchange never ended");
}
