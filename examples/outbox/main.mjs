/**
 * The gap between a database and a cache, and how an outbox closes it. Run it after a build, with a Redis at hand:
 *
 *   REDIS_URL=redis://127.0.0.1:6379 node examples/outbox/main.mjs
 *
 * The database is a SQLite file that is removed at the end, or PostgreSQL with POSTGRES_URL=postgres://user@host/database: there it makes, and drops, the
 * tables example_products and example_outbox.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createCache } from "gocachex";
import { createOutbox } from "gocachex/outbox";
import { dialect, open } from "./database.mjs";

const folder = await mkdtemp(join(tmpdir(), "outbox-example-"));
const file = join(folder, "shop.db");
process.env.REDIS_URL ??= "redis://127.0.0.1:6379";

/** Two processes of the shop share this cache: this one, and the one that is killed. */
const cache = createCache({ backend: "redis", namespace: "outbox-example", redis: { url: process.env.REDIS_URL } });
const database = await open(file);
/** The relay has a connection of its own, so that its statements are never inside a transaction of the shop. */
const relayDatabase = await open(file);

function show(label, ...results) {
  console.log(`  ${label.padEnd(52)}`, ...results);
}

/** A relay: one in every process, or one process for all. Any number may run at the same time. */
function createRelay() {
  return createOutbox({
    ...{ cache, dialect, database: relayDatabase.connection, table: "example_outbox" },
    ...{ pollInterval: 50, lease: "1s" },
  });
}

const readPrice = () => cache.getOrSet("product:1", () => database.price(1), { ttl: "1h" });

/** Changes the price in a process of its own, which dies right after its commit. */
async function changePriceAndDie(price, how) {
  const script = fileURLToPath(new URL("change-price.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, String(price), file, how], { stdio: "inherit" });
  return await new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
}

async function withoutOutbox() {
  console.log("\nWithout an outbox");
  show("the price, read and cached", await readPrice());
  show("a process commits 200 and ends by", await changePriceAndDie(200, "without"));
  show("in the database", await database.price(1));
  show("in the cache, for the rest of its TTL", await readPrice());
}

async function withOutbox() {
  console.log("\nWith an outbox");
  await cache.delete("product:1");
  show("the price, read and cached", await readPrice());
  show("a process commits 300 and ends by", await changePriceAndDie(300, "with outbox"));
  const outbox = createRelay();
  show("in the database", await database.price(1));
  show("left in the outbox by the dead", (await outbox.backlog()).pendingCount);
  const applied = new Promise((resolve) => outbox.on("applied", resolve));
  outbox.start();
  const { keyCount } = await applied;
  show("keys that the relay invalidates", keyCount);
  show("in the cache, from now on", await readPrice());
  await outbox.close();
  await outbox.drainOnce().catch((error) => show("a relay that was closed", error.code));
}

async function relayThatDies() {
  console.log("\nA relay that dies before it removes what it applied");
  await database.run("BEGIN");
  await database.run("UPDATE example_products SET price = 400 WHERE id = 1");
  const dying = createOutbox({
    ...{ cache, dialect, database: relayDatabase.connection, table: "example_outbox", lease: "1s" },
    // The database is gone from the moment of the removal on: as good as dead.
    execute: async (connection, sql, params) => {
      if (sql.startsWith("DELETE")) throw new Error("The relay is dead.");
      return dialect === "sqlite"
        ? connection.prepare(sql).all(...params)
        : (await connection.query(sql, [...params])).rows;
    },
  });
  await dying.record(database.connection, { keys: ["product:1"] });
  await database.run("COMMIT");
  await dying.drainOnce();
  show("in the cache", await readPrice());
  show("still in the outbox", (await dying.backlog()).pendingCount);
  await dying.close();

  const next = createRelay();
  const again = new Promise((resolve) => next.on("applied", resolve));
  next.start();
  const { rowCount } = await again;
  show("applied again by the next one, after the lease", rowCount);
  show("in the cache", await readPrice());
  await next.close();
  show("left in the outbox", (await next.backlog()).pendingCount);
}

async function malformedRow() {
  console.log("\nA row that nobody can apply");
  const outbox = createRelay();
  await database.run('INSERT INTO example_outbox (payload) VALUES (\'{"kyes":["product:1"]}\')');
  outbox.on("parked", ({ error }) => show("the operator is told", error.code));
  await outbox.record(database.connection, { keys: ["product:1"] });
  const { appliedCount, parkedCount } = await outbox.drainOnce();
  show("applied, set apart", appliedCount, parkedCount);
  await outbox.close();
}

try {
  await database.run(createRelay().schemaSql());
  await database.run("CREATE TABLE example_products (id integer PRIMARY KEY, price integer NOT NULL)");
  await database.run("INSERT INTO example_products VALUES (1, 100)");
  await withoutOutbox();
  await withOutbox();
  await relayThatDies();
  await malformedRow();
} finally {
  await database.run("DROP TABLE IF EXISTS example_products");
  await database.run("DROP TABLE IF EXISTS example_outbox");
  await Promise.all([database.close(), relayDatabase.close()]);
  await cache.clear();
  await cache.close();
  await rm(folder, { recursive: true });
}
