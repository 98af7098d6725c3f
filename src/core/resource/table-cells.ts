/** What cells of tables show: members of objects, ages and conditions, as kubectl's users are used to them. */
import { isJsonObject, memberAt } from "./json.ts";

/** null prints as nothing: what a custom resource does not have. */
export type Cell = string | number | boolean | null;

/** What Kubernetes prints for its own kinds where there is nothing. */
export const NONE = "<none>";
export const UNKNOWN = "<unknown>";

/** The list at a path; empty when there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = memberAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The text at a path; "" when there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = memberAt(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The number at a path; 0 when there is none. */
export function numberAt(value: unknown, ...path: readonly string[]): number {
  const found = memberAt(value, ...path);
  return typeof found === "number" ? found : 0;
}

/** A cell with the scalar at a path; null when it is absent or no scalar. */
export function cellAt(value: unknown, ...path: readonly string[]): Cell {
  const found = memberAt(value, ...path);
  return typeof found === "string" || typeof found === "number" || typeof found === "boolean" ? found : null;
}

/** A member of the condition of a type; null when the object has no such condition. */
export function conditionCell(object: unknown, type: string, member: "status" | "reason"): Cell {
  const condition = listAt(object, "status", "conditions").find((candidate) => textAt(candidate, "type") === type);
  return cellAt(condition, member);
}

/** How many members the object at a path has. */
export function memberCount(value: unknown, ...path: readonly string[]): number {
  const found = memberAt(value, ...path);
  return isJsonObject(found) ? Object.keys(found).length : 0;
}

/**
 * How long ago a time was, as kubectl writes it: `45s`, `2m30s`, `5h10m`, `3d4h`, `400d`.
 * @param time RFC 3339; `<unknown>` when it is none
 */
export function ageCell(time: unknown, nowMs: number): string {
  const atMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(atMs) ? UNKNOWN : humanDuration(nowMs - atMs);
}

/**
 * Two units at most, and fewer digits the longer it lasts.
 * @param durationMs slightly negative ones, from clocks that disagree, are `0s`
 * Source: k8s.io/apimachinery/pkg/util/duration HumanDuration
 */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 2 * MINUTE) return `${Math.max(0, seconds)}s`;
  if (seconds < 10 * MINUTE) return twoUnits(seconds, MINUTE, "m", 1, "s");
  if (seconds < 3 * HOUR) return `${Math.trunc(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return twoUnits(seconds, HOUR, "h", MINUTE, "m");
  if (seconds < 2 * DAY) return `${Math.trunc(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return twoUnits(seconds, DAY, "d", HOUR, "h");
  if (seconds < 2 * YEAR) return `${Math.trunc(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return twoUnits(seconds, YEAR, "y", DAY, "d");
  return `${Math.trunc(seconds / YEAR)}y`;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

function twoUnits(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.trunc((seconds % large) / small);
  return `${Math.trunc(seconds / large)}${largeName}${rest === 0 ? "" : `${rest}${smallName}`}`;
}
