/**
 * Every failure that Rouse itself answers with: one class, one table. The code is the contract (it survives RPC
 * and is documented in docs/reference/errors.md); the message is for people and may change.
 *
 * Never compare message text and never use instanceof across an RPC boundary: compare `codeOf(error)`.
 */

export class ServingError extends Error {
  override readonly name = "ServingError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

type ErrorTraits = {
  /** HTTP status of the answer that a data-plane client sees. */
  readonly status: number;
  /** Whether the same request may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** One line for the reference page. */
  readonly meaning: string;
};

/** The registry. A code is never renamed; docs/reference/errors.md lists the same rows and a test holds them together. */
export const ERRORS = {
  HOST_INVALID: { status: 400, retryable: false, meaning: "The Host header is missing, duplicated or malformed." },
  REQUEST_INVALID: {
    status: 400,
    retryable: false,
    meaning: "The request cannot be forwarded, e.g. a GET with a body, which Cloudflare Workers cannot send.",
  },
  HOST_UNKNOWN: { status: 404, retryable: false, meaning: "No route answers to this host name." },
  ROUTES_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The gateway cannot tell whether the host exists, because the route table does not answer.",
  },
  REVISION_GONE: {
    status: 503,
    retryable: true,
    meaning: "The revision was deleted while the request was on its way.",
  },
  HOLD_QUEUE_FULL: { status: 503, retryable: true, meaning: "The activator already holds as many requests as it may." },
  QUEUE_FULL: {
    status: 503,
    retryable: true,
    meaning: "The pod's queue was full, and the request's body was too long to be kept for another pod.",
  },
  UNSCHEDULABLE: {
    status: 503,
    retryable: true,
    meaning: "No agent could take a pod of the revision within the scheduling deadline.",
  },
  START_FAILED: {
    status: 503,
    retryable: true,
    meaning: "A pod was started for the request and failed to become ready.",
  },
  ACTIVATOR_TIMEOUT: {
    status: 504,
    retryable: true,
    meaning: "The revision's timeout passed before a pod could take the request.",
  },
  REQUEST_TIMEOUT: { status: 504, retryable: true, meaning: "The revision's timeout passed before the pod answered." },
  POD_UNREACHABLE: {
    status: 502,
    retryable: true,
    meaning: "The pod could not be reached, or broke off before it answered.",
  },
  GATEWAY_FAILED: { status: 500, retryable: true, meaning: "The gateway failed; the edge's log has the details." },
  ACTIVATOR_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The revision's activator did not answer, also not after it was asked again.",
  },
} as const satisfies Record<string, ErrorTraits>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * The code of any thrown or received error, whichever side of an RPC it comes from.
 * @returns the code, or undefined when the error is not one of ours
 */
export function codeOf(error: unknown): ErrorCode | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : undefined;
}
