/** What each Revision object was told last, and what it said last. Rows go with the revision. */
import type { RevisionPage, RevisionQuery } from "../../core/protocol/control-plane.ts";
import type { RevisionObservation } from "../../core/protocol/objects.ts";
import type { OrderDraft } from "../../core/reconcile/observed.ts";
import type { Revision } from "../../core/resource/serving.ts";
import { needsAgent } from "../../core/revision/observation.ts";
import { type RevisionFacts, toRevisionFacts } from "../../core/view/revision-facts.ts";

const DESTROYED = "destroyed";
/** A message between Worker and object holds 32 MiB; the page ends behind the revision that passes this. */
const MAX_PAGE_CHARS = 8_000_000;

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

  /** A page of revisions with what their objects said last, for views: no object is woken for a list. */
  facts(query: RevisionQuery): RevisionPage {
    const revisions: RevisionFacts[] = [];
    let chars = 0;
    for (const { facts, chars: more, rest } of query.by === "uid" ? this.#byUid(query) : this.#inNamespace(query)) {
      revisions.push(facts);
      chars += more;
      if (chars > MAX_PAGE_CHARS) return { revisions, rest: rest() };
    }
    return { revisions, rest: null };
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

  *#byUid({ uids }: Extract<RevisionQuery, { by: "uid" }>): Iterable<Found> {
    for (const [i, uid] of uids.entries()) {
      const rest = () => ({ by: "uid", uids: uids.slice(i + 1) }) as const;
      for (const found of this.#facts("o.uid = ?", uid)) yield { ...found, rest };
    }
  }

  *#inNamespace(query: Extract<RevisionQuery, { by: "namespace" }>): Iterable<Found> {
    for (const found of this.#factsIn(query)) {
      const { namespace = "", name } = found.facts.metadata;
      yield { ...found, rest: () => ({ ...query, after: { namespace, name } }) };
    }
  }

  #factsIn({ namespace, name, after }: Extract<RevisionQuery, { by: "namespace" }>): Iterable<FactsOfRow> {
    if (namespace === null) {
      return this.#facts("(o.namespace, o.name) > (?, ?)", after?.namespace ?? "", after?.name ?? "");
    }
    if (name === undefined) return this.#facts("o.namespace = ? AND o.name > ?", namespace, after?.name ?? "");
    return this.#facts("o.namespace = ? AND o.name = ?", namespace, name);
  }

  /** One body at a time: all of them parsed would be many times what is answered. */
  *#facts(condition: string, ...bindings: readonly string[]): Iterable<FactsOfRow> {
    const rows = this.#sql.exec<{ revision: string; observation: string | null }>(
      `SELECT o.body AS revision, s.body AS observation FROM objects o LEFT JOIN observations s ON s.revision_uid = o.uid
       WHERE o.kind = 'Revision' AND ${condition} ORDER BY o.namespace, o.name`,
      ...bindings,
    );
    for (const { revision, observation } of rows) {
      const said = observation === null ? null : (JSON.parse(observation) as RevisionObservation);
      const facts = toRevisionFacts(JSON.parse(revision) as Revision, said);
      yield { facts, chars: revision.length + (observation ?? "").length };
    }
  }

  #lastOrder(revisionUid: string): string | null {
    const row = this.#sql.exec("SELECT body FROM orders WHERE revision_uid = ?", revisionUid).toArray()[0];
    return row === undefined ? null : String(row.body);
  }
}

type FactsOfRow = { readonly facts: RevisionFacts; readonly chars: number };
/** `rest` asks for those behind it. */
type Found = FactsOfRow & { readonly rest: () => RevisionQuery };
