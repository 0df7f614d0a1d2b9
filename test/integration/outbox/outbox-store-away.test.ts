import { afterAll, beforeAll, expect, it } from "vitest";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import { executeOnSqlite } from "../../../src/adapters/outbox/connection.ts";
import { createOutbox } from "../../../src/adapters/outbox/create-outbox.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import { createCache } from "../../../src/create-cache.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { createSqliteDatabase, type SqlConnection, type SqlDatabase } from "./sql-database.ts";

let redis: TestServer;
let proxy: FaultProxy;
let database: SqlDatabase;

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startFaultProxy({ target: { host: redis.host, port: redis.port } });
  database = await createSqliteDatabase();
});
afterAll(async () => {
  await proxy?.stop();
  await Promise.all([redis?.stop(), database?.stop()]);
});

const openCache = (port: number): Cache =>
  createCache({ backend: "redis", redis: { addresses: [`127.0.0.1:${port}`], readTimeout: "200ms" } });

it.each([
  ["refuses connections", () => proxy.goDown(), () => proxy.comeUp()],
  ["is silent", () => proxy.set({ blackHolesRequests: true }), () => proxy.heal()],
  ["acts but its replies are lost", () => proxy.set({ blackHolesReplies: true }), () => proxy.heal()],
] as const)(
  "keeps what was committed while the cache's server %s, and applies it once it is back",
  async (_what, breakIt, mend) => {
    await using cache = openCache(proxy.port);
    await using direct = openCache(redis.port);
    await using outbox = createOutbox<SqlConnection>({
      ...{ cache, dialect: "sqlite", database: database.relay, execute: executeOnSqlite },
      ...{ pollInterval: "1h", lease: "1s", minRetryDelay: 20, maxRetryDelay: 100 },
    });
    await database.exec(`DROP TABLE IF EXISTS gocachex_outbox; ${outbox.schemaSql()}`);
    await cache.ready();
    await direct.set("price", "old", { tags: ["prices"] });
    await breakIt();
    const failed = new Promise<{ stage: string; error: unknown }>((resolve) => outbox.on("failure", resolve));
    const applied = new Promise((resolve) => outbox.on("applied", resolve));
    await outbox.record(database.app, { keys: ["price"], tags: ["prices"] });
    outbox.start();
    expect(await failed).toMatchObject({ stage: "apply", error: { code: expect.stringMatching(/^GCX_BACKEND_/) } });
    expect(await outbox.backlog()).toMatchObject({ pendingCount: 1, parkedCount: 0 });
    await mend();
    await applied;
    expect(await direct.get("price")).toBeUndefined();
    await outbox.close();
    expect(await outbox.backlog()).toMatchObject({ pendingCount: 0 });
  },
);
