/**
 * Step 1 of a request, resolve: what this isolate knows of hosts. Only data is shared between requests, never a promise
 * or a stub of another request; a refresh in the background is guarded by a time.
 */
import type { RouteEntry } from "../../core/protocol/objects.ts";
import { freshnessOf } from "../../core/routing/freshness.ts";
import { routesShardOf } from "../../core/routing/shard.ts";
import { withDeadline } from "./deadline.ts";
import type { Background, GatewayEnv } from "./env.ts";

/** Hosts remembered per isolate, known and unknown together; the oldest goes first. */
const MAX_HOSTS = 10_000;
/** Asking for hosts that no route answers to is limited, since anyone can invent hosts: so many lookups ... */
const MAX_UNKNOWN_LOOKUPS = 500;
/** ... in this time; past it hosts that are not remembered get 503 without a lookup, since nobody can tell. */
const UNKNOWN_WINDOW_MS = 1_000;
/** The Routes object answers in milliseconds; after this long it counts as unavailable. */
const RESOLVE_TIMEOUT_MS = 5_000;

const RESOLVE_ATTEMPTS = 4;
const RESOLVE_RETRY_MS = 5;

export type Resolution =
  | Found
  | Unknown
  /** Neither the route table nor memory can tell. */
  | { readonly kind: "unavailable" };

type Cached = { readonly resolution: Found | Unknown; readonly askedAtMs: number; refreshingSinceMs: number };
type Found = { readonly kind: "found"; readonly entry: RouteEntry };
type Unknown = { readonly kind: "unknown" };

const hosts = new Map<string, Cached>();
/** Counts up when hosts are forgotten, so that a lookup that was under way meanwhile is not remembered. */
let forgotten = 0;
let unknownWindowStartMs = 0;
let unknownLookups = 0;

/**
 * What this isolate may answer of a host by itself, the usual case; a refresh that is due runs in the background.
 * @returns null when the route table must be asked, see resolveRoute
 */
export function recallRoute(host: string, env: GatewayEnv, background: Background): Resolution | null {
  const nowMs = Date.now();
  const cached = hosts.get(host);
  if (cached === undefined) return null;
  const freshness = freshnessOf(nowMs - cached.askedAtMs);
  if (freshness === "fresh") return cached.resolution;
  if (freshness !== "refresh" || cached.resolution.kind !== "found") return null;
  if (nowMs - cached.refreshingSinceMs > RESOLVE_TIMEOUT_MS) {
    cached.refreshingSinceMs = nowMs;
    background.waitUntil(lookUp(host, env, nowMs, cached));
  }
  return cached.resolution;
}

/** Asks the route table; when it does not answer, what is known of the host is used for as long as it may be. */
export function resolveRoute(host: string, env: GatewayEnv): Promise<Resolution> {
  const nowMs = Date.now();
  const cached = hosts.get(host);
  const isUsable = cached !== undefined && freshnessOf(nowMs - cached.askedAtMs) !== "unusable";
  return lookUp(host, env, nowMs, isUsable ? cached : undefined);
}

/** Drops hosts from memory, e.g. because their entries just changed. */
export function forgetRoutes(names: readonly string[]): void {
  forgotten += 1;
  for (const name of names) hosts.delete(name);
}

/** For tests, whose files share the isolate. */
export function resetRouteCache(): void {
  hosts.clear();
  forgotten += 1;
  unknownLookups = 0;
  unknownWindowStartMs = 0;
}

async function lookUp(host: string, env: GatewayEnv, nowMs: number, fallback: Cached | undefined): Promise<Resolution> {
  if (isUnknownLimited(nowMs) && fallback === undefined) return { kind: "unavailable" };
  const generation = forgotten;
  const entry = await withDeadline(askRoutes(host, env), RESOLVE_TIMEOUT_MS).catch(() => "deadline" as const);
  // Only what is known is served stale: that a host did not exist an hour ago says nothing.
  if (entry === "deadline")
    return fallback?.resolution.kind === "found" ? fallback.resolution : { kind: "unavailable" };
  if (entry === null) unknownLookups += 1;
  const resolution = entry === null ? ({ kind: "unknown" } as const) : ({ kind: "found", entry } as const);
  if (generation === forgotten) remember(host, resolution, nowMs);
  return resolution;
}

/** A reset object breaks the stub, not the question: a fresh one is asked again. */
async function askRoutes(host: string, env: GatewayEnv): Promise<RouteEntry | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await env.ROUTES.getByName(routesShardOf(host)).resolve(host);
    } catch (error) {
      // An overloaded object must not be asked again (Cloudflare's rule).
      if (attempt >= RESOLVE_ATTEMPTS || (error as { overloaded?: boolean }).overloaded === true) throw error;
      const pauseMs = RESOLVE_RETRY_MS * 2 ** attempt * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function remember(host: string, resolution: Found | Unknown, nowMs: number): void {
  hosts.delete(host);
  hosts.set(host, { resolution, askedAtMs: nowMs, refreshingSinceMs: 0 });
  if (hosts.size <= MAX_HOSTS) return;
  const oldest = hosts.keys().next();
  if (!oldest.done) hosts.delete(oldest.value);
}

function isUnknownLimited(nowMs: number): boolean {
  if (nowMs - unknownWindowStartMs >= UNKNOWN_WINDOW_MS) {
    unknownWindowStartMs = nowMs;
    unknownLookups = 0;
  }
  return unknownLookups >= MAX_UNKNOWN_LOOKUPS;
}
