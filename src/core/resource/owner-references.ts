/**
 * metadata.ownerReferences as clients may change them: what goes when its owners are gone. A client says who owns an
 * object, as in Kubernetes, but for the controllers that reconcilers have set: what they have made stays theirs.
 */
import { at, type FieldError, generic, invalidValue, missingField } from "./field-error.ts";
import type { KubeObject, ObjectMeta, OwnerReference } from "./object.ts";
import { RESOURCE_TYPES } from "./resource-type.ts";

/** Finds an object by its uid, of any kind. */
export type FindByUid = (uid: string) => KubeObject | null;

/** The references after an update: those that were sent, in their order, and the reconcilers' as they were. */
export function nextOwners({ metadata }: KubeObject, sent: Partial<ObjectMeta>): readonly OwnerReference[] {
  const lasting = (metadata.ownerReferences ?? []).filter(isReconcilers);
  const given = sent.ownerReferences ?? [];
  const missing = lasting.filter(({ uid }) => given.every((reference) => reference.uid !== uid));
  return [...given.map((reference) => lasting.find(({ uid }) => uid === reference.uid) ?? reference), ...missing];
}

/**
 * An owner that is not there would never take the object along, and one below it would hold it for ever, so both are
 * refused, where Kubernetes takes them and collects the object later.
 * @param stored null on create; its references are not judged again
 * Source: k8s.io/apimachinery/pkg/api/validation ValidateOwnerReferences
 */
export function validateOwners(metadata: ObjectMeta, stored: ObjectMeta | null, find: FindByUid): FieldError[] {
  const { ownerReferences = [] } = metadata;
  const known = new Set(stored?.ownerReferences?.map(({ uid }) => uid));
  const added = ownerReferences.flatMap((owner, i) => (known.has(owner.uid) ? [] : [{ owner, i }]));
  return at("metadata", [
    ...added.flatMap(({ owner, i }) => at(`ownerReferences[${i}]`, validateOwner(owner, metadata, stored, find))),
    ...validateControllers(ownerReferences),
  ]);
}

function validateOwner(
  reference: OwnerReference,
  metadata: ObjectMeta,
  stored: ObjectMeta | null,
  find: FindByUid,
): FieldError[] {
  const missing = (["apiVersion", "kind", "name", "uid"] as const).filter((field) => !reference[field]);
  if (missing.length > 0) return missing.map((field) => missingField(field));
  const owner = find(reference.uid);
  if (owner === null || !isNamed(owner, reference) || !isReachable(owner, metadata)) {
    const details = `there is no ${reference.kind} ${JSON.stringify(reference.name)} with this uid in the namespace`;
    return [invalidValue(reference.uid, "uid", details)];
  }
  // What is new owns nothing yet.
  if (stored === null) return [];
  if (isReconcilers(reference)) return [generic("is set by Rouse on what it makes", "controller")];
  return isBelow(owner, metadata.uid, find) ? [generic("the owner is owned by the object itself", "uid")] : [];
}

function validateControllers(references: readonly OwnerReference[]): FieldError[] {
  const [first, second] = references.filter(({ controller }) => controller === true);
  if (first === undefined || second === undefined) return [];
  const names = `${first.name} and ${second.name}`;
  const message = `Only one reference can have Controller set to true. Found "true" in references for ${names}`;
  return [generic(message, "ownerReferences")];
}

/** Knative's kinds make objects; of all others a client has said that they control something. */
function isReconcilers({ apiVersion, controller }: OwnerReference): boolean {
  return controller === true && groupOf(apiVersion) === RESOURCE_TYPES.Service.group;
}

function isNamed({ kind, metadata }: KubeObject, reference: OwnerReference): boolean {
  const type = RESOURCE_TYPES[kind];
  return (
    metadata.name === reference.name && type.wireKind === reference.kind && type.group === groupOf(reference.apiVersion)
  );
}

/** An owner has no namespace, or that of the object. */
function isReachable({ metadata: { namespace = "" } }: KubeObject, object: ObjectMeta): boolean {
  return namespace === "" || namespace === object.namespace;
}

/** Whether an object is the one with the uid, or owned by it at any remove. */
function isBelow(object: KubeObject, uid: string, find: FindByUid): boolean {
  const seen = new Set([object.metadata.uid]);
  for (const next of seen) {
    if (next === uid) return true;
    for (const owner of find(next)?.metadata.ownerReferences ?? []) seen.add(owner.uid);
  }
  return false;
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}
