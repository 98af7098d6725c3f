/**
 * The stores of the control plane as one: what reconcilers read (`observed`), and how their writes are carried out. What
 * shall be is decided in core; what goes along with an owner is found here, since that takes the store. All that writes
 * runs inside the caller's transaction.
 */
import { markForDeletion, type Propagation, withoutFinalizer, withoutOwner } from "../../core/reconcile/deletion.ts";
import type { EntryDraft, Observed, Settings, Write } from "../../core/reconcile/observed.ts";
import { release } from "../../core/reconcile/reconcile.ts";
import { followersOf } from "../../core/reconcile/references.ts";
import { jsonEqual } from "../../core/resource/json.ts";
import { type Draft, type KubeObject, keyOf } from "../../core/resource/object.ts";
import { timestampOf } from "../../core/resource/timestamp.ts";
import { isDomainSuffix } from "../../core/routing/domain.ts";
import { CLUSTER_LOCAL_DOMAIN, hostOf } from "../../core/routing/hosts.ts";
import { Cascades } from "./cascade.ts";
import { EventKeeper } from "./event-keeper.ts";
import { HostTable } from "./host-table.ts";
import { ObjectStore } from "./object-store.ts";
import { Outbox } from "./outbox.ts";
import { RevisionLedger } from "./revision-ledger.ts";
import { LiveConfig } from "./settings.ts";
import { WorkQueue } from "./work-queue.ts";

/** A transaction handles so many objects of a namespace that goes ... */
const MEMBERS_AT_ONCE = 200;
/** ... and lets so many go because their owner went. */
const CHILDREN_AT_ONCE = 200;

/** What the environment says about this installation. */
export type WorldOptions = {
  readonly defaultDomain: string;
  readonly settleMs: number;
  /** Where the API answers; absent or "" when it has no host of its own. */
  readonly controlHost?: string;
};

export class World {
  readonly queue: WorkQueue;
  readonly objects: ObjectStore;
  readonly hosts: HostTable;
  readonly revisions: RevisionLedger;
  readonly outbox: Outbox;
  readonly observed: Observed;
  readonly config: LiveConfig;
  readonly controlHost: string;
  readonly #cascades: Cascades;
  readonly #events: EventKeeper;
  readonly #settleMs: number;

  constructor(sql: SqlStorage, { defaultDomain, settleMs, controlHost = "" }: WorldOptions) {
    this.controlHost = controlHost;
    this.#settleMs = settleMs;
    this.queue = new WorkQueue(sql);
    this.objects = new ObjectStore(sql, this.queue);
    this.config = new LiveConfig(sql, this.objects, this.queue, {
      defaultDomain: usableDomain(defaultDomain),
      controlHost,
    });
    this.hosts = new HostTable(sql);
    this.#cascades = new Cascades(sql);
    this.#events = new EventKeeper(sql, this.objects);
    this.revisions = new RevisionLedger(sql);
    this.outbox = new Outbox(sql);
    this.observed = {
      get: (kind, namespace, name) => this.objects.get(kind, namespace, name),
      owned: (ownerUid) => this.objects.owned(ownerUid),
      revisionsSince: (configurationUid, generation) => this.objects.revisions.since(configurationUid, generation),
      reserves: (configurationUid) => this.objects.revisions.reserves(configurationUid),
      members: (namespace) => this.objects.members(namespace, MEMBERS_AT_ONCE),
      keys: (kind) => this.objects.keys(kind),
      referrers: (key) => this.objects.referrers(key),
      observation: (revisionUid) => this.revisions.observation(revisionUid),
      hostsOf: (routeUid) => this.hosts.of(routeUid),
      hostOwner: (host) => this.hosts.ownerOf(host),
      isAwaited: (host) => this.hosts.isAwaited(host),
      domainOwner: (domain) => this.objects.claims.ownerOf(domain),
    };
    this.objects.observed = this.observed;
  }

