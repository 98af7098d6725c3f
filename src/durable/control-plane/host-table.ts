/**
 * Which Route or DomainMapping has which host, with the entry it was given last and whether that arrived; and who waits for
 * a host that another one has. The entry `null` of a host that was given up stays until it arrived, or another one has it.
 */
import type { EntryDraft, RouteHost } from "../../core/reconcile/observed.ts";

import type { KindName, ObjectKey } from "../../core/resource/object.ts";

export class HostTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  of(routeUid: string): RouteHost[] {
    return this.#sql
      .exec("SELECT host, entry, delivered_at_ms FROM hosts WHERE route_uid = ? ORDER BY host", routeUid)
      .toArray()
      .map((row) => ({
        host: String(row.host),
        entry: JSON.parse(String(row.entry)) as EntryDraft | null,
        deliveredAtMs: typeof row.delivered_at_ms === "number" ? row.delivered_at_ms : null,
      }));
  }

  ownerOf(host: string): string | null {
    const row = this.#sql.exec("SELECT route_uid FROM hosts WHERE host = ? AND entry != 'null'", host).toArray()[0];
    return row === undefined ? null : String(row.route_uid);
  }

  /** @returns the uid of another owner, who need not wait any more until everybody knows that it gave the host up */
  put(routeUid: string, entry: EntryDraft, sequence: number): string | null {
    const before = this.#sql.exec("SELECT route_uid FROM hosts WHERE host = ?", entry.host).toArray()[0];
    this.#sql.exec(
      "INSERT OR REPLACE INTO hosts (host, route_uid, entry, sequence, delivered_at_ms) VALUES (?, ?, ?, ?, NULL)",
      entry.host,
      routeUid,
      JSON.stringify(entry),
      sequence,
    );
    return before === undefined || before.route_uid === routeUid ? null : String(before.route_uid);
  }

  release(routeUid: string, host: string, sequence: number): void {
    this.#sql.exec(
      "UPDATE hosts SET entry = 'null', sequence = ?, delivered_at_ms = NULL WHERE host = ? AND route_uid = ?",
      sequence,
      host,
      routeUid,
    );
  }

  /** Forgets a host that was given up. */
  forget(routeUid: string, host: string): void {
    this.#sql.exec("DELETE FROM hosts WHERE host = ? AND route_uid = ? AND entry = 'null'", host, routeUid);
  }

  /** Forgets an owner that is gone. */
  forgetOwner(routeUid: string): void {
    this.#sql.exec("DELETE FROM hosts WHERE route_uid = ?", routeUid);
  }

  addWaiter(host: string, { kind, namespace, name }: ObjectKey): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO host_waiters (host, kind, namespace, name) VALUES (?, ?, ?, ?)",
      host,
      kind,
      namespace,
      name,
    );
  }

  isAwaited(host: string): boolean {
    return this.#sql.exec("SELECT 1 FROM host_waiters WHERE host = ? LIMIT 1", host).toArray().length > 0;
  }

  /** Those that waited for a host; from now on they do not. */
  takeWaiters(host: string): ObjectKey[] {
    return this.#sql
      .exec("DELETE FROM host_waiters WHERE host = ? RETURNING kind, namespace, name", host)
      .toArray()
      .map((row) => ({ kind: row.kind as KindName, namespace: String(row.namespace), name: String(row.name) }));
  }

  /** @returns the uid of the route whose newest entry this was; null when there is a newer one */
  markDelivered(host: string, sequence: number, nowMs: number): string | null {
    const row = this.#sql
      .exec(
        "UPDATE hosts SET delivered_at_ms = ? WHERE host = ? AND sequence = ? RETURNING route_uid",
        nowMs,
        host,
        sequence,
      )
      .toArray()[0];
    return row === undefined ? null : String(row.route_uid);
  }
}
