/**
 * Events that are kept: for an hour after they happened last, and the newest thousands of them. An old one goes when a new
 * one comes, without a trace in the log: nobody waits for it to go, and a control plane at rest stays asleep. Until then lists
 * leave it out (list-page.ts).
 */
import { EVENT_KEPT_MS, type EventObject, eventKey, type Happening, nextEvent } from "../../core/resource/event.ts";
import type { ObjectStore } from "./object-store.ts";

const KEPT_ROWS = 5_000;
/** More than one comes, so that a backlog shrinks; few enough to go unnoticed in the transaction of a new one. */
const PRUNED_AT_ONCE = 2;

export class EventKeeper {
  readonly #sql: SqlStorage;
  readonly #objects: ObjectStore;
  /** Counted once; null before the first event. */
  #count: number | null = null;

  constructor(sql: SqlStorage, objects: ObjectStore) {
    this.#sql = sql;
    this.#objects = objects;
  }

  record(happening: Happening, nowMs: number): void {
    const { namespace, name } = eventKey(happening);
    const before = this.#objects.get("Event", namespace, name);
    const event = nextEvent(happening, before, before?.metadata.uid ?? crypto.randomUUID(), nowMs);
    this.#objects.put(event, before, nowMs);
    if (before !== null) this.#forget(before);
    this.#sql.exec(
      "INSERT OR IGNORE INTO kept_events (at_ms, uid) VALUES (?, ?)",
      Date.parse(event.lastTimestamp),
      event.metadata.uid,
    );
    if (before === null) this.#prune(nowMs);
  }

  #prune(nowMs: number): void {
    this.#count = (this.#count ?? this.#counted() - 1) + 1;
    const oldest = this.#sql
      .exec("SELECT at_ms, uid FROM kept_events ORDER BY at_ms LIMIT ?", PRUNED_AT_ONCE)
      .toArray();
    for (const { at_ms: atMs, uid } of oldest) {
      if (this.#count <= KEPT_ROWS && Number(atMs) > nowMs - EVENT_KEPT_MS) return;
      this.#sql.exec("DELETE FROM kept_events WHERE at_ms = ? AND uid = ?", atMs, uid);
      this.#objects.forget(String(uid));
      this.#count -= 1;
    }
  }

  #forget({ lastTimestamp, metadata }: EventObject): void {
    this.#sql.exec("DELETE FROM kept_events WHERE at_ms = ? AND uid = ?", Date.parse(lastTimestamp), metadata.uid);
  }

  #counted(): number {
    return Number(this.#sql.exec("SELECT count(*) AS count FROM kept_events").one().count);
  }
}
