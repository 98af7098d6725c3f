/**
 * The gateway's environment with its edges in the test's hand: what the route table knows, how the activator answers, what
 * pods do.
 */
import type {
  AcquireRequest,
  AdmissionInfo,
  Endpoint,
  PendingAdmission,
} from "../../../src/core/protocol/admission.ts";
import type { RevisionRpc, RouteEntry, RoutesRpc } from "../../../src/core/protocol/objects.ts";
import type { GatewayEnv } from "../../../src/worker/gateway/env.ts";
import { serve } from "../../../src/worker/gateway/gateway.ts";
import { resetLeases } from "../../../src/worker/gateway/leases.ts";
import { resetRouteCache } from "../../../src/worker/gateway/route-cache.ts";

export const NOT_HELD = { heldMs: 0, startMs: 0, readyMs: 0, cold: false };

export function endpoint(podId: string): Endpoint {
  return { podId, url: `http://agent.test:8012/${podId}`, grant: `grant-of-${podId}` };
}

export function lease(...podIds: string[]): AdmissionInfo {
  return {
    kind: "lease",
    endpoints: podIds.map(endpoint),
    expiresAtMs: Date.now() + 10_000,
    isLimited: false,
    timing: NOT_HELD,
  };
}

export function ticket(podId: string, timing = NOT_HELD): AdmissionInfo {
  return { kind: "ticket", endpoint: endpoint(podId), timing };
}

type Seen = { readonly url: string; readonly method: string; readonly headers: Headers; readonly body: string | null };

export class Edge {
  entries = new Map<string, RouteEntry>();
  /** What KV says, by key. */
  readonly copies = new Map<string, string>();
  /** Thrown by the route table instead of an answer. */
  routesError: Error | null = null;
  /** How often it is thrown. */
  routesFailures = Number.POSITIVE_INFINITY;
  /** Thrown when a ticket is said to be a socket now. */
  upgradeError: Error | null = null;
  lookups = 0;
  readonly acquired: AcquireRequest[] = [];
  readonly cancelled: string[] = [];
  released = 0;
  upgraded = 0;
  renewals = 0;
  readonly forwarded: Seen[] = [];
  answer: (request: AcquireRequest) => AdmissionInfo | Promise<AdmissionInfo> = () => lease("pod-1");
  /** Answers that are no refusal get the mark of the queue-proxy. */
  pod: (seen: Seen) => Response | Promise<Response> = () => new Response("ok");
  readonly background: Promise<unknown>[] = [];

  constructor() {
    resetLeases();
    resetRouteCache();
    this.entries.set("hello.default.apps.test", entry("hello.default.apps.test"));
  }

  get env(): GatewayEnv {
    return {
      ROUTES: { getByName: () => this.#routes() },
      REVISION: { getByName: () => this.#revision() },
      ROUTE_COPIES: { get: async (key) => this.copies.get(key) ?? null },
      NET: { fetch: (input, init) => this.#fetch(String(input), init ?? {}) },
    };
  }

  /** Sends a request to hello.default.apps.test, or to another host. */
  async request(path = "/", init: RequestInit = {}, host = "hello.default.apps.test"): Promise<Response> {
    return this.send(new Request(`http://${host}${path}`, init), path, host);
  }

  async send(request: Request, path = "/", host = "hello.default.apps.test"): Promise<Response> {
    return serve({ request, host, authority: host, target: path, proto: "http" }, this.env, {
      waitUntil: (promise) => {
        this.background.push(promise);
      },
    });
  }

  async settled(): Promise<void> {
    await Promise.all(this.background);
  }

  #routes(): RoutesRpc {
    return {
      putEntries: async () => undefined,
      resolve: async (host) => {
        this.lookups += 1;
        if (this.routesError !== null && this.lookups <= this.routesFailures) throw this.routesError;
        return this.entries.get(host) ?? null;
      },
    };
  }

  #revision(): RevisionRpc {
    const unused = async (): Promise<never> => {
      throw new Error("the gateway does not call this");
    };
    return {
      applyOrder: unused,
      destroy: unused,
      agentsChanged: unused,
      podsReported: unused,
      statsReported: unused,
      describe: unused,
      renewLease: async () => {
        this.renewals += 1;
        return null;
      },
      cancel: async (requestId) => {
        this.cancelled.push(requestId);
      },
      acquire: (request) => this.#acquire(request),
    };
  }

  #acquire(request: AcquireRequest): PendingAdmission {
    this.acquired.push({ ...request, avoidPods: [...request.avoidPods] });
    return {
      info: Promise.resolve().then(() => this.answer(request)),
      upgraded: async () => {
        this.upgraded += 1;
        if (this.upgradeError !== null) throw this.upgradeError;
      },
      catch: () => undefined,
      [Symbol.dispose]: () => {
        this.released += 1;
      },
    };
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const body = init.body == null ? null : await new Response(init.body as BodyInit).text();
    const seen = { url, method: init.method ?? "GET", headers: new Headers(init.headers), body };
    this.forwarded.push(seen);
    const response = await this.pod(seen);
    if (response.headers.has("x-rouse-refused") || response.headers.has("x-not-from-a-pod")) return response;
    const marked = response.webSocket == null ? new Response(response.body, response) : response;
    marked.headers.set("x-rouse-pod", new URL(url).pathname.split("/")[1] ?? "");
    return marked;
  }
}

export function entry(host: string, changes: Partial<RouteEntry> = {}): RouteEntry {
  return {
    host,
    routeUid: "route-1",
    namespace: "default",
    route: "hello",
    visibility: "external",
    targets: [{ revisionUid: "rev-1", revision: "hello-00001", percent: 100, timeoutSec: 300 }],
    generation: 1,
    ...changes,
  };
}
