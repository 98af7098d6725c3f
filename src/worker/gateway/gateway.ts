/**
 * The data plane: one client request from its host to a pod's answer. The steps carry the names of docs/concepts.md:
 *
 *     resolve ▶ pick ▶ admit ▶ forward ▶ release
 *                        ▲        │ refused by the queue-proxy, or the agent is unreachable
 *                        └────────┘ (only what can be sent again)
 */
import { codeOf, ServingError } from "../../core/errors.ts";
import type { Endpoint } from "../../core/protocol/admission.ts";
import type { RouteTarget } from "../../core/protocol/objects.ts";
import { pickTarget } from "../../core/routing/pick.ts";
import { type Admitted, admit } from "./admit.ts";
import { problem, timeoutAnswer, wasHeld, withPhases } from "./answers.ts";
import { NO_BODY, readBody } from "./body.ts";
import type { Background, GatewayEnv } from "./env.ts";
import { type Forwarding, forward, type Outcome } from "./forward.ts";
import { ejectEndpoint, isLimitedLease, keepLease, leasedEndpoint } from "./leases.ts";
import { releaseAfterBody } from "./release.ts";
import { type Resolution, recallRoute, resolveRoute } from "./route-cache.ts";

/** Pods that one request is offered to; between attempts the wait doubles, so an agent may restart meanwhile. */
const MAX_ATTEMPTS = 8;
const FIRST_RETRY_MS = 25;

/** A request whose host is known to be a service's. */
export type DataRequest = {
  readonly request: Request;
  /** Normalized, see core/routing/host.ts. */
  readonly host: string;
  /** As the client wrote it. */
  readonly authority: string;
  /** Path and query, normalized as a URL's are: no dot segments. */
  readonly target: string;
  readonly proto: "http" | "https";
};

export async function serve(data: DataRequest, env: GatewayEnv, background: Background): Promise<Response> {
  try {
    const { request, host } = data;
    const arrivedAtMs = Date.now();
    const resolution = recallRoute(host, env, background) ?? (await resolveRoute(host, env, background));
    const revision = targetOf(resolution, host);
    const body = request.body === null ? NO_BODY : await readBody(request);
    // Few requests need an id: those that ask the activator, and upgrades.
    let id: string | undefined;
    const requestId = () => (id ??= crypto.randomUUID());
    const deadlineMs = arrivedAtMs + revision.timeoutSec * 1000;
    const { authority, proto, target } = data;
    const forwarding = { request, body, target, deadlineMs, facts: { authority, proto, requestId } };
    const routeMs = Date.now() - arrivedAtMs;
    return await offerToPods({ forwarding, revision, env, background, arrivedAtMs, routeMs });
  } catch (error) {
    return explain(error);
  }
}

/** @throws ServingError when no revision stands behind the host */
function targetOf(resolution: Resolution, host: string): RouteTarget {
  if (resolution.kind === "unavailable") {
    const message = `the route of ${host} could not be looked up; try again`;
    throw new ServingError("ROUTES_UNAVAILABLE", message, { details: { retryAfterSec: 1 } });
  }
  if (resolution.kind === "unknown") {
    const message = `no service answers to the host ${host}; one that is new or failed answers once it was Ready`;
    throw new ServingError("HOST_UNKNOWN", message);
  }
  if (resolution.entry.visibility === "cluster-local") {
    throw new ServingError("HOST_UNKNOWN", `${host} is cluster-local: it answers to pods only`);
  }
  const revision = pickTarget(resolution.entry.targets, Math.random());
  if (revision === undefined) throw new ServingError("HOST_UNKNOWN", `the route of ${host} has no target`);
  return revision;
}

type Attempt = {
  readonly forwarding: Forwarding;
  readonly revision: RouteTarget;
  readonly env: GatewayEnv;
  readonly background: Background;
  readonly arrivedAtMs: number;
  readonly routeMs: number;
};

/** Admits and forwards until a pod takes the request. */
async function offerToPods(attempt: Attempt): Promise<Response> {
  const { revision, env, background, forwarding } = attempt;
  const uid = revision.revisionUid;
  const avoidPods: string[] = [];
  const isOnceOnly = forwarding.body.kind === "stream";
  // A pod with a limit may refuse a leased request, and what can be sent only once must not be refused.
  let mayLease = !isOnceOnly || !isLimitedLease(uid);
  for (let count = 0; ; count += 1) {
    const leased = mayLease ? leasedEndpoint(uid, avoidPods, env, background) : null;
    const admitted = leased === null ? await ask(attempt, avoidPods, isOnceOnly || !mayLease, count) : null;
    const endpoint = leased ?? endpointOf(admitted, avoidPods);
    const how = { isTicketed: admitted?.kind === "ticket", isLeased: admitted === null };
    const outcome = await forward(forwarding, endpoint, how, env, background);
    if (outcome.kind === "answered") return admitted === null ? outcome.response : finish(attempt, outcome, admitted);
    admitted?.release();
    if (outcome.kind === "queue-full") mayLease = false;
    else {
      avoidPods.push(endpoint.podId);
      ejectEndpoint(uid, endpoint.podId);
    }
    if (count + 1 >= MAX_ATTEMPTS || !outcome.mayRetry) throw outcome.error;
    // Another pod is asked at once, the same one (queue-full with a ticket is its bound) or an agent that is down later.
    const isSamePod = outcome.kind === "unreachable" || (outcome.kind === "queue-full" && leased === null);
    if (isSamePod) await pause(FIRST_RETRY_MS * 2 ** count);
  }
}

async function ask(
  { revision, env, background, forwarding, arrivedAtMs }: Attempt,
  avoidPods: readonly string[],
  needTicket: boolean,
  count: number,
): Promise<Admitted> {
  const { deadlineMs, request, facts } = forwarding;
  const acquire = { requestId: facts.requestId(), arrivedAtMs, deadlineMs, attempt: count, avoidPods, needTicket };
  const admitted = await admit(revision, acquire, request.signal, env, background);
  if (admitted.kind === "lease") keepLease(revision.revisionUid, admitted);
  return admitted;
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

/** The pod answered: the ticket goes with the last byte, and a request that waited says so. */
async function finish(
  { background, routeMs }: Attempt,
  { response, firstByteMs }: Extract<Outcome, { kind: "answered" }>,
  admitted: Admitted,
): Promise<Response> {
  const { timing } = admitted;
  if (response.status === 101) {
    // A Revision object that is reset in this moment must not cost the socket: the queue-proxy counts it in any case.
    await admitted.upgraded().catch(() => undefined);
    admitted.release();
    return response;
  }
  const released =
    admitted.kind === "ticket" ? await releaseAfterBody(response, admitted.release, background) : response;
  return wasHeld(timing) ? withPhases(released, { routeMs, timing, firstByteMs }) : released;
}

function explain(error: unknown): Response {
  const code = codeOf(error);
  if (!(error instanceof ServingError) || code === undefined) {
    console.error("gateway:", error);
    return problem("GATEWAY_FAILED", "the gateway failed on this request; try again");
  }
  if (code === "ACTIVATOR_TIMEOUT" || code === "REQUEST_TIMEOUT") return timeoutAnswer(code, error.message);
  const { retryAfterSec } = error.details;
  return problem(code, error.message, typeof retryAfterSec === "number" ? retryAfterSec : undefined);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
