/**
 * Children that outlive their owner for a moment, because there are more of them than a transaction should handle: how far
 * each owner's cascade got. What is left is done in slices, between which requests have their turn.
 */
export type Cascade = {
  readonly ownerUid: string;
  /** Children up to this uid were seen to. */
  readonly afterUid: string;
};

export class Cascades {
  readonly #sql: SqlStorage;
  #isEmpty: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#isEmpty = sql.exec("SELECT 1 FROM cascades LIMIT 1").toArray().length === 0;
  }

  /** Whether there is none for sure. One whose transaction failed does no harm. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  add({ ownerUid, afterUid }: Cascade): void {
    this.#isEmpty = false;
    this.#sql.exec("INSERT OR REPLACE INTO cascades (owner_uid, after_uid) VALUES (?, ?)", ownerUid, afterUid);
  }

  /** Takes one out; null = there is none. */
  take(): Cascade | null {
    const row = this.#sql
      .exec(
        `DELETE FROM cascades WHERE owner_uid = (SELECT owner_uid FROM cascades LIMIT 1)
         RETURNING owner_uid, after_uid`,
      )
      .toArray()[0];
    this.#isEmpty = row === undefined;
    return row === undefined ? null : { ownerUid: String(row.owner_uid), afterUid: String(row.after_uid) };
  }
}
