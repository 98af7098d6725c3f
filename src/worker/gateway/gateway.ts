/**
 * The data plane: one client request from its host to a pod's answer. The steps carry the names of docs/concepts.md:
 *
 *     resolve ▶ pick ▶ admit ▶ forward ▶ release
 *                        ▲        │ refused by the queue-proxy, or the agent is unreachable
 *                        └────────┘ (only what can be sent again)
 */
import { codeOf, ServingError } from "../../core/errors.ts";
import type { Endpoint, HoldTiming } from "../../core/protocol/admission.ts";
import { parseRefusal, REFUSED_HEADER } from "../../core/protocol/headers.ts";
import type { RouteTarget } from "../../core/protocol/objects.ts";
import { toForwardHeaders } from "../../core/routing/forward-headers.ts";
import { pickTarget } from "../../core/routing/pick.ts";
import { type Admitted, admit } from "./admit.ts";
import { problem, timeoutAnswer, wasHeld, withPhases } from "./answers.ts";
import { isReplayable, type RequestBody, readBody, toBodyInit } from "./body.ts";
import type { Background, GatewayEnv } from "./env.ts";
import { ejectEndpoint, keepLease, leasedEndpoint } from "./leases.ts";
import { releaseAfterBody } from "./release.ts";
import { resolveRoute } from "./route-cache.ts";

/** Pods that one request is offered to; between attempts the wait doubles, so an agent may restart meanwhile. */
const MAX_ATTEMPTS = 8;
const FIRST_RETRY_MS = 25;
const NOT_HELD: HoldTiming = { heldMs: 0, startMs: 0, readyMs: 0, cold: false };
/**
 * Cloudflare caches subrequests by URL unless it is told not to. `cache: "no-store"` does the same and adds
 * Cache-Control and Pragma to the request, which the application would see (measured).
 */
const NEVER_CACHED = { cacheTtl: -1 };
/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** A request whose host is known to be a service's. */
export type DataRequest = {
  readonly request: Request;
  /** Normalized, see core/routing/host.ts. */
  readonly host: string;
  /** As the client wrote it. */
  readonly authority: string;
  /** Path and query, as the client wrote them. */
  readonly target: string;
  readonly proto: "http" | "https";
};

export async function serve(data: DataRequest, env: GatewayEnv, background: Background): Promise<Response> {
  const arrivedAtMs = Date.now();
  const resolution = await resolveRoute(data.host, env, background);
  if (resolution.kind === "unknown") return problem("HOST_UNKNOWN", `no service answers to the host ${data.host}`);
  if (resolution.kind === "unavailable") {
    return problem("ROUTES_UNAVAILABLE", `the route of ${data.host} could not be looked up; try again`, 1);
  }
  if (resolution.entry.visibility === "cluster-local") {
    return problem("HOST_UNKNOWN", `${data.host} is cluster-local: it answers to pods only`);
  }
  const target = pickTarget(resolution.entry.targets, Math.random());
  if (target === undefined) return problem("HOST_UNKNOWN", `the route of ${data.host} has no target`);
  const attempt: Attempt = {
    ...{ data, target, env, background, arrivedAtMs },
    routeMs: Date.now() - arrivedAtMs,
    body: await readBody(data.request),
    requestId: crypto.randomUUID(),
  };
  try {
    return await offerToPods(attempt);
  } catch (error) {
    return explain(error);
  }
}

type Attempt = {
  readonly data: DataRequest;
  readonly target: RouteTarget;
  readonly env: GatewayEnv;
  readonly background: Background;
  readonly arrivedAtMs: number;
  readonly routeMs: number;
  readonly body: RequestBody;
  readonly requestId: string;
};

/** Admits and forwards until a pod takes the request. */
async function offerToPods(attempt: Attempt): Promise<Response> {
  const { target, env, background } = attempt;
  const avoidPods: string[] = [];
  let needTicket = false;
  for (let count = 0; ; count += 1) {
    const leased = needTicket ? null : leasedEndpoint(target.revisionUid, avoidPods, env, background);
    const admitted = leased === null ? await ask(attempt, avoidPods, needTicket, count) : null;
    const endpoint = leased ?? endpointOf(admitted, avoidPods);
    const outcome = await forward(attempt, endpoint, admitted);
    if (outcome.kind === "answered") return outcome.response;
    admitted?.release();
    if (outcome.kind === "queue-full") needTicket = true;
    else {
      avoidPods.push(endpoint.podId);
      ejectEndpoint(target.revisionUid, endpoint.podId);
    }
    if (count + 1 >= MAX_ATTEMPTS || !outcome.mayRetry) throw outcome.error;
    await pause(outcome.kind === "unreachable" ? FIRST_RETRY_MS * 2 ** count : 0);
  }
}

