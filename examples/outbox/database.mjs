/**
 * The shop's database: PostgreSQL when POSTGRES_URL is set, else a SQLite file. `open` gives a connection, what the outbox has to know of it, and three
 * statements of the shop.
 */
import { createRequire } from "node:module";
import process from "node:process";

export const dialect = process.env.POSTGRES_URL === undefined ? "sqlite" : "postgres";

/** @param file where SQLite's data is; PostgreSQL does not look at it */
export async function open(file) {
  return dialect === "postgres" ? await openPostgres() : openSqlite(file);
}

async function openPostgres() {
  const { default: pg } = await import("pg");
  const connection = new pg.Client({ connectionString: process.env.POSTGRES_URL });
  await connection.connect();
  return {
    connection,
    run: async (sql) => void (await connection.query(sql)),
    price: async (id) =>
      (await connection.query("SELECT price FROM example_products WHERE id = $1", [id])).rows[0]?.price,
    close: () => connection.end(),
  };
}

/** libsql has a SQLite for every Node; newer ones bring their own, `node:sqlite`, and better-sqlite3 is used alike. */
function openSqlite(file) {
  const Database = createRequire(import.meta.url)("libsql");
  const connection = new Database(file);
  // Readers do not wait for the writer, and writers wait for each other instead of failing.
  connection.exec("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000");
  return {
    connection,
    run: async (sql) => void connection.exec(sql),
    price: async (id) => connection.prepare("SELECT price FROM example_products WHERE id = ?").get(id)?.price,
    close: async () => connection.close(),
  };
}
