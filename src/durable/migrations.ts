/**
 * Forward migrations of an object's SQLite. Each object keeps its schema version in a table of its own (SQLite's
 * user_version is not available); a migration is a list of statements that never changes once it was released.
 */

/** The slice of SqlStorage that migrations need. */
type Sql = { exec(query: string, ...bindings: unknown[]): { toArray(): Record<string, unknown>[] } };

/**
 * Brings the database to the newest schema. Call it in the constructor, before anything is read.
 * @param migrations  statement lists; the n-th brings version n − 1 to version n
 * @returns the version that the database had; 0 = new
 */
export function migrate(sql: Sql, migrations: readonly (readonly string[])[]): number {
  sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
  const row = sql.exec("SELECT version FROM schema_version").toArray()[0];
  const current = typeof row?.version === "number" ? row.version : 0;
  if (current >= migrations.length) return current;
  for (const statements of migrations.slice(current)) for (const statement of statements) sql.exec(statement);
  sql.exec("DELETE FROM schema_version");
  sql.exec("INSERT INTO schema_version (version) VALUES (?)", migrations.length);
  return current;
}
