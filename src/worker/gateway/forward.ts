/**
 * Step 5 of a request, forward: one attempt at one pod, and what came of it.
 */
import { ServingError } from "../../core/errors.ts";
import type { Endpoint } from "../../core/protocol/admission.ts";
import { POD_HEADER, parseRefusal, REFUSED_HEADER } from "../../core/protocol/headers.ts";
import { type ForwardFacts, toForwardHeaders } from "../../core/routing/forward-headers.ts";
import { isReplayable, type RequestBody, toBodyInit } from "./body.ts";
import type { Background, GatewayEnv } from "./env.ts";

/**
 * How a request goes out. `encodeResponseBody`: the application's bytes go on as they are; decoding and encoding them
 * again would change their length.
 */
const FETCH_INIT = { redirect: "manual", encodeResponseBody: "manual" } as const;
/**
 * Cloudflare caches subrequests by URL unless it is told not to. `cache: "no-store"` does the same and adds
 * Cache-Control and Pragma to the request, which the application would see (measured). A local edge, which has no
 * cache, saves the 6 µs that `cf` costs.
 */
const UNCACHED_FETCH_INIT = { ...FETCH_INIT, cf: { cacheTtl: -1 } };
/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
/**
 * The queue-proxy answers 504 itself at the deadline; this much later it counts as silent. Leased requests have no timer
 * of their own: it costs 30 µs, a quarter of the whole request (measured), and a silent agent loses its link, and with it
 * its place, long before.
 */
const SILENCE_MS = 5_000;

export type Forwarding = {
  readonly request: Request;
  readonly body: RequestBody;
  /** Path and query from the root, without dot segments: it is appended to the pod's own prefix. */
  readonly target: string;
  readonly deadlineMs: number;
  readonly facts: Omit<ForwardFacts, "grant" | "isTicketed" | "clientIp">;
};

export type Outcome =
  | { readonly kind: "answered"; readonly response: Response; readonly firstByteMs: number }
  /** Not delivered to the application, as far as one can know. `mayRetry`: the request can be sent again. */
  | {
      readonly kind: "refused" | "queue-full" | "unreachable";
      readonly mayRetry: boolean;
      readonly error: ServingError;
    };

/**
 * @param isTicketed the Revision object counts the request while it runs
 * @param isLeased the isolate had the pod by a lease, without asking
 */
export async function forward(
  { request, body, target, deadlineMs, facts }: Forwarding,
  endpoint: Endpoint,
  { isTicketed, isLeased }: { readonly isTicketed: boolean; readonly isLeased: boolean },
  env: GatewayEnv,
  background: Background,
): Promise<Outcome> {
  const headers = new Headers(request.headers);
  const { authority, proto, requestId } = facts;
  // Cloudflare sets cf-connecting-ip itself; without Cloudflare in front a client could, so a local edge says who calls.
  const clientIp = env.CLIENT_IP ?? null;
  toForwardHeaders(headers, { authority, proto, requestId, clientIp, grant: endpoint.grant, isTicketed });
  const sentAtMs = Date.now();
  const silence = isLeased ? null : silenceAfter(deadlineMs + SILENCE_MS - sentAtMs);
  let response: Response;
  try {
    response = await (env.NET ?? globalThis).fetch(endpoint.url + target, {
      method: request.method,
      headers,
      body: toBodyInit(body),
      ...(env.NET === undefined ? UNCACHED_FETCH_INIT : FETCH_INIT),
      ...(silence === null ? {} : { signal: silence.signal }),
    });
  } catch (error) {
    if (silence?.signal.aborted === true) throw new ServingError("REQUEST_TIMEOUT", "request timeout");
    return unreachable(request, body, error);
  } finally {
    silence?.end();
  }
  const { status } = response;
  // Reading a header of the answer costs 3 µs. What is in between a gateway and a queue-proxy does not say that all is
  // well, and only two statuses carry refusals: the usual answer's headers stay unread.
  const refusal = status === 503 || status === 403 ? parseRefusal(response.headers.get(REFUSED_HEADER)) : null;
  if (refusal === null && (isGood(status) || response.headers.has(POD_HEADER))) {
    return { kind: "answered", response, firstByteMs: Date.now() - sentAtMs };
  }
  background.waitUntil(discard(response));
  if (refusal === null) return unreachable(request, body, new Error(`status ${status} from something in between`));
  if (refusal === "queue-full") {
    const error = new ServingError("QUEUE_FULL", "the pod's queue is full and the request cannot be sent again");
    return { kind: "queue-full", mayRetry: isReplayable(body), error };
  }
  return {
    kind: refusal === "unreachable" ? "unreachable" : "refused",
    mayRetry: isReplayable(body),
    error: new ServingError("POD_UNREACHABLE", `no pod took the request (the last one said: ${refusal})`),
  };
}

function isGood(status: number): boolean {
  return status === 101 || (status >= 200 && status < 300);
}

/** The agent is down, or broke off: whether it had given the request to the application cannot be told. */
function unreachable(request: Request, body: RequestBody, cause: unknown): Outcome {
  return {
    kind: "unreachable",
    mayRetry: isReplayable(body) && IDEMPOTENT.has(request.method),
    error: new ServingError("POD_UNREACHABLE", "the agent of the pod broke off before it answered", { cause }),
  };
}

async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** Ends a fetch that stays without an answer. */
function silenceAfter(ms: number): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}
