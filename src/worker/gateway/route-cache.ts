/**
 * Step 1 of a request, resolve: what this isolate knows of hosts. Only data is shared between requests, never a promise
 * or a stub of another request; a refresh in the background is guarded by a time.
 *
 *     recallRoute   memory alone, the usual case
 *     resolveRoute  Routes object ─▶ no answer: what was known (24 h) ─▶ nothing known: the copy in KV ─▶ cannot tell
 */
import type { RouteEntry } from "../../core/protocol/objects.ts";
import { FRESH_FOR_MS, freshnessOf, RESOLVE_TIMEOUT_MS } from "../../core/routing/freshness.ts";
import type { Background, GatewayEnv } from "./env.ts";
import { askRoutes, type Lookup, outageAt, readCopy, resetOutages } from "./route-lookup.ts";

/** Hosts with a route that an isolate remembers; the one that was asked for longest ago goes first. */
const MAX_KNOWN = 10_000;
/** Asking for hosts that no route answers to is limited, since anyone can invent hosts: so many lookups ... */
const MAX_UNKNOWN_LOOKUPS = 500;
/** ... in this time; past it hosts that are not remembered get 503 without a lookup, since nobody can tell. */
const UNKNOWN_WINDOW_MS = 1_000;
/** All that can be found unknown within the freshness bound. Apart, so that inventing hosts makes no known one forgotten. */
const MAX_UNKNOWN = (MAX_UNKNOWN_LOOKUPS * FRESH_FOR_MS) / UNKNOWN_WINDOW_MS;

/** `unavailable`: neither the route table nor memory nor a copy can tell. */
export type Resolution = Lookup;

type Known = {
  readonly found: Extract<Resolution, { kind: "found" }>;
  readonly askedAtMs: number;
  refreshingSinceMs: number;
};

const UNKNOWN: Resolution = { kind: "unknown" };
const UNAVAILABLE: Resolution = { kind: "unavailable" };

const known = new Map<string, Known>();
/** Host → when it was asked for. */
const unknown = new Map<string, number>();
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
  const cached = known.get(host);
  if (cached === undefined) return nowMs - (unknown.get(host) ?? 0) < FRESH_FOR_MS ? UNKNOWN : null;
  const freshness = freshnessOf(nowMs - cached.askedAtMs);
  if (freshness === "fresh") return cached.found;
  if (freshness === "unusable") return null;
  const outage = freshness === "refresh" ? "probe" : outageAt(host, nowMs);
  if (outage === "over") return null;
  if (outage === "probe") refresh(host, cached, env, background, nowMs);
  return cached.found;
}

/** Asks the route table, or falls back on what is known; the caller has nothing from recallRoute. */
export async function resolveRoute(host: string, env: GatewayEnv, background: Background): Promise<Resolution> {
  const nowMs = Date.now();
  const cached = known.get(host);
  const usable = cached !== undefined && freshnessOf(nowMs - cached.askedAtMs) !== "unusable" ? cached.found : null;
  if (usable === null && isUnknownLimited(nowMs)) return UNAVAILABLE;
  const outage = outageAt(host, nowMs);
  if (outage !== "over") {
    const copied = usable ?? (await recallCopy(host, env));
    if (copied !== null) return recallRoute(host, env, background) ?? copied;
  }
  const answer = await askAndRemember(host, env, nowMs);
  if (answer.kind !== "unavailable") return answer;
  // That a host was unknown a while ago says nothing; that it was known does.
  return usable ?? (outage === "over" ? await recallCopy(host, env) : null) ?? UNAVAILABLE;
}

/** Drops hosts from memory, e.g. because their entries just changed. */
export function forgetRoutes(hosts: readonly string[]): void {
  forgotten += 1;
  for (const host of hosts) {
    known.delete(host);
    unknown.delete(host);
  }
}

/** For tests, whose files share the isolate. */
export function resetRouteCache(): void {
  known.clear();
  unknown.clear();
  resetOutages();
  forgotten += 1;
  unknownLookups = 0;
  unknownWindowStartMs = 0;
}

function refresh(host: string, cached: Known, env: GatewayEnv, background: Background, nowMs: number): void {
  if (nowMs - cached.refreshingSinceMs <= RESOLVE_TIMEOUT_MS) return;
  cached.refreshingSinceMs = nowMs;
  background.waitUntil(askAndRemember(host, env, nowMs));
}

async function askAndRemember(host: string, env: GatewayEnv, nowMs: number): Promise<Resolution> {
  const generation = forgotten;
  const answer = await askRoutes(host, env);
  if (answer.kind === "unknown") unknownLookups += 1;
  if (generation !== forgotten) return answer;
  if (answer.kind === "found") rememberKnown(host, answer.entry, nowMs);
  if (answer.kind === "unknown") rememberUnknown(host, nowMs);
  return answer;
}

/** A copy may be old, so it is remembered as something that must be asked for again. */
async function recallCopy(host: string, env: GatewayEnv): Promise<Resolution | null> {
  const generation = forgotten;
  const nowMs = Date.now();
  const entry = await readCopy(host, env);
  if (entry === null) {
    unknownLookups += 1;
    return null;
  }
  if (generation === forgotten) rememberKnown(host, entry, nowMs - FRESH_FOR_MS);
  return { kind: "found", entry };
}

function rememberKnown(host: string, entry: RouteEntry, askedAtMs: number): void {
  if (isOutdated(host, askedAtMs)) return;
  unknown.delete(host);
  known.delete(host);
  known.set(host, { found: { kind: "found", entry }, askedAtMs, refreshingSinceMs: 0 });
  dropOldest(known, MAX_KNOWN);
}

function rememberUnknown(host: string, askedAtMs: number): void {
  if (isOutdated(host, askedAtMs)) return;
  known.delete(host);
  unknown.delete(host);
  unknown.set(host, askedAtMs);
  dropOldest(unknown, MAX_UNKNOWN);
}

/** Answers may overtake one another; the one to the later question counts. */
function isOutdated(host: string, askedAtMs: number): boolean {
  return askedAtMs < (known.get(host)?.askedAtMs ?? unknown.get(host) ?? 0);
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  if (map.size <= most) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

function isUnknownLimited(nowMs: number): boolean {
  if (nowMs - unknownWindowStartMs >= UNKNOWN_WINDOW_MS) {
    unknownWindowStartMs = nowMs;
    unknownLookups = 0;
  }
  return unknownLookups >= MAX_UNKNOWN_LOOKUPS;
}
