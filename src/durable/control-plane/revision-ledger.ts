/** What each Revision object was told last, and what it said last. Rows go with the revision. */
import type { RevisionQuery } from "../../core/protocol/control-plane.ts";
import type { RevisionObservation } from "../../core/protocol/objects.ts";
import type { OrderDraft } from "../../core/reconcile/observed.ts";
import type { Revision } from "../../core/resource/serving.ts";
import { needsAgent } from "../../core/revision/observation.ts";
import { type RevisionFacts, toRevisionFacts } from "../../core/view/revision-facts.ts";

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
    if (before === null) this.#setUnplaced(order.revisionUid, true);
    return true;
  }

  /** @returns false when it was recorded before */
  recordDestroy(revisionUid: string): boolean {
    if (this.#lastOrder(revisionUid) === DESTROYED) return false;
    this.#sql.exec("INSERT OR REPLACE INTO orders (revision_uid, body) VALUES (?, ?)", revisionUid, DESTROYED);
    this.#setUnplaced(revisionUid, false);
    return true;
  }

  observation(revisionUid: string): RevisionObservation | null {
    const row = this.#sql.exec("SELECT body FROM observations WHERE revision_uid = ?", revisionUid).toArray()[0];
    return row === undefined ? null : (JSON.parse(String(row.body)) as RevisionObservation);
  }

  /** Revisions with what their objects said last, for views: no object is woken for a list. */
  facts(query: RevisionQuery): RevisionFacts[] {
    if (query.by === "uid") return query.uids.flatMap((uid) => this.#facts("o.uid = ?", uid));
    const { namespace, name } = query;
    if (namespace === null) return this.#facts("TRUE");
    if (name === undefined) return this.#facts("o.namespace = ?", namespace);
    return this.#facts("o.namespace = ? AND o.name = ?", namespace, name);
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
    if (written.rowsWritten === 0) return false;
    const isDestroyed = this.#lastOrder(observation.revisionUid) === DESTROYED;
    this.#setUnplaced(observation.revisionUid, !isDestroyed && needsAgent(observation));
    return true;
  }

  /** Revisions that a new agent may help. */
  unplaced(): string[] {
    const rows = this.#sql.exec("SELECT revision_uid FROM unplaced").toArray();
    return rows.map((row) => String(row.revision_uid));
  }

  forget(revisionUid: string): void {
    this.#sql.exec("DELETE FROM orders WHERE revision_uid = ?", revisionUid);
    this.#sql.exec("DELETE FROM observations WHERE revision_uid = ?", revisionUid);
    this.#setUnplaced(revisionUid, false);
  }

  #setUnplaced(revisionUid: string, isUnplaced: boolean): void {
    const query = isUnplaced
      ? "INSERT OR IGNORE INTO unplaced (revision_uid) VALUES (?)"
      : "DELETE FROM unplaced WHERE revision_uid = ?";
    this.#sql.exec(query, revisionUid);
  }

  #facts(condition: string, ...bindings: readonly string[]): RevisionFacts[] {
    const rows = this.#sql.exec<{ revision: string; observation: string | null }>(
      `SELECT o.body AS revision, s.body AS observation FROM objects o LEFT JOIN observations s ON s.revision_uid = o.uid
       WHERE o.kind = 'Revision' AND ${condition} ORDER BY o.namespace, o.name`,
      ...bindings,
    );
    const facts: RevisionFacts[] = [];
    // One body at a time: all of them parsed would be many times what is answered.
    for (const { revision, observation } of rows) {
      const said = observation === null ? null : (JSON.parse(observation) as RevisionObservation);
      facts.push(toRevisionFacts(JSON.parse(revision) as Revision, said));
    }
    return facts;
  }

  #lastOrder(revisionUid: string): string | null {
    const row = this.#sql.exec("SELECT body FROM orders WHERE revision_uid = ?", revisionUid).toArray()[0];
    return row === undefined ? null : String(row.body);
  }
}
