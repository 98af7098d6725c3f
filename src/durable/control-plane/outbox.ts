/**
 * Messages to other objects, written in the transaction that caused them. A row's id is the message's sequence: it only
 * grows, so a receiver can drop what is late. A newer message for the same slot of a target replaces the older one.
 */
import type { EntryDraft, OrderDraft } from "../../core/reconcile/observed.ts";
import { routesShardOf } from "../../core/routing/shard.ts";

export type OutboxMessage =
  | { readonly type: "order"; readonly order: OrderDraft }
  | { readonly type: "destroy" }
  /** An agent appeared: try again to place pods. */
  | { readonly type: "agents" }
  | { readonly type: "entry"; readonly host: string; readonly entry: EntryDraft | null };

export type OutboxTarget = { readonly kind: "revision" | "routes"; readonly name: string };
export type OutboxRow = { readonly id: number; readonly message: OutboxMessage };

export class Outbox {
  readonly #sql: SqlStorage;
  /** Targets that were sent something since takeTargets, by kind and name. One whose transaction failed does no harm. */
  #touched: Map<string, OutboxTarget>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    // The only look at the whole outbox: what an earlier life of the object left.
    const left = sql
      .exec("SELECT target_kind, target, MIN(id) AS first FROM outbox GROUP BY target_kind, target ORDER BY first")
      .toArray()
      .map((row) => ({ kind: row.target_kind as OutboxTarget["kind"], name: String(row.target) }));
    this.#touched = new Map(left.map((target) => [`${target.kind}/${target.name}`, target]));
  }

  /** @returns the message's sequence */
  toRevision(revisionUid: string, message: Exclude<OutboxMessage, { type: "entry" }>): number {
    if (message.type === "destroy") {
      this.#sql.exec("DELETE FROM outbox WHERE target_kind = 'revision' AND target = ?", revisionUid);
    }
    return this.#put({ kind: "revision", name: revisionUid }, message.type, message);
  }

  /** @returns the message's sequence */
  toRoutes(host: string, entry: EntryDraft | null): number {
    return this.#put({ kind: "routes", name: routesShardOf(host) }, host, { type: "entry", host, entry });
  }

  /** The targets that got messages since the last call, and at first all that have some; the first to get one first. */
  takeTargets(): readonly OutboxTarget[] {
    const taken = [...this.#touched.values()];
    this.#touched = new Map();
    return taken;
  }

  /** The oldest messages of a target. */
  head(target: OutboxTarget, limit: number): OutboxRow[] {
    return this.#sql
      .exec(
        "SELECT id, message FROM outbox WHERE target_kind = ? AND target = ? ORDER BY id LIMIT ?",
        target.kind,
        target.name,
        limit,
      )
      .toArray()
      .map((row) => ({ id: Number(row.id), message: JSON.parse(String(row.message)) as OutboxMessage }));
  }

  delivered(rows: readonly OutboxRow[]): void {
    for (const { id } of rows) this.#sql.exec("DELETE FROM outbox WHERE id = ?", id);
  }

  #put(target: OutboxTarget, slot: string, message: OutboxMessage): number {
    this.#touched.set(`${target.kind}/${target.name}`, target);
    const row = this.#sql
      .exec(
        "INSERT OR REPLACE INTO outbox (target_kind, target, slot, message) VALUES (?, ?, ?, ?) RETURNING id",
        target.kind,
        target.name,
        slot,
        JSON.stringify(message),
      )
      .one();
    return Number(row.id);
  }
}
