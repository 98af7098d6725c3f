/**
 * What reconcilers work with: a snapshot to read, settings, and the writes they answer with. A reconciler is called again
 * whenever something it read may have changed, and with nothing left to do it answers with no writes.
 */
import type { ScalingSpec } from "../autoscaler/spec.ts";
import type { Config } from "../config/config.ts";
import type { DeleteOptions } from "../protocol/control-plane.ts";
import type { RevisionObservation, RevisionOrder, RouteEntry } from "../protocol/objects.ts";
import type { PodTemplate } from "../protocol/pod.ts";
import type { CoreService } from "../resource/core-service.ts";
import type { DomainMapping } from "../resource/domain-mapping.ts";
import type { EventObject, Happening } from "../resource/event.ts";
import type { Draft, KindName, KubeObject, ObjectKey } from "../resource/object.ts";
import type { Configuration, Revision, Route, Service } from "../resource/serving.ts";
import type { Reserve } from "./revision-row.ts";

export type ObjectOfKind = {
  Service: Service;
  Configuration: Configuration;
  Revision: Revision;
  Route: Route;
  DomainMapping: DomainMapping;
  CoreService: CoreService;
  ConfigMap: KubeObject;
  Secret: KubeObject;
  Namespace: KubeObject;
  Event: EventObject;
};

export type Observed = {
  get<K extends keyof ObjectOfKind>(kind: K, namespace: string, name: string): ObjectOfKind[K] | null;
  /** Objects whose ownerReferences name the uid. */
  owned(ownerUid: string): readonly KubeObject[];
  /** Revisions of a Configuration that were made for that generation of it or a later one. */
  revisionsSince(configurationUid: string, generation: number): readonly Revision[];
  /** Revisions of a Configuration that only their age keeps, the one unused longest first. */
  reserves(configurationUid: string): readonly Reserve[];
  /** Objects in a namespace, of many only some, those first that are not marked for deletion; none when it is empty. */
  members(namespace: string): readonly KubeObject[];
  keys(kind: KindName): readonly ObjectKey[];
  /** Objects that refer to the key by name (references.ts). */
  referrers(key: ObjectKey): readonly ObjectKey[];
  /** The last word of the Revision object about its pods; null before the first. */
  observation(revisionUid: string): RevisionObservation | null;
  /** Hosts given to a route, and how far their entries got. */
  hostsOf(routeUid: string): readonly RouteHost[];
  /** The uid of the route that has a host; null when it is free. */
  hostOwner(host: string): string | null;
  /** Whether somebody waits for a host that another one has. */
  isAwaited(host: string): boolean;
  /** The uid of the DomainMapping of that name that was made first, in any namespace; null when there is none. */
  domainOwner(domain: string): string | null;
};

export type Settings = {
  readonly nowMs: number;
  /** After delivery, how long until every gateway serves an entry: 0 when there is one gateway. */
  readonly settleMs: number;
  readonly config: Config;
  /** Where the API answers; "" when it has no host of its own. */
  readonly controlHost: string;
};

/** A compiled entry before the store gave it its number. */
export type EntryDraft = Omit<RouteEntry, "generation">;

export type RouteHost = {
  readonly host: string;
  /** null: it was given up, which not everybody may know yet. */
  readonly entry: EntryDraft | null;
  /** When the Routes object took the newest entry; null while it is on its way. */
  readonly deliveredAtMs: number | null;
};

/** An order before the outbox numbered it and added what it knows of agents. */
export type OrderDraft = {
  readonly revisionUid: string;
  readonly template: PodTemplate;
  readonly scaling: ScalingSpec;
  readonly reachability: RevisionOrder["reachability"];
};

export type Write =
  | { readonly type: "create"; readonly draft: Draft }
  /** Spec, labels or annotations of an existing object; `metadata.generation` is already the new one. */
  | { readonly type: "update"; readonly object: KubeObject }
  | { readonly type: "update-status"; readonly object: KubeObject }
  /** By default Background: with all that it owns. A finalizer may hold it for a while (deletion.ts). */
  | { readonly type: "delete"; readonly object: KubeObject; readonly propagation?: DeleteOptions["propagation"] }
  /** Takes a finalizer off an object that is being deleted. */
  | { readonly type: "finalize"; readonly object: KubeObject; readonly finalizer: string }
  /** What a revision is; the shell sends it when it differs from what was sent last. */
  | { readonly type: "order"; readonly order: OrderDraft }
  /** Stop all pods of a deleted revision. */
  | { readonly type: "destroy"; readonly revisionUid: string }
  /** A host's entry; null gives the host up. */
  | { readonly type: "entry"; readonly routeUid: string; readonly host: string; readonly entry: EntryDraft | null }
  /** Everybody knows that this host was given up. */
  | { readonly type: "forget-host"; readonly routeUid: string; readonly host: string }
  /** Reconcile this object again when whoever has the host, or the placeholder of that name, gives it up. */
  | { readonly type: "await-host"; readonly host: string; readonly key: ObjectKey }
  /** Tell people. */
  | { readonly type: "event"; readonly happening: Happening }
  /** Reconcile this object again at that time. */
  | { readonly type: "wake"; readonly key: ObjectKey; readonly atMs: number };
