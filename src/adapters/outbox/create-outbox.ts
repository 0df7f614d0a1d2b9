import {
  executeOnPostgres,
  executeOnSqlite,
  isInsideTransaction,
  isPostgresPool,
  type PostgresConnection,
  type SqliteConnection,
} from "./connection.ts";
import { DatabaseOutbox, type DatabasePort } from "./database-outbox.ts";
import type { Outbox } from "./outbox.ts";
import {
  type CustomOutboxOptions,
  type PostgresOutboxOptions,
  resolveOutboxOptions,
  type SqliteOutboxOptions,
} from "./outbox-options.ts";

/**
 * An outbox: it closes the gap in which an application commits to its database and dies before it invalidates its cache. Opens and starts nothing.
 *
 * @throws ConfigError naming the field that is wrong
 * @example
 * ```ts
 * import { createCache } from "gocachex";
 * import { createOutbox } from "gocachex/outbox";
 * import pg from "pg";
 *
 * const pool = new pg.Pool();
 * const cache = createCache();
 * const outbox = createOutbox({ cache, dialect: "postgres", database: pool });
 * await pool.query(outbox.schemaSql());
 * outbox.start();
 *
 * const client = await pool.connect();
 * await client.query("BEGIN");
 * await client.query("UPDATE users SET name = $1 WHERE id = $2", ["Ada", 7]);
 * await outbox.record(client, { keys: ["user:7"] });
 * await client.query("COMMIT");
 * outbox.notify();
 * client.release();
 * ```
 */
export function createOutbox(options: PostgresOutboxOptions): Outbox<PostgresConnection>;
export function createOutbox(options: SqliteOutboxOptions): Outbox<SqliteConnection>;
export function createOutbox<Connection>(options: CustomOutboxOptions<Connection>): Outbox<Connection>;
export function createOutbox(
  options: PostgresOutboxOptions | SqliteOutboxOptions | CustomOutboxOptions<unknown>,
): Outbox<never> {
  const resolved = resolveOutboxOptions(options);
  if (options.execute !== undefined) return new DatabaseOutbox(resolved, { ...options, ...UNKNOWN_DRIVER });
  if (options.dialect === "postgres") {
    const { database } = options;
    const port = { database, execute: executeOnPostgres, isBusy: () => false, isShared: isPostgresPool };
    return new DatabaseOutbox(resolved, port);
  }
  const { database } = options;
  const isBusy = (): boolean => isInsideTransaction(database);
  return new DatabaseOutbox(resolved, { database, execute: executeOnSqlite, isBusy, isShared: () => false });
}

/** Of a driver that is not ours to know, the documentation says what the application has to see to. */
const UNKNOWN_DRIVER: Pick<DatabasePort<unknown>, "isBusy" | "isShared"> = {
  isBusy: () => false,
  isShared: () => false,
};
