/** RFC 6902: carries out a list of operations on a copy of an object, within bounds. */
import { applyPatch, type Operation, Pointer } from "rfc6902";
import type { Outcome } from "../../core/protocol/control-plane.ts";
import { failure } from "../../core/resource/api-status.ts";
import { isJsonObject, jsonEqual, MAX_NESTING, nestingDepth } from "../../core/resource/json.ts";

const OPERATIONS: ReadonlySet<string> = new Set(["add", "remove", "replace", "move", "copy", "test"]);
/** Names that lead from a JavaScript object to what is no data. */
const FORBIDDEN = /(^|\/)(__proto__|constructor|prototype)(\/|$)/;
/** What `copy` may add in all: a few of them double an object until memory ends. */
const MAX_COPIED_CHARS = 3 * 1024 * 1024;

/** @returns the changed copy; 400 for what is no JSON patch, 422 for an operation that fails, as Kubernetes answers */
export function applyJsonPatch(object: unknown, operations: readonly unknown[]): Outcome<unknown> {
  const target: unknown = structuredClone(object);
  let copiedChars = 0;
  for (const [i, operation] of operations.entries()) {
    const problem = problemOf(operation);
    if (problem !== null) return refused("BadRequest", `operation ${i} of the JSON patch: ${problem}`);
    const step = operation as Operation;
    const missing = missingPlace(target, step);
    if (missing !== null)
      return refused("Invalid", `${REJECTED}: operation ${i}, ${step.op} at "${missing}": nothing is there`);
    try {
      if (step.op === "copy") copiedChars += sizeAt(target, step.from);
      if (copiedChars > MAX_COPIED_CHARS) return refused("RequestEntityTooLarge", "the JSON patch copies too much");
      const failed = step.op === "test" ? testFails(target, step) : applyPatch(target, [step])[0]?.message;
      if (failed) return refused("Invalid", `${REJECTED}: operation ${i}, ${step.op} at "${step.path}": ${failed}`);
    } catch (error) {
      return refused("Invalid", `${REJECTED}: operation ${i}: ${(error as Error).message}`);
    }
  }
  return isTooDeep(target)
    ? refused("BadRequest", `the JSON patch nests the object deeper than ${MAX_NESTING} levels`)
    : { ok: true, value: target };
}

const REJECTED = "the server rejected our request due to an error in our request";

function problemOf(operation: unknown): string | null {
  if (!isJsonObject(operation)) return "it must be an object";
  const { op, path, from } = operation;
  if (typeof op !== "string" || !OPERATIONS.has(op)) return `unknown op ${JSON.stringify(op)}`;
  const pointers = op === "move" || op === "copy" ? [path, from] : [path];
  for (const pointer of pointers) {
    if (typeof pointer !== "string") return "path and from must be strings";
    if (pointer !== "" && !pointer.startsWith("/")) return `${JSON.stringify(pointer)} must begin with a slash`;
    if (FORBIDDEN.test(pointer)) return `${JSON.stringify(pointer)} names no field`;
  }
  return null;
}

/** The first pointer of an operation that leads nowhere; null when there is none. */
function missingPlace(target: unknown, step: Operation): string | null {
  const hasSource = step.op === "move" || step.op === "copy";
  if (hasSource && !hasPlace(target, step.from, false)) return step.from;
  return hasPlace(target, step.path, hasSource || step.op === "add") ? null : step.path;
}

/**
 * Whether a pointer leads through members and items alone. The library also follows what JavaScript has besides: a patch
 * of `/spec/containers/length` would make a list of any length.
 * @param isNew it may name a member that is not there, or the end of a list
 */
function hasPlace(target: unknown, pointer: string, isNew: boolean): boolean {
  const [, ...tokens] = Pointer.fromJSON(pointer).tokens;
  const last = tokens.pop();
  if (last === undefined) return true;
  const parent = tokens.reduce(memberOf, target);
  if (!isNew) return memberOf(parent, last) !== undefined;
  if (Array.isArray(parent)) return last === "-" || (INDEX.test(last) && Number(last) <= parent.length);
  return isJsonObject(parent);
}

const INDEX = /^(0|[1-9]\d{0,8})$/;

function memberOf(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return INDEX.test(token) ? (value[Number(token)] as unknown) : undefined;
  return isJsonObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

/** Operations can nest what each of them holds. */
function isTooDeep(target: unknown): boolean {
  try {
    return nestingDepth(JSON.stringify(target), MAX_NESTING) > MAX_NESTING;
  } catch {
    // Too deep even to be written.
    return true;
  }
}

/** The library compares by computing a difference, which takes quadratic time. */
function testFails(target: unknown, { path, value }: { readonly path: string; readonly value: unknown }): string {
  return jsonEqual(Pointer.fromJSON(path).get(target), value) ? "" : "the value is another";
}

function sizeAt(target: unknown, path: string): number {
  return JSON.stringify(Pointer.fromJSON(path).get(target) ?? null).length;
}

function refused(reason: "BadRequest" | "Invalid" | "RequestEntityTooLarge", message: string): Outcome<never> {
  return { ok: false, status: failure(reason, message) };
}
