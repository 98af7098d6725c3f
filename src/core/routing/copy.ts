/**
 * The copy of a route entry that gateways fall back on while its Routes object does not answer. Key → value:
 *
 *     route:hello.default.example.com → {"version":1,"entry":{…, "generation":17}}
 *
 * A copy proves that a host exists. That there is none proves nothing: it may not have been written yet.
 */
import type { RouteEntry } from "../protocol/objects.ts";

const VERSION = 1;

/** KV takes one write per second and key. */
export const COPY_INTERVAL_MS = 1_000;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;

/** @param host normalized, see host.ts; at most 253 characters, so the key has at most 259 (KV: 512 bytes) */
export function routeCopyKey(host: string): string {
  return `route:${host}`;
}

/** The value to keep under routeCopyKey(entry.host). */
export function formatRouteCopy(entry: RouteEntry): string {
  return JSON.stringify({ version: VERSION, entry });
}

/**
 * Reads what formatRouteCopy wrote.
 * @param text null where there is no copy
 * @returns null for anything that is not a copy of this host in a version that is understood
 */
export function parseRouteCopy(text: string | null, host: string): RouteEntry | null {
  const copy = parseJson(text ?? "null");
  if (!isRecord(copy) || copy.version !== VERSION || !isRecord(copy.entry)) return null;
  return copy.entry.host === host && isRouteEntry(copy.entry) ? copy.entry : null;
}

/**
 * How long after a failed write it is tried again.
 * @param attempt failed writes in a row, ≥ 1
 * @returns 2 s, doubling up to 5 minutes
 */
export function copyRetryMs(attempt: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 16));
}

function isRouteEntry(value: unknown): value is RouteEntry {
  if (!isRecord(value) || !Array.isArray(value.targets)) return false;
  const hasNames = [value.host, value.routeUid, value.namespace, value.route].every((part) => typeof part === "string");
  const isPlaced = value.visibility === "external" || value.visibility === "cluster-local";
  return hasNames && isPlaced && typeof value.generation === "number" && value.targets.every(isTarget);
}

function isTarget(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { revisionUid, revision, percent, timeoutSec } = value;
  const hasNames = typeof revisionUid === "string" && typeof revision === "string";
  return hasNames && typeof percent === "number" && typeof timeoutSec === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
