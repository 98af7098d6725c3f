/** The revisions of each Configuration, with what is chosen by: reading it costs a row each, and no body. */
import { type Reserve, type RevisionRow, revisionRow } from "../../core/reconcile/revision-row.ts";
import { jsonEqual } from "../../core/resource/json.ts";
import type { KubeObject } from "../../core/resource/object.ts";
import type { Revision } from "../../core/resource/serving.ts";

export class RevisionTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @param after null = it is gone */
  follow(before: KubeObject | null, after: KubeObject | null): void {
    const [known, row] = [before, after].map((object) => (object === null ? null : revisionRow(object)));
    if (row === undefined || jsonEqual(known, row)) return;
    if (after === null || row === null) this.#remove(before);
    else this.#put(after.metadata.uid, row);
  }

  /** Made for that generation or a later one. */
  since(configurationUid: string, generation: number): Revision[] {
    return this.#sql
      .exec(
        "SELECT body FROM revisions JOIN objects USING (uid) WHERE configuration_uid = ? AND generation >= ?",
        configurationUid,
        generation,
      )
      .toArray()
      .map((row) => JSON.parse(String(row.body)) as Revision);
  }

  reserves(configurationUid: string): Reserve[] {
    return this.#sql
      .exec(
        `SELECT reserve_since_ms, created_at_ms, name, uid FROM revisions
         WHERE configuration_uid = ? AND reserve_since_ms IS NOT NULL ORDER BY reserve_since_ms`,
        configurationUid,
      )
      .toArray()
      .map((row) => ({
        uid: String(row.uid),
        name: String(row.name),
        createdAtMs: Number(row.created_at_ms),
        reserveSinceMs: Number(row.reserve_since_ms),
      }));
  }

  #put(uid: string, { configurationUid, generation, name, createdAtMs, reserveSinceMs }: RevisionRow): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO revisions (uid, configuration_uid, generation, name, created_at_ms, reserve_since_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
      uid,
      configurationUid,
      generation,
      name,
      createdAtMs,
      reserveSinceMs,
    );
  }

  #remove(object: KubeObject | null): void {
    if (object !== null) this.#sql.exec("DELETE FROM revisions WHERE uid = ?", object.metadata.uid);
  }
}
