import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { NODES_KEY } from "../../src/backends/redis/redis-key-layout.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";

/** Longer than any of these tests should take, so that an answer that came was one. */
const LONG_MS = 20_000;
/** So short that the wait for it is short. */
const SHORT_MS = 100;

describe("a write with ack all", () => {
  let redis: TestServer;
  let memcached: TestServer;
  let raw: RawRedis;
  const caches: Cache[] = [];

  beforeAll(async () => {
    [redis, memcached] = await Promise.all([startRedis(), startMemcached()]);
    raw = openRawRedis(redis);
  });
  afterAll(async () => {
    raw.close();
    await Promise.all([redis.stop(), memcached.stop()]);
  });
  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
    await raw.send("FLUSHALL");
  });

  async function open(config: CacheConfig): Promise<Cache> {
    const cache = createCache(config);
    caches.push(cache);
    await cache.ready();
    return cache;
  }

  const inRedis = (maxStaleness: number): CacheConfig => ({
    redis: { addresses: [`${redis.host}:${redis.port}`] },
    consistency: { maxStaleness },
  });
  const near = (maxStaleness: number): Promise<Cache> =>
    open({ ...inRedis(maxStaleness), tiers: [{ backend: "memory" }, { backend: "redis" }] });
  const plainWriter = (maxStaleness: number): Promise<Cache> => open({ ...inRedis(maxStaleness), backend: "redis" });

  /** A table of nodes that is as old as any bound here: a young one may lack nodes, and is not believed. */
  const ageTable = (): Promise<unknown> => raw.send("HSET", NODES_KEY, "born", String(Date.now() - 3_600_000));

  it.each([
    ["has tiers", near],
    ["has none", plainWriter],
  ])("is seen by every reader when it resolves, long before the bound: the writer %s", async (_, openWriter) => {
    const readers = await Promise.all([near(LONG_MS), near(LONG_MS)]);
    const writer = await openWriter(LONG_MS);
    await ageTable();
    for (let round = 0; round < 50; round += 1) {
      await writer.set("k", round - 0.5);
      for (const reader of readers) await reader.get("k");
      const receipt = await writer.set("k", round, { ack: "all" });
      expect(receipt.coherent).toBe(true);
      for (const reader of readers) expect(reader.peek("k") ?? round).toBe(round);
    }
  });

  it("without it says that nobody has confirmed it", async () => {
    const writer = await plainWriter(LONG_MS);
    expect((await writer.set("k", 1)).coherent).toBe(false);
  });

  it("waits for the bound where the store has no table of its readers", async () => {
    const servers = [`${memcached.host}:${memcached.port}`];
    const shared = { memcached: { servers }, consistency: { maxStaleness: SHORT_MS } };
    const reader = await open({ ...shared, tiers: [{ backend: "memory" }, { backend: "memcached" }] });
    const writer = await open({ ...shared, backend: "memcached" });
    await writer.set("k", 1);
    expect(await reader.get("k")).toBe(1);
    expect((await writer.set("k", 2, { ack: "all" })).coherent).toBe(true);
    expect(reader.peek("k")).toBeUndefined();
    expect(await reader.get("k")).toBe(2);
  });

  it("opens no connection for answers before it is used", async () => {
    const writer = await plainWriter(LONG_MS);
    await writer.set("k", 1);
    const clients = String(await raw.send("CLIENT", "LIST"));
    expect(clients).not.toMatch(/cmd=subscribe/);
  });
});
