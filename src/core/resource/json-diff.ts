/**
 * What differs between two JSON values, a place at a time, as people are told of a change that is not allowed:
 *
 *     {v1.RevisionSpec}.containers[0].image:
 *     	-: "busybox"
 *     	+: "helloworld"
 */
import { isJsonObject, jsonEqual } from "./json.ts";

/** So many places are told; a template that was replaced differs everywhere. */
const MAX_PLACES = 10;
const MAX_VALUE_CHARS = 200;

/**
 * @param root what the paths begin with
 * @returns "" when the values are the same
 */
export function describeChanges(root: string, before: unknown, after: unknown): string {
  const places = changes(root, before, after);
  const told = places
    .slice(0, MAX_PLACES)
    .map(({ path, old, now }) => `${path}:\n\t-: ${show(old)}\n\t+: ${show(now)}\n`);
  return told.join("") + (places.length > MAX_PLACES ? `and ${places.length - MAX_PLACES} more\n` : "");
}

type Change = { readonly path: string; readonly old: unknown; readonly now: unknown };

function changes(path: string, before: unknown, after: unknown): Change[] {
  if (jsonEqual(before, after)) return [];
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].sort().flatMap((name) => changes(`${path}.${name}`, before[name], after[name]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, i) => changes(`${path}[${i}]`, item, after[i]));
  }
  return [{ path, old: before, now: after }];
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "<absent>";
  return text.length <= MAX_VALUE_CHARS ? text : `${text.slice(0, MAX_VALUE_CHARS)}…`;
}
