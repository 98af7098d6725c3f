/** Who wants which domain, in the order in which they came: the first one has it. */

export class DomainClaims {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(domain: string, mappingUid: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO claims (domain, mapping_uid) VALUES (?, ?)", domain, mappingUid);
  }

  remove(mappingUid: string): void {
    this.#sql.exec("DELETE FROM claims WHERE mapping_uid = ?", mappingUid);
  }

  ownerOf(domain: string): string | null {
    const row = this.#sql
      .exec("SELECT mapping_uid FROM claims WHERE domain = ? ORDER BY id LIMIT 1", domain)
      .toArray()[0];
    return row === undefined ? null : String(row.mapping_uid);
  }
}
