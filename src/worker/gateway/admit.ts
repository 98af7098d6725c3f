/**
 * Step 4 of a request, admit: ask the revision's activator for a pod and wait as long as it takes, at most until the
 * deadline. After a reset of the object the question is put again to a fresh stub; arrival time and request id keep the
 * place in the queue.
 */
import { codeOf, ServingError } from "../../core/errors.ts";
import type { AcquireRequest, AdmissionInfo, PendingAdmission } from "../../core/protocol/admission.ts";
import type { RouteTarget } from "../../core/protocol/objects.ts";
import { withDeadline } from "./deadline.ts";
import type { Background, GatewayEnv } from "./env.ts";

/** How often a question is put again after the object was reset under it. */
const MAX_RESETS = 5;
/** Before it is put again: doubling from this, with jitter, so that thousands of waiters do not come back at once. */
const RESET_DELAY_MS = 20;

export type Admitted = Exclude<AdmissionInfo, { kind: "refused" }> & {
  /** Gives the ticket back; nothing for a lease. Idempotent. */
  readonly release: () => void;
  /** The answer was a 101. */
  readonly upgraded: () => Promise<void>;
};

/**
 * @throws ServingError when the activator refused, did not answer, or the deadline passed
 */
export async function admit(
  target: RouteTarget,
  acquire: Omit<AcquireRequest, "attempt"> & { attempt: number },
  signal: AbortSignal,
  env: GatewayEnv,
  background: Background,
): Promise<Admitted> {
  for (let resets = 0; ; resets += 1) {
    const pending = env.REVISION.getByName(target.revisionUid).acquire({
      ...acquire,
      attempt: acquire.attempt + resets,
    });
    // Its `info` rejects as well, and is awaited; unheard, this would be an uncaught exception per held request.
    pending.catch(() => undefined);
    const giveUp = () => {
      // A context that was aborted lives on for what its listener hands to waitUntil.
      const stub = env.REVISION.getByName(target.revisionUid);
      background.waitUntil(stub.cancel(acquire.requestId).catch(() => undefined));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      const info = await withDeadline(pending.info, acquire.deadlineMs - Date.now());
      if (info === "deadline") {
        giveUp();
        pending[Symbol.dispose]();
        throw new ServingError("ACTIVATOR_TIMEOUT", "activator request timeout");
      }
      return accept(info, pending);
    } catch (error) {
      if (codeOf(error) !== undefined) throw error;
      if (resets >= MAX_RESETS || !isWorthAsking(error)) {
        throw new ServingError("ACTIVATOR_UNAVAILABLE", "the revision's activator did not answer", { cause: error });
      }
      await sleep(RESET_DELAY_MS * 2 ** resets * (0.5 + Math.random()));
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }
}

function accept(info: AdmissionInfo, pending: PendingAdmission): Admitted {
  if (info.kind === "refused") {
    pending[Symbol.dispose]();
    throw new ServingError(info.code, info.message, { details: { retryAfterSec: info.retryAfterSec } });
  }
  let isReleased = false;
  const release = () => {
    if (isReleased) return;
    isReleased = true;
    pending[Symbol.dispose]();
  };
  if (info.kind === "lease") release();
  return { ...info, release, upgraded: () => (info.kind === "ticket" ? pending.upgraded() : Promise.resolve()) };
}

/** An overloaded object must not be asked again (Cloudflare's rule); a reset one may. */
function isWorthAsking(error: unknown): boolean {
  return (error as { overloaded?: boolean }).overloaded !== true;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
