/** How a stored object looks on the wire in the version that a client speaks. */
import type { KubeObject } from "./object.ts";
import type { StoredType } from "./resource-type.ts";

export type WireObject = Omit<KubeObject, "kind"> & { readonly kind: string };

/** All versions of a kind have the same fields, so only the two names differ. */
export function represent(type: StoredType, object: KubeObject): WireObject {
  return { ...object, apiVersion: type.apiVersion, kind: type.wireKind };
}
