/**
 * API objects in SQLite: bodies, indexes of owners and references, the event log, and the set of keys to reconcile.
 * Every write takes the next resourceVersion and leaves the keys that depend on it in `dirty`, in the caller's
 * transaction, so that a crash loses neither.
 */
import type { ObjectOfKind, Observed } from "../../core/reconcile/observed.ts";
import { dependentsOf, referencesOf } from "../../core/reconcile/references.ts";
import { type KindName, type KubeObject, keyOf, type ObjectKey } from "../../core/resource/object.ts";
import type { WorkQueue } from "./work-queue.ts";

/** Longer than kn's longest watch (10.5 min): a watch that comes back finds what it missed. */
const EVENTS_KEPT_MS = 11 * 60_000;
const EVENTS_KEPT_ROWS = 10_000;
const PRUNE_EVERY_WRITES = 64;

export class ObjectStore {
  readonly #sql: SqlStorage;
  readonly #queue: WorkQueue;
  /** What reconcilers may look at; dependents are computed with it. Set once, since it reads this store too. */
  observed: Observed | null = null;

  constructor(sql: SqlStorage, queue: WorkQueue) {
    this.#sql = sql;
    this.#queue = queue;
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

  /** @param namespace null = all namespaces. In order of namespace and name. */
  list(kind: KindName, namespace: string | null): KubeObject[] {
    const rows =
      namespace === null
        ? this.#sql.exec("SELECT body FROM objects WHERE kind = ? ORDER BY namespace, name", kind)
        : this.#sql.exec("SELECT body FROM objects WHERE kind = ? AND namespace = ? ORDER BY name", kind, namespace);
    return rows.toArray().map((row) => JSON.parse(String(row.body)) as KubeObject);
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

  /** The newest resourceVersion given out, as lists carry it. */
  resourceVersion(): string {
    return String(this.#sql.exec("SELECT value FROM counters WHERE name = 'resourceVersion'").toArray()[0]?.value ?? 0);
  }

  /** @returns the object as stored, with its new resourceVersion */
  put(object: KubeObject, before: KubeObject | null, nowMs: number): KubeObject {
    const stored = this.#log(before === null ? "ADDED" : "MODIFIED", object, nowMs);
    const { kind, namespace, name } = keyOf(stored);
    this.#markDependents(before);
    this.#unindex(stored.metadata.uid);
    this.#sql.exec(
      "INSERT OR REPLACE INTO objects (uid, kind, namespace, name, body) VALUES (?, ?, ?, ?, ?)",
      stored.metadata.uid,
      kind,
      namespace,
      name,
      JSON.stringify(stored),
    );
    this.#index(stored);
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
    this.#log("DELETED", object, nowMs);
    this.#markDependents(object);
    this.#unindex(object.metadata.uid);
    this.#sql.exec("DELETE FROM objects WHERE uid = ?", object.metadata.uid);
  }

  #markDependents(object: KubeObject | null): void {
    if (object === null || this.observed === null) return;
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

  /** Gives the object its resourceVersion and writes the event under the same number. */
  #log(type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject, nowMs: number): KubeObject {
    const row = this.#sql
      .exec(
        `INSERT INTO counters (name, value) VALUES ('resourceVersion', 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
      )
      .one();
    const version = Number(row.value);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const { kind, namespace, name } = keyOf(stored);
    this.#sql.exec(
      "INSERT INTO events (resource_version, type, kind, namespace, name, at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
      version,
      type,
      kind,
      namespace,
      name,
      nowMs,
      JSON.stringify(stored),
    );
    if (version % PRUNE_EVERY_WRITES === 0) {
      this.#sql.exec("DELETE FROM events WHERE resource_version <= ?", version - EVENTS_KEPT_ROWS);
      this.#sql.exec("DELETE FROM events WHERE at_ms < ?", nowMs - EVENTS_KEPT_MS);
    }
    return stored;
  }
}

function parseBody<T>(row: Record<string, SqlStorageValue> | undefined): T | null {
  return row === undefined ? null : (JSON.parse(String(row.body)) as T);
}
