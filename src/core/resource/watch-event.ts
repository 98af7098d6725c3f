/** What a watch says: which event a change is to a watcher with a selector, and the events that no change causes. */
import type { ApiStatus } from "./api-status.ts";
import type { ResourceType } from "./resource-type.ts";
import type { Selectable, Selector } from "./selector.ts";

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

export type WatchEvent = { readonly type: ChangeType | "BOOKMARK" | "ERROR"; readonly object: unknown };

/** A write as the log has it. */
export type Change = {
  readonly type: ChangeType;
  /** As it is after the write; a deleted one as it was last. */
  readonly object: Selectable;
  /** The labels before the write; null when it did not change them. */
  readonly labelsBefore: Readonly<Record<string, string>> | null;
};

/**
 * The event that a change is to a watcher: an object that comes to match appears, one that stops matching disappears.
 *
 *     change    matched before  matches now  →
 *     ADDED     -               yes            ADDED
 *     MODIFIED  yes             yes            MODIFIED
 *     MODIFIED  no              yes            ADDED
 *     MODIFIED  yes             no             DELETED
 *     DELETED   -               yes            DELETED
 *     any       no              no             none
 *
 * Only labels count for "before": the fields that can be selected never change.
 * @returns null when the watcher is told nothing
 */
export function eventTypeOf(change: Change, matches: Selector): ChangeType | null {
  const matchesNow = matches(change.object);
  if (change.type !== "MODIFIED" || change.labelsBefore === null) return matchesNow ? change.type : null;
  const before = { ...change.object, metadata: { ...change.object.metadata, labels: change.labelsBefore } };
  const matchedBefore = matches(before);
  if (matchesNow) return matchedBefore ? "MODIFIED" : "ADDED";
  return matchedBefore ? "DELETED" : null;
}

/**
 * How far a watch is, as an object of its type that has nothing but a resourceVersion.
 * @param isInitialEnd whether it ends the events of `sendInitialEvents`
 */
export function bookmarkOf(type: ResourceType, resourceVersion: string, isInitialEnd: boolean) {
  const annotations = isInitialEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  return { kind: type.wireKind, apiVersion: type.apiVersion, metadata: { resourceVersion, ...annotations } };
}

/** What ends a watch that cannot go on. */
export function errorEvent(status: ApiStatus): WatchEvent {
  return { type: "ERROR", object: status };
}
