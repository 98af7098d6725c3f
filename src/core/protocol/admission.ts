/**
 * How a gateway isolate asks a Revision object for a pod, and what it gets (tiers: docs/concepts.md).
 *
 *     const pending = revision.acquire(request)   // one RPC; not awaited itself
 *     const info = await pending.info             // pipelined: the same round trip
 *     ...
 *     pending[Symbol.dispose]()                   // gives the ticket back; the runtime does it when the caller dies
 *
 * While there is no free pod the call stays pending: that is the hold. `cancel(requestId)` ends it early.
 */

export type AcquireRequest = {
  /** Unique per client request, kept over attempts. */
  readonly requestId: string;
  /** When the gateway received the request, ms since epoch. Waiters are served in this order, also after a reset. */
  readonly arrivedAtMs: number;
  /** When the gateway gives up, ms since epoch. */
  readonly deadlineMs: number;
  /** 0 for the first try; refusals and resets count up. */
  readonly attempt: number;
  /** Pods that just failed this caller; not handed to it again while there is another one. */
  readonly avoidPods: readonly string[];
  /**
   * The caller wants a slot of the ledger, not a lease: a leased pod refused it with `queue-full`, or its body is too long
   * to be sent twice.
   */
  readonly needTicket: boolean;
};

/** A pod as an isolate may call it: the data URL of its agent and the grant that opens it. */
export type Endpoint = {
  readonly podId: string;
  /** `<agent data URL>/<pod id>`; the original path and query are appended. */
  readonly url: string;
  readonly grant: string;
};

/** How long the answer took inside the object and why; for Server-Timing. All in milliseconds. */
export type HoldTiming = {
  /** 0 when the request did not wait. */
  readonly heldMs: number;
  /** From the wish for the pod to its process, and from there to the passed probe; 0 when it was ready before. */
  readonly startMs: number;
  readonly readyMs: number;
  /** The request arrived while no pod was ready. */
  readonly cold: boolean;
};

export type AdmissionInfo =
  /** One slot of one pod, until the ticket is disposed. The object counts the request: send K-Proxy-Request. */
  | { readonly kind: "ticket"; readonly endpoint: Endpoint; readonly timing: HoldTiming }
  /** Any of these pods, for any number of requests, until `expiresAtMs`. Pods count for themselves. */
  | {
      readonly kind: "lease";
      readonly endpoints: readonly Endpoint[];
      readonly expiresAtMs: number;
      /** The pods have a concurrency limit and may refuse with `queue-full`. */
      readonly isLimited: boolean;
      readonly timing: HoldTiming;
    }
  /** No pod, and waiting would not help. `code` is an ErrorCode of src/core/errors.ts. */
  | {
      readonly kind: "refused";
      readonly code: "HOLD_QUEUE_FULL" | "UNSCHEDULABLE" | "START_FAILED" | "REVISION_GONE" | "ACTIVATOR_TIMEOUT";
      readonly message: string;
      readonly retryAfterSec: number;
    };

/** What `acquire` promises: a remote ticket, usable before it arrived. */
export type PendingAdmission = {
  readonly info: Promise<AdmissionInfo>;
  /**
   * The answer was a 101: the slot now belongs to the open socket and is freed when the agent no longer lists the
   * request id. Call it before the ticket is disposed.
   */
  upgraded(): Promise<void>;
  /** A reset of the object rejects the call itself beside its `info`: whoever does not await it must say that he knows. */
  catch(onRejected: () => void): unknown;
  [Symbol.dispose](): void;
};
