/**
 * The SQLite of a Revision object: the machine's snapshot and the last observation that the control plane has not
 * acknowledged. Written on transitions of pods and conditions, never per request.
 */
import type { RevisionObservation } from "../../core/protocol/objects.ts";
import type { RevisionSnapshot } from "../../core/revision/snapshot.ts";
import { migrate } from "../migrations.ts";

const MIGRATIONS = [["CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"]];

export class RevisionStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    migrate(sql, MIGRATIONS);
  }

  load(): RevisionSnapshot | null {
    return this.#get<RevisionSnapshot>("snapshot");
  }

  save(snapshot: RevisionSnapshot): void {
    this.#put("snapshot", snapshot);
  }

  putObservation(observation: RevisionObservation): void {
    this.#put("observation", observation);
  }

  unsentObservation(): RevisionObservation | null {
    return this.#get<RevisionObservation>("observation");
  }

  /** The control plane has it; a newer one stays on record. */
  observationSent(sequence: number): void {
    if (this.unsentObservation()?.sequence !== sequence) return;
    this.#sql.exec("DELETE FROM state WHERE key = 'observation'");
  }

  #get<T>(key: string): T | null {
    const row = this.#sql.exec("SELECT value FROM state WHERE key = ?", key).toArray()[0];
    return typeof row?.value === "string" ? (JSON.parse(row.value) as T) : null;
  }

  #put(key: string, value: unknown): void {
    this.#sql.exec("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", key, JSON.stringify(value));
  }
}
