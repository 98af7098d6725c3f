/** Keeping a child object as its parent wants it. */
import { jsonEqual } from "../resource/json.ts";
import { type Draft, isControlledBy, type KubeObject } from "../resource/object.ts";
import type { Write } from "./observed.ts";

/**
 * The writes that make an existing child equal to what its parent wants; labels and annotations are replaced whole.
 * @param existing null when there is none yet
 * @returns `isForeign` when the name belongs to somebody else: nothing is written then
 */
export function ensureChild(
  owner: KubeObject,
  wanted: Draft,
  existing: KubeObject | null,
): { readonly isForeign: boolean; readonly writes: readonly Write[] } {
  if (existing === null) return { isForeign: false, writes: [{ type: "create", draft: wanted }] };
  if (!isControlledBy(existing, owner)) return { isForeign: true, writes: [] };
  const isSpecEqual = jsonEqual(existing.spec, wanted.spec);
  const isMetaEqual =
    jsonEqual(existing.metadata.labels ?? {}, wanted.metadata.labels ?? {}) &&
    jsonEqual(existing.metadata.annotations ?? {}, wanted.metadata.annotations ?? {});
  if (isSpecEqual && isMetaEqual) return { isForeign: false, writes: [] };
  const object: KubeObject = {
    ...existing,
    spec: wanted.spec,
    metadata: {
      ...existing.metadata,
      labels: wanted.metadata.labels ?? {},
      annotations: wanted.metadata.annotations ?? {},
      generation: existing.metadata.generation + (isSpecEqual ? 0 : 1),
    },
  };
  return { isForeign: false, writes: [{ type: "update", object }] };
}

/** A status write, unless the status is what is stored already: a ready object must not churn. */
export function writeStatus(object: KubeObject, status: unknown): Write[] {
  return jsonEqual(object.status, status) ? [] : [{ type: "update-status", object: { ...object, status } }];
}
