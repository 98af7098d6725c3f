/**
 * Watches of kinds that are computed and not stored: nothing logs their changes, so two lists are compared. Their list's
 * resourceVersion is a digest of what is in it, by which a watch can tell whether anything happened since.
 */
import { md5Hex } from "../md5.ts";
import { type ApiStatus, failure } from "./api-status.ts";
import type { WatchEvent } from "./watch-event.ts";
import { selectedName, type WatchRequest } from "./watch-start.ts";
import { listVersion } from "./watch-version.ts";

export type Listed = {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
};

/** What makes `after` of `before`: deletions, then additions and changes in the order of the list. */
export function differencesOf(before: readonly Listed[], after: readonly Listed[]): WatchEvent[] {
  const known = new Map(before.map((object) => [object.metadata.uid, object.metadata.resourceVersion]));
  const remaining = new Set(after.map((object) => object.metadata.uid));
  const deletions = before.filter(({ metadata }) => !remaining.has(metadata.uid));
  return [
    ...deletions.map((object) => ({ type: "DELETED" as const, object })),
    ...after.flatMap((object): WatchEvent[] => {
      const version = known.get(object.metadata.uid);
      if (version === object.metadata.resourceVersion) return [];
      return [{ type: version === undefined ? "ADDED" : "MODIFIED", object }];
    }),
  ];
}

/**
 * The objects of a list, and those of the list before it that are missing for the first time: what an object behind the
 * view did not say in time is back in the next list. One whose name was taken by another is gone for certain.
 * @param known what was believed to be there before `listed`
 * @param missing uids that the list before lacked too
 */
export function withMissing<T extends Listed>(
  known: readonly T[],
  listed: readonly T[],
  missing: ReadonlySet<string>,
): readonly T[] {
  const uids = new Set(listed.map(({ metadata }) => metadata.uid));
  const names = new Set(listed.map(nameOf));
  const isDoubtful = (object: T) => {
    const { uid } = object.metadata;
    return !uids.has(uid) && !missing.has(uid) && !names.has(nameOf(object));
  };
  return [...listed, ...known.filter(isDoubtful)];
}

/** What a watch of a view begins with, or the Status that ends it: the rules of startOf, with a log of nothing. */
export function differenceStart(
  { version, sendInitialEvents, fieldSelector }: WatchRequest,
  current: readonly Listed[],
): { readonly ok: true; readonly events: readonly WatchEvent[] } | { readonly ok: false; readonly status: ApiStatus } {
  if (sendInitialEvents ?? version === null) return { ok: true, events: differencesOf([], current) };
  if (version === null || version === digestVersion(current)) return { ok: true, events: [] };
  if (selectedName(fieldSelector) !== null) {
    return { ok: true, events: current.map((object) => ({ type: "MODIFIED", object })) };
  }
  const message = `too old resource version: ${version} (${digestVersion(current)})`;
  return { ok: false, status: failure("Expired", message) };
}

/**
 * The resourceVersion of a list of a view: the same for the same objects in any order.
 * @returns an odd number, below 2^49
 */
export function digestVersion(objects: readonly Listed[]): number {
  const parts = objects.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`).sort();
  return listVersion(Number.parseInt(md5Hex(parts.join("\n")).slice(0, 12), 16) * 2);
}

function nameOf({ metadata }: Listed): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
