import type { MaybePromise } from "../../backend/backend.ts";

/** A value that a statement of the outbox holds as a parameter. */
export type OutboxParameter = string | number;

/**
 * Runs one statement on a connection and returns its rows, as objects by column name. Placeholders are `$1`, `$2` (PostgreSQL) or `?` (SQLite), in the order of `params`, each used once. Every statement
 * returns rows, if only none; numbers may come back as numbers, bigints or text.
 */
export type OutboxExecute<Connection> = (
  connection: Connection,
  sql: string,
  params: readonly OutboxParameter[],
) => MaybePromise<readonly object[]>;

/** What the outbox needs of PostgreSQL's driver: a `Pool`, `Client` or `PoolClient` of pg, and what has the same `query`. */
export interface PostgresConnection {
  /** Runs one statement with `$1`, `$2` … as placeholders. */
  query(sql: string, params: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** What the outbox needs of SQLite's driver: the `DatabaseSync` of `node:sqlite`, the `Database` of better-sqlite3, and what has the same `prepare`. */
export interface SqliteConnection {
  /** Prepares one statement with `?` as placeholders. */
  prepare(sql: string): { all(...params: (string | number)[]): readonly unknown[] };
  /** Whether a transaction is open, as better-sqlite3 calls it. */
  readonly inTransaction?: boolean | undefined;
  /** Whether a transaction is open, as `node:sqlite` calls it. */
  readonly isTransaction?: boolean | undefined;
}

/** Runs one statement on a connection of pg. */
export const executeOnPostgres: OutboxExecute<PostgresConnection> = async (connection, sql, params) =>
  (await connection.query(sql, [...params])).rows as readonly object[];

/** Runs one statement on a connection of a synchronous SQLite driver. All of the outbox's statements return rows, so `all` fits each. */
export const executeOnSqlite: OutboxExecute<SqliteConnection> = (connection, sql, params) =>
  connection.prepare(sql).all(...params) as readonly object[];

/**
 * Whether a SQLite connection is inside a transaction. A relay on it would see the application's rows before they are committed, invalidate, and
 * remove them in the very transaction: a load that came before the commit would put the old value back, and no row would be left to end it.
 */
export function isInsideTransaction(connection: SqliteConnection): boolean {
  const known = connection.inTransaction ?? connection.isTransaction;
  if (typeof known === "boolean") return known;
  // A driver that does not tell: transactions do not nest, and one that was only begun holds no lock.
  try {
    connection.prepare("BEGIN").all();
  } catch {
    return true;
  }
  connection.prepare("COMMIT").all();
  return false;
}

/**
 * Whether something is a pool of pg rather than one of its connections. What is recorded through a pool is committed at once, whatever transaction the
 * application has open on a connection: a relay may apply it before the change itself can be seen, and nothing would end what is loaded in between.
 */
export function isPostgresPool(connection: unknown): boolean {
  const { totalCount, idleCount } = connection as { readonly totalCount?: unknown; readonly idleCount?: unknown };
  return typeof totalCount === "number" && typeof idleCount === "number";
}
