/** What a watch says: which event a change is to a watcher with a selector, and the events that no change causes. */
import type { ApiStatus } from "./api-status.ts";
import type { KubeObject } from "./object.ts";
import type { ResourceType } from "./resource-type.ts";
import type { Selectable, Selector } from "./selector.ts";

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

export type WatchEvent = { readonly type: ChangeType | "BOOKMARK" | "ERROR"; readonly object: unknown };

/** A write as the log has it. */
export type Change = {
  readonly type: ChangeType;
  /** As it is after the write; a deleted one as it was last. */
  readonly object: Selectable;
  /** What selectors saw before the write; null when it did not change that. */
  readonly before: SelectedPart | null;
};

/** What selectors look at and a write may change. `status`: of a Namespace alone, whose phase can be selected. */
export type SelectedPart = { readonly labels: Readonly<Record<string, string>>; readonly status?: unknown };

/** The part of a stored object that a change has to remember. */
export function selectedPartOf({ kind, metadata, status }: KubeObject): SelectedPart {
  return { labels: metadata.labels ?? {}, ...(kind === "Namespace" ? { status } : {}) };
}

/** The object as selectors saw it before. */
export function withPart<T extends Selectable>(object: T, { labels, ...rest }: SelectedPart): T {
  return { ...object, ...rest, metadata: { ...object.metadata, labels } };
}

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
 * "Before" is told by `before`: of the fields that can be selected only the phase of a Namespace changes.
 * @returns null when the watcher is told nothing
 */
export function eventTypeOf(change: Change, matches: Selector): ChangeType | null {
  const matchesNow = matches(change.object);
  if (change.type !== "MODIFIED" || change.before === null) return matchesNow ? change.type : null;
  const matchedBefore = matches(withPart(change.object, change.before));
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
