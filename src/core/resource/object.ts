/**
 * The shape that all API objects share, as stored and as on the wire. Specs and statuses are in the file of each kind.
 */
import type { Condition } from "./conditions.ts";

/**
 * Kinds that the store keeps; resource-type.ts says how each is addressed. A stored object's `kind` is this name, which on
 * the wire may be another (representation.ts): `CoreService` is the core group's `Service`.
 */
export type KindName =
  | "Service"
  | "Configuration"
  | "Revision"
  | "Route"
  | "DomainMapping"
  | "CoreService"
  | "ConfigMap"
  | "Secret"
  | "Namespace"
  | "Event";

/** Names one object. `namespace` is "" for a kind without namespaces. */
export type ObjectKey = { readonly kind: KindName; readonly namespace: string; readonly name: string };

export type ObjectMeta = {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid: string;
  /** Opaque to clients; here the decimal value of the store's counter at the last write. */
  readonly resourceVersion: string;
  /** 1 at creation; +1 only when the spec changes after defaulting. */
  readonly generation: number;
  /** RFC 3339, whole seconds. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
};

export type OwnerReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
};

/** The part of a status that Knative's kinds have in common. */
export type CommonStatus = { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };

export type KubeObject<Spec = unknown, Status = unknown> = {
  readonly apiVersion: string;
  readonly kind: KindName;
  readonly metadata: ObjectMeta;
  readonly spec?: Spec;
  readonly status?: Status;
  /** ConfigMap and Secret only. */
  readonly data?: Readonly<Record<string, string>>;
};

/** An object of a kind that always has a spec. */
export type Resource<Spec, Status> = KubeObject<Spec, Status> & { readonly spec: Spec };

/** An object that a reconciler wants made: the store adds uid, resourceVersion and creationTimestamp. */
export type Draft = Omit<KubeObject, "metadata"> & {
  readonly metadata: Omit<ObjectMeta, "uid" | "resourceVersion" | "creationTimestamp" | "generation">;
};

export function keyOf(object: KubeObject | Draft): ObjectKey {
  return { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

/** The reference by which `owner` controls a child: deleting the owner deletes the child. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function isControlledBy(child: KubeObject, owner: KubeObject): boolean {
  return (child.metadata.ownerReferences ?? []).some(
    (reference) => reference.controller === true && reference.uid === owner.metadata.uid,
  );
}
