/**
 * API objects in SQLite: bodies, indexes of owners and references, and the set of keys to reconcile. Every write goes on
 * record in the event log, which gives it its resourceVersion, and leaves the keys that depend on it in `dirty`, in the
 * caller's transaction, so that a crash loses neither.
 */
import type { ObjectOfKind, Observed } from "../../core/reconcile/observed.ts";
import { dependentsOf, referencesOf } from "../../core/reconcile/references.ts";
import { type KindName, type KubeObject, keyOf, type ObjectKey } from "../../core/resource/object.ts";
import { RESOURCE_TYPES } from "../../core/resource/resource-type.ts";
import { listVersion } from "../../core/resource/watch-version.ts";
import { DomainClaims } from "./domain-claims.ts";
import { EventLog } from "./event-log.ts";
import { RevisionTable } from "./revision-table.ts";
import type { WorkQueue } from "./work-queue.ts";

export class ObjectStore {
  readonly log: EventLog;
  readonly claims: DomainClaims;
  readonly revisions: RevisionTable;
  readonly #sql: SqlStorage;
  readonly #queue: WorkQueue;
  /** What reconcilers may look at; dependents are computed with it. Set once, since it reads this store too. */
  observed: Observed | null = null;

  constructor(sql: SqlStorage, queue: WorkQueue) {
    this.#sql = sql;
    this.#queue = queue;
    this.log = new EventLog(sql);
    this.claims = new DomainClaims(sql);
    this.revisions = new RevisionTable(sql);
  }

  get<K extends keyof ObjectOfKind>(kind: K, namespace: string, name: string): ObjectOfKind[K] | null {
    const rows = this.#sql
      .exec("SELECT body FROM objects WHERE kind = ? AND namespace = ? AND name = ?", kind, namespace, name)
      .toArray();
    return parseBody<ObjectOfKind[K]>(rows[0]);
  }

