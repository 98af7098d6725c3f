/** Objects that are computed when they are asked for, in the shape that clients expect of stored ones. */
import { md5Hex } from "../md5.ts";
import type { OwnerReference } from "../resource/object.ts";

export type ViewObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    /** Changes whenever anything in the object does. */
    readonly resourceVersion: string;
    readonly generation?: number;
    /** RFC 3339. */
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
  };
  readonly [field: string]: unknown;
};

/** A view before it has its version. */
export type ViewDraft = Omit<ViewObject, "metadata"> & {
  readonly metadata: Omit<ViewObject["metadata"], "resourceVersion">;
};

/**
 * Adds the resourceVersion: a hash of everything else, so that whoever compares two of them learns whether anything
 * changed. Two states of one object collide once in 2^53.
 */
export function versioned(draft: ViewDraft): ViewObject {
  const resourceVersion = contentHash(JSON.stringify(draft));
  return { ...draft, metadata: { ...draft.metadata, resourceVersion } } as ViewObject;
}

/** The uid of a view that belongs to one stored object: as lasting as that, and another for each kind. */
export function derivedUid(kind: string, ownerUid: string): string {
  return md5Hex(`${kind}/${ownerUid}`).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * 53 bits of two multiplicative hashes over the UTF-16 units, in decimal: resourceVersions look like numbers.
 * Not against anyone who looks for collisions.
 */
function contentHash(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
  }
  low ^= high >>> 15;
  return String((high >>> 11) * 2 ** 32 + (low >>> 0));
}
