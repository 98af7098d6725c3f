/** Keys to reconcile, now (`dirty`) or later (`wakes`). Persistent: what a crash interrupts is found again. */
import type { KindName, ObjectKey } from "../../core/resource/object.ts";

export class WorkQueue {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add({ kind, namespace, name }: ObjectKey): void {
    this.#sql.exec("INSERT OR IGNORE INTO dirty (kind, namespace, name) VALUES (?, ?, ?)", kind, namespace, name);
  }

  has({ kind, namespace, name }: ObjectKey): boolean {
    return (
      this.#sql
        .exec("SELECT 1 FROM dirty WHERE kind = ? AND namespace = ? AND name = ?", kind, namespace, name)
        .toArray().length > 0
    );
  }

  drop({ kind, namespace, name }: ObjectKey): void {
    this.#sql.exec("DELETE FROM dirty WHERE kind = ? AND namespace = ? AND name = ?", kind, namespace, name);
  }

  /** The key that waits longest; it stays until it is dropped. */
  peek(): ObjectKey | null {
    return toKey(this.#sql.exec("SELECT kind, namespace, name FROM dirty ORDER BY id LIMIT 1").toArray()[0]);
  }

  addAt({ kind, namespace, name }: ObjectKey, atMs: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO wakes (kind, namespace, name, at_ms) VALUES (?, ?, ?, ?)",
      kind,
      namespace,
      name,
      atMs,
    );
  }

  /** Moves keys whose time has come to the ones to reconcile now. */
  wakeDue(nowMs: number): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO dirty (kind, namespace, name) SELECT kind, namespace, name FROM wakes WHERE at_ms <= ?",
      nowMs,
    );
    this.#sql.exec("DELETE FROM wakes WHERE at_ms <= ?", nowMs);
  }

  /** When the next key is due; null = none waits for a time. */
  nextWakeMs(): number | null {
    const row = this.#sql.exec("SELECT MIN(at_ms) AS at_ms FROM wakes").toArray()[0];
    return typeof row?.at_ms === "number" ? row.at_ms : null;
  }
}

function toKey(row: Record<string, SqlStorageValue> | undefined): ObjectKey | null {
  if (row === undefined) return null;
  return { kind: row.kind as KindName, namespace: String(row.namespace), name: String(row.name) };
}
