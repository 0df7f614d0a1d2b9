import type { Dialect } from "./dialect.ts";

/** Ms since the epoch as of the statement's begin: constant within it, so that the index of due rows can be used. */
const NOW_MS = "floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

/**
 * PostgreSQL 10 and later.
 *
 * Ids are given before a commit and show after it, in another order, so nothing here remembers how far it came: what is in the table is what is
 * left to do. Relays that claim at the same time pass over each other's rows (`SKIP LOCKED`), and once a claim has committed its rows are
 * not due.
 *
 * Source: https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
 *
 * @param table the quoted name; `index` the quoted name of its index
 */
export function createPostgresDialect(table: string, index: string): Dialect {
  return {
    schemaSql: `CREATE TABLE IF NOT EXISTS ${table} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  payload text NOT NULL,
  recorded_at bigint NOT NULL DEFAULT (floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint),
  due_at bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  parked_error text
);
CREATE INDEX IF NOT EXISTS ${index} ON ${table} (due_at, id) WHERE parked_error IS NULL;
`,
    recordSql: `INSERT INTO ${table} (payload) VALUES ($1) RETURNING id`,
    notifySql: "SELECT pg_notify($1, '') AS told",
    peekSql: undefined,
    // A transaction that has written is not ours but the application's, on a connection it shares with the relay. Its rows are not committed yet: to apply
    // and remove them now would leave nothing to end what is loaded until the commit. The condition is evaluated once, before a lock gives us an id.
    claimSql: `WITH due AS (
  SELECT id FROM ${table}
  WHERE (SELECT txid_current_if_assigned()) IS NULL AND parked_error IS NULL AND due_at <= ${NOW_MS}
  ORDER BY due_at, id LIMIT $1::integer FOR UPDATE SKIP LOCKED
)
UPDATE ${table} AS claimed SET due_at = ${NOW_MS} + $2::bigint, attempts = claimed.attempts + 1
FROM due WHERE claimed.id = due.id
RETURNING claimed.id, claimed.payload, claimed.attempts, ${NOW_MS} - claimed.recorded_at AS age`,
    acknowledgeSql: `DELETE FROM ${table} WHERE id = ANY($1::bigint[]) RETURNING id`,
    postponeSql: `UPDATE ${table} SET due_at = ${NOW_MS} + $1::bigint WHERE id = ANY($2::bigint[]) RETURNING id`,
    parkSql: `UPDATE ${table} SET parked_error = $1, due_at = 0 WHERE id = ANY($2::bigint[]) RETURNING id`,
    nextDueSql: `SELECT min(due_at) - ${NOW_MS} AS wait FROM ${table} WHERE parked_error IS NULL AND due_at > 0`,
    backlogSql: `SELECT count(*) FILTER (WHERE parked_error IS NULL) AS pending,
  count(*) FILTER (WHERE parked_error IS NOT NULL) AS parked,
  ${NOW_MS} - min(recorded_at) FILTER (WHERE parked_error IS NULL) AS age FROM ${table}`,
    encodeIds: (ids) => `{${ids.join(",")}}`,
  };
}
