import { mkdtempSync, rmSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type LibsqlDatabase from "libsql";
import type PgDriver from "pg";
import { startPostgres, type TestPostgres } from "../../../scripts/servers/start-postgres.ts";
import type { PostgresConnection, SqliteConnection } from "../../../src/adapters/outbox/connection.ts";

/** Required when used: scripts that are bundled would otherwise have the drivers inside, and SQLite's native part would not be found from there. */
const load = createRequire(import.meta.url);

/** A connection of either kind, as its driver has it. */
export type SqlConnection = PostgresConnection & SqliteConnection;

/** What tests do with a database, whichever it is. */
export interface SqlDatabase {
  readonly dialect: "postgres" | "sqlite";
  /** Where another process finds it: a URL or a file. */
  readonly address: string;
  /** The connection of the relay. */
  readonly relay: SqlConnection;
  /** A connection of the application's. */
  readonly app: SqlConnection;
  /** Runs statements without parameters on a connection; default: the relay's. */
  exec(sql: string, connection?: SqlConnection): Promise<void>;
  /** The rows of a query on the relay's connection. */
  rows(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Frees everything, and the server. */
  stop(): Promise<void>;
}

/** What a process of its own opens: one connection. */
export interface SqlSession {
  readonly connection: SqlConnection;
  exec(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** Drivers of SQLite: the engine as a package, for every Node; and the one that Node has from 22.5 on. */
export type SqliteDriver = "libsql" | "node:sqlite";

/** The drivers that this Node can load. */
export const SQLITE_DRIVERS: readonly SqliteDriver[] = isBuiltin("node:sqlite")
  ? ["libsql", "node:sqlite"]
  : ["libsql"];

/** Opens one connection. */
export async function openSession(
  dialect: "postgres" | "sqlite",
  address: string,
  driver: SqliteDriver = "libsql",
): Promise<SqlSession> {
  if (dialect === "sqlite") {
    const database = openSqlite(address, driver);
    return {
      connection: database as unknown as SqlConnection,
      exec: async (sql) => void database.exec(sql),
      close: async () => void database.close(),
    };
  }
  const pg = load("pg") as typeof PgDriver;
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  return {
    connection: client as unknown as SqlConnection,
    exec: async (sql) => void (await client.query(sql)),
    close: () => client.end(),
  };
}

/** What SQLite's drivers have in common. */
interface SqliteHandle extends SqliteConnection {
  exec(sql: string): unknown;
  close(): unknown;
}

function openSqlite(file: string, driver: SqliteDriver): SqliteHandle {
  const handle = driver === "libsql" ? openLibsql(file) : openOfNode(file);
  const database = handle as unknown as SqliteHandle;
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000;");
  return database;
}

function openOfNode(file: string): unknown {
  const { DatabaseSync } = load("node:sqlite") as { DatabaseSync: new (path: string) => unknown };
  return new DatabaseSync(file);
}

function openLibsql(file: string): unknown {
  const Libsql = load("libsql") as typeof LibsqlDatabase;
  return new Libsql(file);
}

/** A new SQLite file. */
export async function createSqliteDatabase(driver: SqliteDriver = "libsql"): Promise<SqlDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "gocachex-outbox-"));
  const address = join(folder, "app.db");
  const sessions = [
    await openSession("sqlite", address, driver),
    await openSession("sqlite", address, driver),
  ] as const;
  return databaseOf("sqlite", address, sessions, () => rmSync(folder, { recursive: true, force: true }));
}

/** A new database, in the one server of this process. */
export async function createPostgresDatabase(): Promise<SqlDatabase> {
  server ??= startPostgres();
  const { url } = await server;
  databaseCount += 1;
  // The server may be one that others use at the same time.
  const name = `gocachex_${process.pid}_${databaseCount}`;
  const admin = await openSession("postgres", url);
  await admin.exec(`CREATE DATABASE ${name}`);
  const address = new URL(url);
  address.pathname = name;
  const sessions = [await openSession("postgres", address.href), await openSession("postgres", address.href)] as const;
  return databaseOf("postgres", address.href, sessions, async () => {
    await admin.exec(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.close();
  });
}

/** Ends the server that {@link createPostgresDatabase} started. */
export async function stopPostgres(): Promise<void> {
  await (await server)?.stop();
  server = undefined;
}

let server: Promise<TestPostgres> | undefined;
let databaseCount = 0;

function databaseOf(
  dialect: "postgres" | "sqlite",
  address: string,
  [relay, app]: readonly [SqlSession, SqlSession],
  free: () => void | Promise<void>,
): SqlDatabase {
  return {
    dialect,
    address,
    relay: relay.connection,
    app: app.connection,
    exec: (sql, connection) => (connection === app.connection ? app : relay).exec(sql),
    rows: async (sql) => {
      if (dialect === "sqlite") return relay.connection.prepare(sql).all() as Record<string, unknown>[];
      return (await relay.connection.query(sql, [])).rows as Record<string, unknown>[];
    },
    stop: async () => {
      await Promise.all([relay.close(), app.close()]);
      await free();
    },
  };
}
