/** metadata.finalizers as clients may change them: names of those who have something to do before an object goes. */
import { isQualifiedKey } from "../name.ts";
import { FINALIZER_FOREGROUND, FINALIZER_NAMESPACE, FINALIZER_ORPHAN, FINALIZER_PODS } from "./annotations.ts";
import { at, type FieldError, generic, invalidValue } from "./field-error.ts";
import type { KindName, KubeObject, ObjectMeta } from "./object.ts";

/** The system's own, of the kinds that it puts them on: it takes them off itself when their work is done. */
const LASTING: { readonly [K in KindName]?: string } = { Revision: FINALIZER_PODS, Namespace: FINALIZER_NAMESPACE };
const STANDARD: readonly string[] = [FINALIZER_FOREGROUND, FINALIZER_NAMESPACE, FINALIZER_ORPHAN];

/** The finalizers of an object that a client makes: those that were sent, and the system's of a kind that always has one. */
export function firstFinalizers(kind: KindName, sent: Partial<ObjectMeta>): readonly string[] {
  return [...new Set([...(sent.finalizers ?? []), ...(kind === "Revision" ? [FINALIZER_PODS] : [])])];
}

/** The finalizers after an update: those that were sent, and those that only the system may take off. */
export function nextFinalizers({ kind, metadata }: KubeObject, sent: Partial<ObjectMeta>): readonly string[] {
  const kept = (metadata.finalizers ?? []).filter((name) => name === LASTING[kind]);
  return [...new Set([...(sent.finalizers ?? []), ...kept])];
}

/**
 * @param stored null on create
 * Source: k8s.io/apimachinery/pkg/api/validation ValidateFinalizers, ValidateObjectMetaAccessorUpdate
 */
export function validateFinalizers(metadata: ObjectMeta, stored: ObjectMeta | null): FieldError[] {
  const { finalizers = [] } = metadata;
  const rule = "name is neither a standard finalizer name nor is it fully qualified";
  const errors = finalizers
    .filter((name) => !STANDARD.includes(name) && !(name.includes("/") && isQualifiedKey(name)))
    .map((name) => invalidValue(name, "finalizers", rule));
  const added = finalizers.filter((name) => stored?.finalizers?.includes(name) !== true);
  if (stored?.deletionTimestamp !== undefined && added.length > 0) {
    const found = added.map((name) => JSON.stringify(name)).join(", ");
    const message = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${found}}`;
    errors.push(generic(message, "finalizers"));
  }
  return at("metadata", errors);
}
