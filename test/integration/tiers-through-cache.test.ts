import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { openRawRedis, type RawRedis } from "./support/raw-redis.ts";

describe("a cache of memory in front of Redis", () => {
  let server: TestServer;
  let raw: RawRedis;
  const caches: Cache[] = [];

  beforeAll(async () => {
    server = await startRedis();
    raw = openRawRedis(server);
  });
  afterAll(async () => {
    raw.close();
    await server.stop();
  });
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
    await raw.send("FLUSHALL");
  });

  function open(config: CacheConfig = {}): Cache {
    const cache = createCache({
      hierarchical: true,
      l1: { backend: "memory" },
      l2: { backend: "redis", redis: { addresses: [`${server.host}:${server.port}`] } },
      ...config,
    });
    caches.push(cache);
    return cache;
  }

  /** How many questions for entries, or for heads, the server answered meanwhile. */
  async function countReads(run: () => Promise<unknown>): Promise<number> {
    await raw.send("CONFIG", "RESETSTAT");
    await run();
    const stats = String(await raw.send("INFO", "commandstats"));
    return Number(/cmdstat_mget:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  it("asks the server nothing for what it has", async () => {
    const cache = open({ consistency: { maxStaleness: "1h" } });
    await cache.set("k", "v");
    const reads = await countReads(async () => {
      for (let count = 0; count < 100; count += 1) expect(await cache.get("k")).toBe("v");
    });
    // The first use of a copy asks once whether its shard has changed.
    expect(reads).toBeLessThanOrEqual(1);
    expect(await countReads(() => cache.get("other"))).toBeGreaterThan(0);
  });

  it("reads from memory what was written or read before", async () => {
    const [first, second] = [open(), open()];
    await first.set("k", { at: new Date(5) });
    expect(await first.get("k")).toEqual({ at: new Date(5) });
    expect((await first.getEntry("k"))?.tier).toBe("memory");
    expect(await second.get("k")).toEqual({ at: new Date(5) });
    expect((await second.getEntry("k"))?.tier).toBe("memory");
    expect(second.peek("k")).toEqual({ at: new Date(5) });
  });

  it("finds out what another process wrote within the bound of staleness", async () => {
    const [first, second] = [open({ consistency: { maxStaleness: 100 } }), open()];
    await first.set("k", 1);
    await second.set("k", 2);
    await expect.poll(() => first.get("k"), { timeout: 2_000, interval: 5 }).toBe(2);
  });
});
