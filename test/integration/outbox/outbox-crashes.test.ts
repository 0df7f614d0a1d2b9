import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import { executeOnPostgres, executeOnSqlite } from "../../../src/adapters/outbox/connection.ts";
import { createOutbox } from "../../../src/adapters/outbox/create-outbox.ts";
import type { Outbox } from "../../../src/adapters/outbox/outbox.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import { createCache } from "../../../src/create-cache.ts";
import { bundleScript } from "../support/script-bundle.ts";
import type { OutboxTask } from "./outbox-worker.ts";
import {
  createPostgresDatabase,
  createSqliteDatabase,
  type SqlConnection,
  type SqlDatabase,
  stopPostgres,
} from "./sql-database.ts";

const KEY_COUNT = 150;

let redis: TestServer;
let worker: string;

beforeAll(async () => {
  [redis, worker] = await Promise.all([startRedis(), bundleScript("test/integration/outbox/outbox-worker.ts")]);
});
afterAll(() => Promise.all([redis?.stop(), stopPostgres()]));

describe.each([
  ["PostgreSQL", createPostgresDatabase],
  ["SQLite", () => createSqliteDatabase()],
] as const)("processes that die beside an outbox in %s", (_name, createDatabase) => {
  let database: SqlDatabase;
  let cache: Cache;
  let outbox: Outbox<SqlConnection>;
  let children: ChildProcess[] = [];

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    const redisAddress = `${redis.host}:${redis.port}`;
    cache = createCache({ backend: "redis", redis: { addresses: [redisAddress] } });
    outbox = createOutbox<SqlConnection>({
      ...{ cache, dialect: database.dialect, database: database.relay, pollInterval: 20, lease: "1s" },
      execute: database.dialect === "postgres" ? executeOnPostgres : executeOnSqlite,
    });
    await database.exec(`DROP TABLE IF EXISTS gocachex_outbox; DROP TABLE IF EXISTS changes; ${outbox.schemaSql()}`);
    await database.exec("CREATE TABLE changes (name text)");
    await cache.clear();
  });
  afterEach(async () => {
    const gone = children.map((child) => hasEnded(child));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(gone);
    children = [];
    await outbox.close();
    await cache.close();
  });

  function hasEnded(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => child.once("exit", () => resolve()));
  }

  /** Starts a process and waits until it is connected. */
  async function start(role: OutboxTask["role"], keys: readonly string[] = []): Promise<ChildProcess> {
    const { dialect, address } = database;
    const task: OutboxTask = { dialect, address, role, keys, redisAddress: `${redis.host}:${redis.port}` };
    const child = spawn(process.execPath, [worker, JSON.stringify(task)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.once("data", () => resolve());
      child.once("exit", (code) => reject(new Error(`The process ended with ${code}.`)));
    });
    return child;
  }

  async function diesOfKill(child: ChildProcess): Promise<void> {
    await hasEnded(child);
    expect(child.signalCode).toBe("SIGKILL");
  }

  async function untilEmpty(): Promise<void> {
    while ((await outbox.backlog()).pendingCount > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  it("invalidates what a process committed that died before it could", async () => {
    await cache.set("price", "old");
    await diesOfKill(await start("application", ["price"]));
    expect(await cache.get("price")).toBe("old");
    expect(await outbox.backlog()).toMatchObject({ pendingCount: 1 });
    outbox.start();
    await untilEmpty();
    expect(await cache.get("price")).toBeUndefined();
  });

  it("invalidates again when a relay died between the invalidation and the removal of its row", async () => {
    await cache.set("price", "old");
    await outbox.record(database.app, { keys: ["price"] });
    await diesOfKill(await start("dying-relay"));
    expect(await cache.get("price")).toBeUndefined();
    expect(await outbox.backlog()).toMatchObject({ pendingCount: 1 });
    const applied = new Promise<{ lagMs: number }>((resolve) => outbox.on("applied", resolve));
    outbox.start();
    expect((await applied).lagMs).toBeGreaterThan(900);
    await untilEmpty();
  });

  it("loses no committed change and invents none while relays and applications die", async () => {
    const keys = Array.from({ length: KEY_COUNT }, (_, index) => `k${index}`);
    await cache.setMulti(Object.fromEntries(keys.map((key) => [key, "old"])));
    await start("dying-relay");
    const first = await start("relay");
    const applications = await Promise.all([
      start("application", keys.slice(0, KEY_COUNT / 2)),
      start("application", keys.slice(KEY_COUNT / 2, KEY_COUNT - 10)),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    first.kill("SIGKILL");
    await start("relay");
    await Promise.all(applications.map(diesOfKill));
    outbox.start();
    await untilEmpty();
    const committed = new Set((await database.rows("SELECT name FROM changes")).map(({ name }) => name as string));
    expect(committed.size).toBe(
      keys.slice(0, KEY_COUNT - 10).filter((_, index) => (index % (KEY_COUNT / 2)) % 5 !== 4).length,
    );
    const left = new Set((await cache.getMulti(keys)).keys());
    expect([...left].sort()).toEqual(keys.filter((key) => !committed.has(key)).sort());
  });
});