  /** What reconcilers go by at this time. Outside of transactions only. */
  settings(nowMs: number): Settings {
    return { nowMs, settleMs: this.#settleMs, config: this.config.read(), controlHost: this.controlHost };
  }

  apply(write: Write, nowMs: number): void {
    switch (write.type) {
      case "create":
        this.#create(write.draft, nowMs);
        return;
      case "update":
        this.#update(write.object, nowMs);
        return;
      case "update-status": {
        const stored = this.objects.getByUid(write.object.metadata.uid);
        if (stored !== null) this.objects.putStatus(stored, write.object.status, nowMs);
        return;
      }
      case "delete": {
        const stored = this.objects.getByUid(write.object.metadata.uid);
        if (stored !== null) this.delete(stored, nowMs, write.propagation);
        return;
      }
      case "finalize": {
        const stored = this.objects.getByUid(write.object.metadata.uid);
        if (stored !== null) this.finalize(stored, write.finalizer, nowMs);
        return;
      }
      case "order":
        if (this.revisions.recordOrder(write.order)) {
          this.outbox.toRevision(write.order.revisionUid, { type: "order", order: write.order });
        }
        return;
      case "destroy":
        if (this.revisions.recordDestroy(write.revisionUid)) {
          this.outbox.toRevision(write.revisionUid, { type: "destroy" });
        }
        return;
      case "entry": {
        const sequence = this.outbox.toRoutes(write.host, write.entry);
        if (write.entry === null) this.#releaseHost(write.routeUid, write.host, sequence);
        else this.#claimHost(write.routeUid, write.entry, sequence);
        for (const key of followersOf(write.host, this.observed)) this.queue.add(key);
        return;
      }
      case "forget-host":
        this.hosts.forget(write.routeUid, write.host);
        return;
      case "await-host":
        this.hosts.addWaiter(write.host, write.key);
        return;
      case "event":
        if (!this.isTerminating(write.happening.object.metadata.namespace ?? "")) {
          this.#events.record(write.happening, nowMs);
        }
        return;
      case "wake":
        this.queue.addAt(write.key, write.atMs);
    }
  }

  /** What holds the object meanwhile is seen to by reconcilers (core/reconcile/deletion.ts). */
  delete(object: KubeObject, nowMs: number, propagation: Propagation = "Background"): void {
    if (propagation === "Orphan") {
      for (const child of this.objects.owned(object.metadata.uid)) this.#disown(child, object.metadata.uid, nowMs);
    }
    this.save(markForDeletion(object, propagation, nowMs), object, nowMs);
  }

  /** Takes a finalizer off an object that is being deleted, which goes with the last one. */
  finalize(object: KubeObject, finalizer: string, nowMs: number): void {
    if (object.metadata.deletionTimestamp !== undefined) this.save(withoutFinalizer(object, finalizer), object, nowMs);
  }

  /** Stores an object, or lets it go when it is marked for deletion and nothing holds it. */
  save(object: KubeObject, before: KubeObject | null, nowMs: number): KubeObject {
    if (before === null || !isLeaving(object)) {
      return jsonEqual(object, before) ? object : this.objects.put(object, before, nowMs);
    }
    this.#removeAll([before], nowMs);
    return object;
  }

  /** Whether objects still have to go because their owner went. */
  get hasCascade(): boolean {
    return !this.#cascades.isEmpty;
  }

  /** Lets some of them go. */
  continueCascade(nowMs: number): void {
    const cascade = this.#cascades.take();
    if (cascade === null) return;
    this.#removeAll(this.#takeChildren(cascade.ownerUid, cascade.afterUid, CHILDREN_AT_ONCE, nowMs), nowMs);
  }

  /** What they owned goes after them, by no recursion: a chain of owners may be longer than the stack. */
  #removeAll(objects: readonly KubeObject[], nowMs: number): void {
    const leaving = [...objects];
    for (const next of leaving) {
      this.#remove(next, nowMs);
      const room = Math.max(0, CHILDREN_AT_ONCE - leaving.length);
      leaving.push(...this.#takeChildren(next.metadata.uid, "", room, nowMs));
    }
  }

  /** @returns those of at most `limit` children of an owner that is gone that go now; the rest is for a later transaction */
  #takeChildren(ownerUid: string, afterUid: string, limit: number, nowMs: number): KubeObject[] {
    const children = this.objects.ownedAfter(ownerUid, afterUid, limit + 1);
    const now = children.slice(0, limit);
    if (children.length > limit) {
      this.#cascades.add({ ownerUid, afterUid: now.at(-1)?.metadata.uid ?? afterUid });
    }
    return now.filter((child) => child.metadata.uid !== ownerUid && this.#followsOwner(child, ownerUid, nowMs));
  }

  #remove(object: KubeObject, nowMs: number): void {
    const { uid, name, namespace = "" } = object.metadata;
    for (const write of release(object, this.observed)) this.apply(write, nowMs);
    if (object.kind === "Route" || object.kind === "DomainMapping") this.hosts.forgetOwner(uid);
    this.objects.remove(object, nowMs);
    if (object.kind === "Revision") this.revisions.forget(uid);
    if (object.kind === "CoreService") this.#wakeWaiters(hostOf(name, namespace, CLUSTER_LOCAL_DOMAIN));
    if (this.isTerminating(namespace)) this.queue.add({ kind: "Namespace", namespace: "", name: namespace });
  }

