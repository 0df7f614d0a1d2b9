import type { Dialect } from "./dialect.ts";

/** Ms since the epoch; constant within a statement. 2440587.5 is the Julian day of 1970-01-01. */
const NOW_MS = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

/**
 * SQLite 3.35 and later.
 *
 * One writer at a time, so a claim cannot meet another. `AUTOINCREMENT` is no ornament: without it SQLite gives the id of a removed row to the next
 * one, and a relay that comes late to remove what it applied would remove a row that nobody has applied.
 *
 * Parameters are plain `?`, in the order of the text: some drivers take `?1` for a name.
 *
 * Source: https://www.sqlite.org/autoinc.html
 *
 * @param table the quoted name; `index` the quoted name of its index
 */
export function createSqliteDialect(table: string, index: string): Dialect {
  const listed = "SELECT value FROM json_each(?)";
  return {
    schemaSql: `CREATE TABLE IF NOT EXISTS ${table} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  payload TEXT NOT NULL,
  recorded_at INTEGER NOT NULL DEFAULT (${NOW_MS}),
  due_at INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  parked_error TEXT
);
CREATE INDEX IF NOT EXISTS ${index} ON ${unqualified(table)} (due_at, id) WHERE parked_error IS NULL;
`,
    recordSql: `INSERT INTO ${table} (payload) VALUES (?) RETURNING id`,
    notifySql: undefined,
    // An UPDATE takes the one lock for writing even when it changes nothing: a relay with nothing to do would stand in the application's way.
    peekSql: `SELECT 1 AS due FROM ${table} WHERE parked_error IS NULL AND due_at <= ${NOW_MS} LIMIT 1`,
    claimSql: `WITH due AS (
  SELECT id FROM ${table} WHERE parked_error IS NULL AND due_at <= ${NOW_MS} ORDER BY due_at, id LIMIT ?
)
UPDATE ${table} SET due_at = ${NOW_MS} + ?, attempts = attempts + 1 WHERE id IN (SELECT id FROM due)
RETURNING id, payload, attempts, ${NOW_MS} - recorded_at AS age`,
    acknowledgeSql: `DELETE FROM ${table} WHERE id IN (${listed}) RETURNING id`,
    postponeSql: `UPDATE ${table} SET due_at = ${NOW_MS} + ? WHERE id IN (${listed}) RETURNING id`,
    parkSql: `UPDATE ${table} SET parked_error = ?, due_at = 0 WHERE id IN (${listed}) RETURNING id`,
    nextDueSql: `SELECT min(due_at) - ${NOW_MS} AS wait FROM ${table} WHERE parked_error IS NULL AND due_at > 0`,
    backlogSql: `SELECT count(*) FILTER (WHERE parked_error IS NULL) AS pending,
  count(*) FILTER (WHERE parked_error IS NOT NULL) AS parked,
  ${NOW_MS} - min(recorded_at) FILTER (WHERE parked_error IS NULL) AS age FROM ${table}`,
    encodeIds: (ids) => `[${ids.join(",")}]`,
  };
}

/** In `CREATE INDEX` the schema stands before the index's name, and the table has none. */
function unqualified(table: string): string {
  return table.slice(table.indexOf(".") + 1);
}