function ask(attempt: Attempt, avoidPods: readonly string[], needTicket: boolean, count: number): Promise<Admitted> {
  const { target, env, background, data, requestId, arrivedAtMs } = attempt;
  const deadlineMs = arrivedAtMs + target.timeoutSec * 1000;
  const acquire = { requestId, arrivedAtMs, deadlineMs, attempt: count, avoidPods, needTicket };
  return admit(target, acquire, data.request.signal, env, background).then((admitted) => {
    if (admitted.kind === "lease") keepLease(target.revisionUid, admitted.endpoints, admitted.expiresAtMs);
    return admitted;
  });
}

function endpointOf(admitted: Admitted | null, avoidPods: readonly string[]): Endpoint {
  if (admitted?.kind === "ticket") return admitted.endpoint;
  const endpoints = admitted?.kind === "lease" ? admitted.endpoints : [];
  const start = Math.floor(Math.random() * endpoints.length);
  const rotated = [...endpoints.slice(start), ...endpoints.slice(0, start)];
  const endpoint = rotated.find(({ podId }) => !avoidPods.includes(podId)) ?? rotated[0];
  if (endpoint === undefined) throw new ServingError("POD_UNREACHABLE", "the revision has no reachable pod");
  return endpoint;
}

type Outcome =
  | { readonly kind: "answered"; readonly response: Response }
  /** Not delivered to the application. `mayRetry`: the request can be sent again. */
  | {
      readonly kind: "refused" | "queue-full" | "unreachable";
      readonly mayRetry: boolean;
      readonly error: ServingError;
    };

async function forward(attempt: Attempt, endpoint: Endpoint, admitted: Admitted | null): Promise<Outcome> {
  const { data, body, background, env, requestId } = attempt;
  const { request } = data;
  const isUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  const headers = new Headers(request.headers);
  toForwardHeaders(headers, {
    ...{ authority: data.authority, proto: data.proto, grant: endpoint.grant, requestId, isUpgrade },
    clientIp: clientIpOf(request, env),
    isTicketed: admitted?.kind === "ticket",
  });
  const sentAtMs = Date.now();
  let response: Response;
  try {
    response = await (env.NET ?? globalThis).fetch(endpoint.url + data.target, {
      method: request.method,
      headers,
      body: toBodyInit(body),
      redirect: "manual",
      cf: NEVER_CACHED,
    });
  } catch (error) {
    return {
      kind: "unreachable",
      mayRetry: isReplayable(body) && IDEMPOTENT.has(request.method),
      error: new ServingError("POD_UNREACHABLE", "the agent of the pod broke off before it answered", { cause: error }),
    };
  }
  // Only these statuses carry refusals, so that the usual answer's headers need not be read.
  const mayBeRefused = response.status === 503 || response.status === 403;
  const refusal = mayBeRefused ? parseRefusal(response.headers.get(REFUSED_HEADER)) : null;
  if (refusal !== null) {
    background.waitUntil(response.arrayBuffer().catch(() => undefined));
    return {
      kind: refusal === "queue-full" ? "queue-full" : refusal === "unreachable" ? "unreachable" : "refused",
      mayRetry: isReplayable(body),
      error: new ServingError("POD_UNREACHABLE", `no pod took the request (the last one said: ${refusal})`),
    };
  }
  const timing = admitted?.timing ?? NOT_HELD;
  const isHeld = wasHeld(timing);
  if (response.status === 101) {
    await admitted?.upgraded();
    admitted?.release();
    return { kind: "answered", response };
  }
  const released =
    admitted?.kind === "ticket" ? await releaseAfterBody(response, admitted.release, background) : response;
  if (!isHeld) return { kind: "answered", response: released };
  const firstByteMs = Date.now() - sentAtMs;
  return { kind: "answered", response: withPhases(released, { routeMs: attempt.routeMs, timing, firstByteMs }) };
}

/** Cloudflare sets cf-connecting-ip itself; without Cloudflare in front a client could, so a local edge says who calls. */
function clientIpOf(request: Request, env: GatewayEnv): string | null {
  const ip = env.CLIENT_IP ?? request.headers.get("cf-connecting-ip");
  return ip === "" ? null : ip;
}

function explain(error: unknown): Response {
  const code = codeOf(error);
  if (!(error instanceof ServingError) || code === undefined) throw error;
  if (code === "ACTIVATOR_TIMEOUT" || code === "REQUEST_TIMEOUT") return timeoutAnswer(code, error.message);
  const { retryAfterSec } = error.details;
  return problem(code, error.message, typeof retryAfterSec === "number" ? retryAfterSec : undefined);
}

function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
