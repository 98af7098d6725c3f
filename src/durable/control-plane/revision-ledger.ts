/** What each Revision object was told last, and what it said last. Rows go with the revision. */

import type { RevisionObservation } from "../../core/protocol/objects.ts";
import type { OrderDraft } from "../../core/reconcile/observed.ts";

const DESTROYED = "destroyed";

export class RevisionLedger {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Records an order. @returns false when the object was told exactly this, or to destroy itself, before */
  recordOrder(order: OrderDraft): boolean {
    const body = JSON.stringify(order);
    const before = this.#lastOrder(order.revisionUid);
    if (before === body || before === DESTROYED) return false;
    this.#sql.exec("INSERT OR REPLACE INTO orders (revision_uid, body) VALUES (?, ?)", order.revisionUid, body);
    return true;
  }

  /** @returns false when it was recorded before */
  recordDestroy(revisionUid: string): boolean {
    if (this.#lastOrder(revisionUid) === DESTROYED) return false;
    this.#sql.exec("INSERT OR REPLACE INTO orders (revision_uid, body) VALUES (?, ?)", revisionUid, DESTROYED);
    return true;
  }

  observation(revisionUid: string): RevisionObservation | null {
    const row = this.#sql.exec("SELECT body FROM observations WHERE revision_uid = ?", revisionUid).toArray()[0];
    return row === undefined ? null : (JSON.parse(String(row.body)) as RevisionObservation);
  }

  /** @returns false for one that is not newer than what is known */
  recordObservation(observation: RevisionObservation): boolean {
    const written = this.#sql.exec(
      `INSERT INTO observations (revision_uid, sequence, body) VALUES (?, ?, ?)
       ON CONFLICT (revision_uid) DO UPDATE SET sequence = excluded.sequence, body = excluded.body
       WHERE excluded.sequence > observations.sequence`,
      observation.revisionUid,
      observation.sequence,
      JSON.stringify(observation),
    );
    return written.rowsWritten > 0;
  }

  forget(revisionUid: string): void {
    this.#sql.exec("DELETE FROM orders WHERE revision_uid = ?", revisionUid);
    this.#sql.exec("DELETE FROM observations WHERE revision_uid = ?", revisionUid);
  }

  #lastOrder(revisionUid: string): string | null {
    const row = this.#sql.exec("SELECT body FROM orders WHERE revision_uid = ?", revisionUid).toArray()[0];
    return row === undefined ? null : String(row.body);
  }
}
