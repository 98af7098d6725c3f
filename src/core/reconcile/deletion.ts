/**
 * How objects go. An object with finalizers is marked and stays until the last of them is taken off; one without goes at
 * once, and what it owned after it.
 *
 *     Background   gone at once; children follow
 *     Foreground   marked, held by `foregroundDeletion` ─▶ children deleted ─▶ last one gone ─▶ finalizer off ─▶ gone
 *     Orphan       children lose their reference, then as Background
 *     Namespace    marked, held by `kubernetes` ─▶ all that is in it deleted ─▶ empty ─▶ finalizer off ─▶ gone
 *
 * Source: kubernetes/pkg/controller/garbagecollector, apiserver's registry/generic/registry/store.go
 */
import type { DeleteOptions } from "../protocol/control-plane.ts";
import {
  FINALIZER_FOREGROUND,
  FINALIZER_NAMESPACE,
  FINALIZER_ORPHAN,
  FINALIZER_PODS,
} from "../resource/annotations.ts";
import { TERMINATING_STATUS } from "../resource/namespace.ts";
import { type KubeObject, keyOf } from "../resource/object.ts";
import { timestampOf } from "../resource/timestamp.ts";
import type { Observed, Settings, Write } from "./observed.ts";

export type Propagation = DeleteOptions["propagation"];

/**
 * The object as it is while something holds it. Without finalizers nothing does.
 * A later wish replaces an earlier one: Background lets go of what Foreground held.
 */
export function markForDeletion(object: KubeObject, propagation: Propagation, nowMs: number): KubeObject {
  const { finalizers = [], deletionTimestamp = timestampOf(nowMs), ...metadata } = object.metadata;
  const isNamespace = object.kind === "Namespace";
  // How to treat children is asked for with each wish; none of these is left of an earlier one.
  const holders = new Set(finalizers.filter((name) => name !== FINALIZER_FOREGROUND && name !== FINALIZER_ORPHAN));
  if (propagation === "Foreground") holders.add(FINALIZER_FOREGROUND);
  if (isNamespace) holders.add(FINALIZER_NAMESPACE);
  return {
    ...object,
    metadata: { ...metadata, deletionTimestamp, ...(holders.size === 0 ? {} : { finalizers: [...holders] }) },
    ...(isNamespace ? { status: TERMINATING_STATUS } : {}),
  };
}

/** The object without one of its finalizers. */
export function withoutFinalizer(object: KubeObject, finalizer: string): KubeObject {
  const { finalizers = [], ...metadata } = object.metadata;
  const left = finalizers.filter((name) => name !== finalizer);
  return { ...object, metadata: { ...metadata, ...(left.length === 0 ? {} : { finalizers: left }) } };
}

/** The object without its references to an owner that is gone or lets go of it. */
export function withoutOwner(object: KubeObject, ownerUid: string): KubeObject {
  const { ownerReferences = [], ...metadata } = object.metadata;
  const left = ownerReferences.filter(({ uid }) => uid !== ownerUid);
  return { ...object, metadata: { ...metadata, ...(left.length === 0 ? {} : { ownerReferences: left }) } };
}

/** What brings a marked object closer to its end. Whatever it was responsible for is not kept up any more. */
export function reconcileDeletion(object: KubeObject, observed: Observed, { nowMs }: Settings): Write[] {
  const { kind, metadata } = object;
  const isHeldBy = (finalizer: string) => metadata.finalizers?.includes(finalizer) === true;
  // A client may put any name on an object of any kind; there it means nothing.
  const hasPods = kind === "Revision" && isHeldBy(FINALIZER_PODS);
  const hasMembers = kind === "Namespace" && isHeldBy(FINALIZER_NAMESPACE);
  return [
    ...(hasPods ? [{ type: "destroy" as const, revisionUid: metadata.uid }] : []),
    ...(isHeldBy(FINALIZER_FOREGROUND) ? deleteChildren(object, observed) : []),
    ...(hasMembers ? deleteMembers(object, observed, nowMs) : []),
  ];
}

/** Only children that say so hold their owner; the others follow it. */
function deleteChildren(object: KubeObject, observed: Observed): Write[] {
  const { uid } = object.metadata;
  const blocking = observed
    .owned(uid)
    .filter(({ metadata }) =>
      metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
  if (blocking.length === 0) return [{ type: "finalize", object, finalizer: FINALIZER_FOREGROUND }];
  return blocking.filter(isLiving).map((child) => ({ type: "delete", object: child, propagation: "Foreground" }));
}

function deleteMembers(namespace: KubeObject, observed: Observed, nowMs: number): Write[] {
  const members = observed.members(namespace.metadata.name);
  if (members.length === 0) return [{ type: "finalize", object: namespace, finalizer: FINALIZER_NAMESPACE }];
  const living = members.filter(isLiving);
  if (living.length === 0) return [];
  // There may be more than one look shows.
  return [
    ...living.map((object) => ({ type: "delete" as const, object })),
    { type: "wake", key: keyOf(namespace), atMs: nowMs },
  ];
}

function isLiving({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}
