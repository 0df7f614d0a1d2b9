import pg, { type Client } from "pg";
import { afterAll, expect, it } from "vitest";
import { createOutbox } from "../../../src/adapters/outbox/create-outbox.ts";
import { createCache } from "../../../src/create-cache.ts";
import { describeOutbox } from "./outbox-cases.ts";
import { createPostgresDatabase, openSession, stopPostgres } from "./sql-database.ts";

afterAll(stopPostgres);

describeOutbox("PostgreSQL", createPostgresDatabase);

it("wakes a relay that listens in PostgreSQL when a transaction commits that recorded something, and not before", async () => {
  const database = await createPostgresDatabase();
  const listener = await openSession("postgres", database.address);
  await using cache = createCache();
  await using outbox = createOutbox({
    ...{ cache, dialect: "postgres", database: database.relay, pollInterval: "1h", notifyChannel: "it's outbox" },
  });
  await database.exec(outbox.schemaSql());
  await listener.exec(`LISTEN "it's outbox"`);
  let toldCount = 0;
  (listener.connection as unknown as Client).on("notification", () => {
    toldCount += 1;
    outbox.notify();
  });
  const applied = new Promise((resolve) => outbox.on("applied", resolve));
  outbox.start();
  await database.exec("BEGIN", database.app);
  await outbox.record(database.app, { keys: ["k"] });
  await listener.exec("SELECT 1");
  expect(toldCount).toBe(0);
  await database.exec("COMMIT", database.app);
  await applied;
  expect(toldCount).toBe(1);
  await outbox.close();
  await listener.close();
  await database.stop();
});

it("passes over a row that somebody holds in PostgreSQL, and does not wait for it", async () => {
  const database = await createPostgresDatabase();
  await using cache = createCache();
  await using outbox = createOutbox({ cache, dialect: "postgres", database: database.relay });
  await database.exec(outbox.schemaSql());
  for (const key of ["held", "free"]) await outbox.record(database.app, { keys: [key] });
  await database.exec("BEGIN; SELECT * FROM gocachex_outbox ORDER BY id LIMIT 1 FOR UPDATE", database.app);
  await database.exec("SET lock_timeout = '2s'");
  expect((await outbox.drainOnce()).appliedCount).toBe(1);
  await database.exec("COMMIT", database.app);
  expect((await outbox.drainOnce()).appliedCount).toBe(1);
  await outbox.close();
  await database.stop();
});

it("refuses a pool of pg as the transaction, and takes its connections", async () => {
  const database = await createPostgresDatabase();
  const pool = new pg.Pool({ connectionString: database.address, max: 1 });
  await using cache = createCache();
  await using outbox = createOutbox({ cache, dialect: "postgres", database: pool });
  await pool.query(outbox.schemaSql());
  await expect(outbox.record(pool, { keys: ["k"] })).rejects.toMatchObject({ argument: "tx" });
  const client = await pool.connect();
  await outbox.record(client, { keys: ["k"] });
  client.release();
  expect((await outbox.drainOnce()).appliedCount).toBe(1);
  await outbox.close();
  await pool.end();
  await database.stop();
});
