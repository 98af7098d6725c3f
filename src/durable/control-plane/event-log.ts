/**
 * The numbers of writes, and the log of them that watches replay. One row per write, under its resourceVersion:
 *
 *     … 86 88 90 │ 92 94 96 98 …            │ everything after `oldest` is kept: EVENTS_KEPT_ROWS, _BYTES and _MS bound it
 *     deletions ◀┘                          tombstones stay behind it: `kn delete --wait` may come late
 *
 * Each row has the sum of all bytes that were written up to it, so that nothing has to be added up.
 * The log is pruned while it is written, never by itself, so that a control plane at rest stays asleep.
 */
import { type KindName, type KubeObject, keyOf } from "../../core/resource/object.ts";
import { type ChangeType, selectedPartOf } from "../../core/resource/watch-event.ts";
import type { LogBounds } from "../../core/resource/watch-start.ts";
import { VERSION_STEP } from "../../core/resource/watch-version.ts";

/** Longer than kn's longest watch (10.5 min): a watch that comes back finds what it missed. */
const EVENTS_KEPT_MS = 11 * 60_000;
const EVENTS_KEPT_ROWS = 10_000;
const EVENTS_KEPT_BYTES = 64_000_000;
const TOMBSTONES_KEPT = 100_000;
/** Of everything that was written since, which is more than the tombstones among it. */
const TOMBSTONES_KEPT_BYTES = 256_000_000;
const PRUNE_EVERY_VERSIONS = 64 * VERSION_STEP;
/** Large objects make much of few versions. */
const PRUNE_EVERY_BYTES = 8_000_000;
/** Counting tombstones reads as many rows as may stay. */
const PRUNE_TOMBSTONES_EVERY_VERSIONS = 64 * PRUNE_EVERY_VERSIONS;

export type LogRow = {
  readonly version: number;
  readonly type: ChangeType;
  readonly kind: KindName;
  readonly namespace: string;
  readonly name: string;
  /** The object as JSON text. */
  readonly body: string;
  /** What selectors saw before the write, a SelectedPart as JSON text; null when it did not change that. */
  readonly before: string | null;
};

export class EventLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  bounds(): LogBounds {
    return { oldest: this.#counter("eventHorizon"), newest: this.#counter("resourceVersion") };
  }

  /**
   * Gives the object its resourceVersion and puts it on record.
   * @param before what it was before the write; null for a new one
   * @returns the object with its resourceVersion, and as the text that was recorded
   */
  append(
    type: ChangeType,
    object: KubeObject,
    before: KubeObject | null,
    nowMs: number,
  ): { readonly object: KubeObject; readonly body: string } {
    const version = this.#nextVersion();
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const body = JSON.stringify(stored);
    const { kind, namespace, name } = keyOf(stored);
    const part = partBefore(stored, before);
    const bytesBefore = this.#writtenBytes();
    const writtenBytes = bytesBefore + byteLength(body) + byteLength(part ?? "");
    this.#sql.exec(
      `INSERT INTO events (resource_version, type, kind, namespace, name, at_ms, part_before, body, written_bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      version,
      type,
      kind,
      namespace,
      name,
      nowMs,
      part,
      body,
      writtenBytes,
    );
    const isMuch = Math.floor(writtenBytes / PRUNE_EVERY_BYTES) > Math.floor(bytesBefore / PRUNE_EVERY_BYTES);
    if (isMuch || version % PRUNE_EVERY_VERSIONS === 0) this.#prune(version, writtenBytes, nowMs);
    return { object: stored, body };
  }

  /**
   * Everything that was written after a version, in order, read as far as the caller goes on: all of it may be more than
   * memory holds. Nothing may be written meanwhile.
   * @param kind null = objects of any
   */
  *after(version: number, kind: KindName | null): Iterable<LogRow> {
    const rows = this.#sql.exec(
      `${SELECT} WHERE resource_version > ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY resource_version`,
      version,
      kind,
    );
    for (const row of rows) yield toRow(row);
  }

  /** Deletions of objects of a kind after a version, in order, as far as they are on record; read like `after`. */
  *tombstones(kind: KindName, version: number): Iterable<LogRow> {
    const rows = this.#sql.exec(
      `${SELECT} WHERE type = 'DELETED' AND kind = ? AND resource_version > ? ORDER BY resource_version`,
      kind,
      version,
    );
    for (const row of rows) yield toRow(row);
  }

  #nextVersion(): number {
    const row = this.#sql
      .exec(
        `INSERT INTO counters (name, value) VALUES ('resourceVersion', ?1)
         ON CONFLICT (name) DO UPDATE SET value = value + ?1 RETURNING value`,
        VERSION_STEP,
      )
      .one();
    return Number(row.value);
  }

  #prune(version: number, writtenBytes: number, nowMs: number): void {
    const { oldest } = this.bounds();
    const tooOld = this.#lastBefore("at_ms >= ?", nowMs - EVENTS_KEPT_MS);
    const tooFar = this.#lastBefore("written_bytes > ?", writtenBytes - TOMBSTONES_KEPT_BYTES);
    const tooMuch = this.#lastBefore(
      "written_bytes > ? AND resource_version > ?",
      writtenBytes - EVENTS_KEPT_BYTES,
      oldest,
    );
    const horizon = Math.max(oldest, tooOld, tooMuch, version - EVENTS_KEPT_ROWS * VERSION_STEP);
    this.#sql.exec("DELETE FROM events WHERE resource_version <= ?", Math.max(tooOld, tooFar));
    this.#sql.exec(
      "DELETE FROM events WHERE resource_version > ? AND resource_version <= ? AND type != 'DELETED'",
      oldest,
      horizon,
    );
    this.#sql.exec("INSERT OR REPLACE INTO counters (name, value) VALUES ('eventHorizon', ?)", horizon);
    if (version % PRUNE_TOMBSTONES_EVERY_VERSIONS !== 0) return;
    this.#sql.exec(
      `DELETE FROM events WHERE type = 'DELETED' AND resource_version <= (
         SELECT resource_version FROM events WHERE type = 'DELETED' ORDER BY resource_version DESC LIMIT 1 OFFSET ?)`,
      TOMBSTONES_KEPT,
    );
  }

  /** Rows are in order of time and of bytes too: this walks over those that go, and stops at the first that stays. */
  #lastBefore(condition: string, ...bindings: readonly number[]): number {
    const row = this.#sql
      .exec(`SELECT MIN(resource_version) AS version FROM events WHERE ${condition}`, ...bindings)
      .one();
    return Number(row.version ?? 0) - VERSION_STEP;
  }

  #writtenBytes(): number {
    const rows = this.#sql.exec("SELECT written_bytes FROM events ORDER BY resource_version DESC LIMIT 1").toArray();
    return Number(rows[0]?.written_bytes ?? 0);
  }

  #counter(name: string): number {
    return Number(this.#sql.exec("SELECT value FROM counters WHERE name = ?", name).toArray()[0]?.value ?? 0);
  }
}

const SELECT = "SELECT resource_version, type, kind, namespace, name, part_before, body FROM events";

function partBefore(object: KubeObject, before: KubeObject | null): string | null {
  if (before === null) return null;
  const text = JSON.stringify(selectedPartOf(before));
  return text === JSON.stringify(selectedPartOf(object)) ? null : text;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

function toRow(row: Record<string, SqlStorageValue>): LogRow {
  return {
    version: Number(row.resource_version),
    type: row.type as ChangeType,
    kind: row.kind as KindName,
    namespace: String(row.namespace),
    name: String(row.name),
    body: String(row.body),
    before: typeof row.part_before === "string" ? row.part_before : null,
  };
}
