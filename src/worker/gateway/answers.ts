/**
 * Answers that the gateway makes itself, and what it adds to answers that were held. RFC 9457 problem+json: what
 * happened, to which object, what to do next.
 */
import { ERRORS, type ErrorCode } from "../../core/errors.ts";
import type { HoldTiming } from "../../core/protocol/admission.ts";
import { COLD_START_HEADER, ERROR_HEADER } from "../../core/protocol/headers.ts";
import { rewrap } from "./release.ts";

export type Phases = {
  readonly routeMs: number;
  readonly timing: HoldTiming;
  /** From the forwarded request to the first byte of its answer. */
  readonly firstByteMs: number;
};

/** @param retryAfterSec seconds; sent for codes that may succeed later */
export function problem(code: ErrorCode, detail: string, retryAfterSec?: number): Response {
  const { status, retryable, meaning } = ERRORS[code];
  const headers = new Headers({
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    [ERROR_HEADER]: code,
  });
  if (retryable && status === 503) headers.set("Retry-After", String(retryAfterSec ?? 1));
  const body = { type: `urn:rouse:error:${code}`, title: meaning, status, detail, code };
  return new Response(`${JSON.stringify(body)}\n`, { status, headers });
}

/** The timeouts' body is Knative's plain text, which clients of Knative know. */
export function timeoutAnswer(code: "ACTIVATOR_TIMEOUT" | "REQUEST_TIMEOUT", text: string): Response {
  const headers = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", [ERROR_HEADER]: code };
  return new Response(text, { status: ERRORS[code].status, headers });
}

/** Whether the answer must say that its request waited. */
export function wasHeld(timing: HoldTiming): boolean {
  return timing.cold || timing.heldMs > 0;
}

/** The same answer with `Server-Timing` and, after a cold start, the header that marks it. */
export function withPhases(response: Response, { routeMs, timing, firstByteMs }: Phases): Response {
  const held = rewrap(response.body, response);
  const phases = [`route;dur=${routeMs}`, `hold;dur=${timing.heldMs}`];
  if (timing.cold) phases.push(`start;dur=${timing.startMs}`, `ready;dur=${timing.readyMs}`);
  phases.push(`ttfb;desc="first byte";dur=${firstByteMs}`);
  held.headers.append("Server-Timing", phases.join(", "));
  if (timing.cold) held.headers.set(COLD_START_HEADER, String(timing.heldMs));
  return held;
}
