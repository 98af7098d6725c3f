/**
 * What the revision machine wants done after an event. The shell performs it in this order: save, then everything that
 * leaves the object.
 */
import type { AdmissionInfo, HoldTiming } from "../protocol/admission.ts";
import type { RevisionObservation } from "../protocol/objects.ts";
import type { AssignCall } from "./assigner.ts";

/** The end of one hold (or of one `acquire` that did not wait). */
export type Answer = { readonly requestId: string } & (
  | { readonly kind: "ticket"; readonly ticketId: string; readonly podId: string; readonly timing: HoldTiming }
  | {
      readonly kind: "lease";
      readonly podIds: readonly string[];
      readonly expiresAtMs: number;
      readonly isLimited: boolean;
      readonly timing: HoldTiming;
    }
  | Extract<AdmissionInfo, { kind: "refused" }>
);

/** The end of a hold that nobody waits for any more. */
export function abandoned(requestId: string): Answer {
  const message = "the request was given up";
  return { kind: "refused", requestId, code: "ACTIVATOR_TIMEOUT", message, retryAfterSec: 1 };
}

export type Effects = {
  readonly answers: readonly Answer[];
  readonly calls: readonly AssignCall[];
  /** What the control plane must hear, if it changed. */
  readonly observation: RevisionObservation | null;
  /** The known agents do not suffice: ask the control plane for its list. */
  readonly wantsAgents: boolean;
  /** Destroyed, and no pod is left: tell the control plane, then forget everything. */
  readonly isFinished: boolean;
  /** When to call `wake`, ms since epoch; null = nothing is waiting for time to pass. */
  readonly wakeAtMs: number | null;
};