  getByUid(uid: string): KubeObject | null {
    return parseBody<KubeObject>(this.#sql.exec("SELECT body FROM objects WHERE uid = ?", uid).toArray()[0]);
  }

  /**
   * In the order of namespace and name, read as far as the caller goes on; nothing may be written meanwhile.
   * @param after begins behind this name; null = at the first
   */
  *scan(
    kind: KindName,
    namespace: string | null,
    after: { readonly namespace: string; readonly name: string } | null,
  ): Iterable<{ readonly object: KubeObject; readonly chars: number }> {
    const { namespace: afterNamespace, name: afterName } = after ?? { namespace: "", name: "" };
    const rows =
      namespace === null
        ? this.#sql.exec(
            "SELECT body FROM objects WHERE kind = ? AND (namespace, name) > (?, ?) ORDER BY namespace, name",
            kind,
            afterNamespace,
            afterName,
          )
        : this.#sql.exec(
            "SELECT body FROM objects WHERE kind = ? AND namespace = ? AND name > ? ORDER BY name",
            kind,
            namespace,
            afterName,
          );
    for (const { body } of rows) {
      const text = String(body);
      yield { object: JSON.parse(text) as KubeObject, chars: text.length };
    }
  }

  keys(kind: KindName): ObjectKey[] {
    return this.#sql
      .exec("SELECT namespace, name FROM objects WHERE kind = ?", kind)
      .toArray()
      .map((row) => ({ kind, namespace: String(row.namespace), name: String(row.name) }));
  }

  owned(ownerUid: string): KubeObject[] {
    return this.#sql
      .exec("SELECT body FROM owners JOIN objects USING (uid) WHERE owner_uid = ?", ownerUid)
      .toArray()
      .map((row) => JSON.parse(String(row.body)) as KubeObject);
  }

  /** At most `limit`, in the order of their uids, from behind one of them; "" = from the first. */
  ownedAfter(ownerUid: string, afterUid: string, limit: number): KubeObject[] {
    return this.#sql
      .exec(
        "SELECT body FROM owners JOIN objects USING (uid) WHERE owner_uid = ? AND owners.uid > ? ORDER BY owners.uid LIMIT ?",
        ownerUid,
        afterUid,
        limit,
      )
      .toArray()
      .map((row) => JSON.parse(String(row.body)) as KubeObject);
  }

  /** Objects of a namespace, kind by kind, at most `limit`: those that are not marked for deletion, else one that is. */
  members(namespace: string, limit: number): KubeObject[] {
    const living = this.#membersWhere("body ->> '$.metadata.deletionTimestamp' IS NULL", namespace, limit);
    return living.length > 0 ? living : this.#membersWhere("TRUE", namespace, 1);
  }

  referrers({ kind, namespace, name }: ObjectKey): ObjectKey[] {
    return this.#sql
      .exec(
        `SELECT o.kind, o.namespace, o.name FROM refs r JOIN objects o ON o.uid = r.uid
         WHERE r.kind = ? AND r.namespace = ? AND r.name = ?`,
        kind,
        namespace,
        name,
      )
      .toArray()
      .map((row) => ({ kind: row.kind as KindName, namespace: String(row.namespace), name: String(row.name) }));
  }

  /** The resourceVersion of a list of what is stored now. */
  resourceVersion(): string {
    return String(listVersion(this.log.bounds().newest));
  }

  /** @returns the object as stored, with its new resourceVersion */
  put(object: KubeObject, before: KubeObject | null, nowMs: number): KubeObject {
    const { object: stored, body } = this.log.append(before === null ? "ADDED" : "MODIFIED", object, before, nowMs);
    const { kind, namespace, name } = keyOf(stored);
    this.#markDependents(before);
    this.#unindex(stored.metadata.uid);
    this.#sql.exec(
      "INSERT OR REPLACE INTO objects (uid, kind, namespace, name, body) VALUES (?, ?, ?, ?, ?)",
      stored.metadata.uid,
      kind,
      namespace,
      name,
      body,
    );
    this.#index(stored);
    this.revisions.follow(before, stored);
    if (kind === "DomainMapping") this.claims.add(name, stored.metadata.uid);
    this.#markDependents(stored);
    return stored;
  }

  /** A status alone: the object itself need not be reconciled again for it. */
  putStatus(before: KubeObject, status: unknown, nowMs: number): void {
    const key = keyOf(before);
    const wasDirty = this.#queue.has(key);
    this.put({ ...before, status }, before, nowMs);
    if (!wasDirty) this.#queue.drop(key);
  }

  remove(object: KubeObject, nowMs: number): void {
    this.log.append("DELETED", object, null, nowMs);
    this.#markDependents(object);
    this.#unindex(object.metadata.uid);
    this.revisions.follow(object, null);
    if (object.kind === "DomainMapping") this.claims.remove(object.metadata.uid);
    this.#sql.exec("DELETE FROM objects WHERE uid = ?", object.metadata.uid);
  }

  /** Removes an object that nothing depends on, without a word to anybody. */
  forget(uid: string): void {
    this.#sql.exec("DELETE FROM objects WHERE uid = ?", uid);
  }

  #membersWhere(condition: string, namespace: string, limit: number): KubeObject[] {
    const found: KubeObject[] = [];
    for (const kind of NAMESPACED_KINDS) {
      const rows = this.#sql.exec(
        `SELECT body FROM objects WHERE kind = ? AND namespace = ? AND ${condition} LIMIT ?`,
        kind,
        namespace,
        limit - found.length,
      );
      for (const row of rows) found.push(JSON.parse(String(row.body)) as KubeObject);
      if (found.length === limit) break;
    }
    return found;
  }

  #markDependents(object: KubeObject | null): void {
    if (object === null || this.observed === null) return;
    // Nothing depends on an Event, and it is reconciled only to go when its finalizer is all that holds it.
    if (object.kind === "Event" && object.metadata.deletionTimestamp === undefined) return;
    this.#queue.add(keyOf(object));
    for (const key of dependentsOf(object, this.observed)) this.#queue.add(key);
  }

  #index(object: KubeObject): void {
    const { uid, ownerReferences = [] } = object.metadata;
    for (const owner of ownerReferences) {
      this.#sql.exec("INSERT OR IGNORE INTO owners (owner_uid, uid) VALUES (?, ?)", owner.uid, uid);
    }
    for (const { kind, namespace, name } of referencesOf(object)) {
      this.#sql.exec(
        "INSERT OR IGNORE INTO refs (kind, namespace, name, uid) VALUES (?, ?, ?, ?)",
        kind,
        namespace,
        name,
        uid,
      );
    }
  }

  #unindex(uid: string): void {
    this.#sql.exec("DELETE FROM owners WHERE uid = ?", uid);
    this.#sql.exec("DELETE FROM refs WHERE uid = ?", uid);
  }
}

const NAMESPACED_KINDS = Object.values(RESOURCE_TYPES)
  .filter(({ isNamespaced }) => isNamespaced)
  .map(({ kind }) => kind);

function parseBody<T>(row: Record<string, SqlStorageValue> | undefined): T | null {
  return row === undefined ? null : (JSON.parse(String(row.body)) as T);
}
