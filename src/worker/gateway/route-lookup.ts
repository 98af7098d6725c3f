/** Where an isolate learns of hosts: the Routes objects, and the copies in KV when one of them does not answer. */
import type { RouteEntry } from "../../core/protocol/objects.ts";
import { parseRouteCopy, routeCopyKey } from "../../core/routing/copy.ts";
import { type Outage, outageOf, RESOLVE_TIMEOUT_MS } from "../../core/routing/freshness.ts";
import { routesShardOf } from "../../core/routing/shard.ts";
import { withDeadline } from "./deadline.ts";
import type { GatewayEnv } from "./env.ts";

const RESOLVE_ATTEMPTS = 4;
const RESOLVE_RETRY_MS = 5;
const COPY_TIMEOUT_MS = 2_000;
/** The least that KV allows. */
const COPY_CACHE_SEC = 30;

export type Lookup =
  | { readonly kind: "found"; readonly entry: RouteEntry }
  | { readonly kind: "unknown" }
  /** The Routes object did not answer. */
  | { readonly kind: "unavailable" };

/** When each shard did not answer last, since it last did. */
const failedAtMs = new Map<string, number>();

/** What to expect of the Routes object of a host. */
export function outageAt(host: string, nowMs: number): Outage {
  return outageOf(nowMs - (failedAtMs.get(routesShardOf(host)) ?? Number.NEGATIVE_INFINITY));
}

export async function askRoutes(host: string, env: GatewayEnv): Promise<Lookup> {
  const shard = routesShardOf(host);
  try {
    const entry = await inTime(askPatiently(shard, host, env), RESOLVE_TIMEOUT_MS);
    failedAtMs.delete(shard);
    return entry === null ? { kind: "unknown" } : { kind: "found", entry };
  } catch (error) {
    if (!failedAtMs.has(shard)) console.warn(`gateway: ${shard} does not answer: ${String(error)}`);
    failedAtMs.set(shard, Date.now());
    return { kind: "unavailable" };
  }
}

/** @returns null when there is no copy, which does not mean that there is no such host */
export async function readCopy(host: string, env: GatewayEnv): Promise<RouteEntry | null> {
  if (env.ROUTE_COPIES === undefined) return null;
  try {
    const copy = env.ROUTE_COPIES.get(routeCopyKey(host), { cacheTtl: COPY_CACHE_SEC });
    return parseRouteCopy(await inTime(copy, COPY_TIMEOUT_MS), host);
  } catch (error) {
    console.warn(`gateway: the copy of the route of ${host} could not be read: ${String(error)}`);
    return null;
  }
}

/** For tests, whose files share the isolate. */
export function resetOutages(): void {
  failedAtMs.clear();
}

/** A reset object breaks the stub, not the question: a fresh one is asked again. */
async function askPatiently(shard: string, host: string, env: GatewayEnv): Promise<RouteEntry | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await env.ROUTES.getByName(shard).resolve(host);
    } catch (error) {
      // An overloaded object must not be asked again (Cloudflare's rule).
      if (attempt >= RESOLVE_ATTEMPTS || (error as { overloaded?: boolean }).overloaded === true) throw error;
      const pauseMs = RESOLVE_RETRY_MS * 2 ** attempt * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** @throws when there is no answer in time */
async function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  const boxed = await withDeadline(
    answer.then((value) => ({ value })),
    ms,
  );
  if (boxed === "deadline") throw new Error(`no answer within ${ms} ms`);
  return boxed.value;
}