  /** Whether a child goes now that its owner is gone. Another owner keeps it; what holds it delays it. */
  #followsOwner(child: KubeObject, ownerUid: string, nowMs: number): boolean {
    const hasOther = child.metadata.ownerReferences?.some(
      ({ uid }) => uid !== ownerUid && this.objects.getByUid(uid) !== null,
    );
    if (hasOther) {
      this.#disown(child, ownerUid, nowMs);
      return false;
    }
    const marked = markForDeletion(child, "Background", nowMs);
    if (isLeaving(marked)) return true;
    this.save(marked, child, nowMs);
    return false;
  }

  /** Whether a namespace is being deleted: nothing new may be made in it. */
  isTerminating(namespace: string): boolean {
    return this.objects.get("Namespace", "", namespace)?.metadata.deletionTimestamp !== undefined;
  }

  #claimHost(ownerUid: string, entry: EntryDraft, sequence: number): void {
    const earlierUid = this.hosts.put(ownerUid, entry, sequence);
    const earlier = earlierUid === null ? null : this.objects.getByUid(earlierUid);
    if (earlier !== null) this.queue.add(keyOf(earlier));
  }

  #releaseHost(ownerUid: string, host: string, sequence: number): void {
    this.hosts.release(ownerUid, host, sequence);
    this.#wakeWaiters(host);
  }

  #wakeWaiters(host: string): void {
    for (const key of this.hosts.takeWaiters(host)) this.queue.add(key);
  }

  #disown(child: KubeObject, ownerUid: string, nowMs: number): void {
    this.objects.put(withoutOwner(child, ownerUid), child, nowMs);
  }

  #create(draft: Draft, nowMs: number): void {
    const { kind, namespace, name } = keyOf(draft);
    if (this.objects.get(kind, namespace, name) !== null || this.isTerminating(namespace)) return;
    const metadata = {
      ...draft.metadata,
      uid: crypto.randomUUID(),
      resourceVersion: "",
      generation: 1,
      creationTimestamp: timestampOf(nowMs),
    };
    this.objects.put({ ...draft, metadata }, null, nowMs);
  }

  /** The reconciler read the object in this transaction; only its status may have been written since. */
  #update(object: KubeObject, nowMs: number): void {
    const stored = this.objects.getByUid(object.metadata.uid);
    if (stored === null) return;
    const { labels, annotations, generation } = object.metadata;
    const metadata = {
      ...stored.metadata,
      generation,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    };
    this.objects.put({ ...stored, spec: object.spec, metadata }, stored, nowMs);
  }
}

/** Whether an object is marked for deletion, and nothing holds it. */
function isLeaving({ metadata: { deletionTimestamp, finalizers = [] } }: KubeObject): boolean {
  return deletionTimestamp !== undefined && finalizers.length === 0;
}

/** Without a suffix that hosts can have, services are reachable inside the cluster only: Knative's default. */
function usableDomain(text: string): string {
  if (isDomainSuffix(text)) return text;
  console.error(`control-plane: DEFAULT_DOMAIN ${JSON.stringify(text)} is no DNS name; services get no public hosts`);
  return CLUSTER_LOCAL_DOMAIN;
}
