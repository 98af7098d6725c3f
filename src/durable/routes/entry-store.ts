/**
 * The SQLite of a Routes object: a row per host, also for one that was deleted, so that a late message cannot bring it back.
 * Rows of deleted hosts go after a day; the greatest of their sequences stays, and a message for a host without a row must
 * be newer than that one. It always is: a shard gets its messages in the order of their sequences, so when a deletion has
 * arrived, all that was written before it has arrived too.
 *
 *     sequence, entry      the newest change; entry is null for a deleted host, and deleted_at_ms says since when
 *     copy_due_ms          when to bring the host's copy up to date; null = it is
 *     copy_tried_ms        when that was tried last; copy_attempt: how often in a row it failed
 */
import type { RouteChange, RouteEntry } from "../../core/protocol/objects.ts";
import { COPY_INTERVAL_MS, copyRetryMs } from "../../core/routing/copy.ts";
import { migrate } from "../migrations.ts";

const MIGRATIONS = [
  ["CREATE TABLE entries (host TEXT PRIMARY KEY, sequence INTEGER NOT NULL, entry TEXT) WITHOUT ROWID"],
  [
    "ALTER TABLE entries ADD COLUMN deleted_at_ms INTEGER",
    "ALTER TABLE entries ADD COLUMN copy_due_ms INTEGER",
    "ALTER TABLE entries ADD COLUMN copy_tried_ms INTEGER",
    "ALTER TABLE entries ADD COLUMN copy_attempt INTEGER NOT NULL DEFAULT 0",
    "UPDATE entries SET copy_due_ms = 0",
    "UPDATE entries SET deleted_at_ms = 0 WHERE entry IS NULL",
    "CREATE INDEX entries_to_copy ON entries (copy_due_ms) WHERE copy_due_ms IS NOT NULL",
    "CREATE INDEX entries_deleted ON entries (deleted_at_ms) WHERE deleted_at_ms IS NOT NULL",
    "CREATE TABLE forgotten (sequence INTEGER NOT NULL)",
    "INSERT INTO forgotten (sequence) VALUES (0)",
  ],
];

const COPY_IS_GONE = "AND copy_due_ms IS NULL";
/** A write that an earlier life of the object began, and that nobody waits for any more, has landed by then or never will. */
const STRAY_WRITE_MS = 60_000;
const DELETED_KEPT_FOR_MS = 24 * 3_600_000;

/** What a host's copy has to become. */
export type DueCopy = { readonly host: string; readonly sequence: number; readonly entry: RouteEntry | null };

export class EntryStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    migrate(sql, MIGRATIONS);
  }

  get(host: string): RouteEntry | null {
    const row = this.#sql.exec("SELECT entry FROM entries WHERE host = ?", host).toArray()[0];
    return toEntry(row?.entry);
  }

  /** Keeps a change unless a newer one is known. */
  put({ host, sequence, entry }: RouteChange, nowMs: number): void {
    const known = this.#sql.exec("SELECT sequence FROM entries WHERE host = ?", host).toArray()[0];
    if (sequence <= Number(known?.sequence ?? this.#forgotten())) return;
    this.#sql.exec(
      `INSERT INTO entries (host, sequence, entry, deleted_at_ms, copy_due_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (host) DO UPDATE SET sequence = excluded.sequence, entry = excluded.entry,
         deleted_at_ms = excluded.deleted_at_ms, copy_attempt = 0,
         copy_due_ms = MAX(excluded.copy_due_ms, COALESCE(copy_tried_ms, 0) + ?)`,
      host,
      sequence,
      entry === null ? null : JSON.stringify(entry),
      entry === null ? nowMs : null,
      nowMs,
      COPY_INTERVAL_MS,
    );
  }

  /** Copies to write now, the longest due first. */
  dueCopies(nowMs: number, limit: number): DueCopy[] {
    return this.#sql
      .exec(
        "SELECT host, sequence, entry FROM entries WHERE copy_due_ms <= ? ORDER BY copy_due_ms LIMIT ?",
        nowMs,
        limit,
      )
      .toArray()
      .map((row) => ({ host: String(row.host), sequence: Number(row.sequence), entry: toEntry(row.entry) }));
  }

  /**
   * A copy was written. When the host changed meanwhile, it is due again after the interval; when it was deleted just now,
   * once more when no write from before the deletion can land any more.
   */
  copied({ host, sequence }: DueCopy, nowMs: number): void {
    this.#sql.exec(
      `UPDATE entries SET copy_tried_ms = ?, copy_attempt = 0,
         copy_due_ms = CASE WHEN sequence != ? THEN ?
           WHEN deleted_at_ms > ? THEN deleted_at_ms + ? ELSE NULL END WHERE host = ?`,
      nowMs,
      sequence,
      nowMs + COPY_INTERVAL_MS,
      nowMs - STRAY_WRITE_MS,
      STRAY_WRITE_MS,
      host,
    );
  }

  copyFailed({ host }: DueCopy, nowMs: number): void {
    const row = this.#sql.exec("SELECT copy_attempt FROM entries WHERE host = ?", host).toArray()[0];
    const attempt = Number(row?.copy_attempt ?? 0) + 1;
    this.#sql.exec(
      "UPDATE entries SET copy_tried_ms = ?, copy_attempt = ?, copy_due_ms = ? WHERE host = ?",
      nowMs,
      attempt,
      nowMs + copyRetryMs(attempt),
      host,
    );
  }

  /** Forgets hosts that were deleted long ago, and whose copies are gone where there are copies. */
  forgetDeleted(nowMs: number, hasCopies: boolean): void {
    const old = `deleted_at_ms <= ? ${hasCopies ? COPY_IS_GONE : ""}`;
    const untilMs = nowMs - DELETED_KEPT_FOR_MS;
    const row = this.#sql.exec(`SELECT MAX(sequence) AS sequence FROM entries WHERE ${old}`, untilMs).one();
    if (row.sequence === null) return;
    this.#sql.exec("UPDATE forgotten SET sequence = MAX(sequence, ?)", row.sequence);
    this.#sql.exec(`DELETE FROM entries WHERE ${old}`, untilMs);
  }

  /** When there is something to copy or to forget; null = never. */
  nextDueMs(hasCopies: boolean): number | null {
    const copyMs = hasCopies ? this.#least("copy_due_ms", "") : null;
    const deletedMs = this.#least("deleted_at_ms", hasCopies ? COPY_IS_GONE : "");
    const forgetMs = deletedMs === null ? null : deletedMs + DELETED_KEPT_FOR_MS;
    return copyMs === null || forgetMs === null ? (copyMs ?? forgetMs) : Math.min(copyMs, forgetMs);
  }

  #least(column: "copy_due_ms" | "deleted_at_ms", condition: string): number | null {
    const query = `SELECT ${column} AS at_ms FROM entries WHERE ${column} IS NOT NULL ${condition} ORDER BY ${column} LIMIT 1`;
    const row = this.#sql.exec(query).toArray()[0];
    return typeof row?.at_ms === "number" ? row.at_ms : null;
  }

  #forgotten(): number {
    return Number(this.#sql.exec("SELECT sequence FROM forgotten").one().sequence);
  }
}

function toEntry(text: unknown): RouteEntry | null {
  return typeof text === "string" ? (JSON.parse(text) as RouteEntry) : null;
}
