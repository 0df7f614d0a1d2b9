import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";

const CENTURY_MS = 100 * 365.25 * 86_400_000;
/** What has a meaning in one of the protocols, in the layouts of keys, or is at an end of what they hold. */
const ODD_KEYS = [
  ...["{}", "{", "}", "a{b}c{d}", "{gcx", " ", "\0", "new\nline", "cr\r\nset x 0 0 1\r\n", "%", "@:x", "@ns:x"],
  ...["\ud800", "\udc00\ud800", "\ufffd", "é", "e\u0301", "\u00ff\u00fe", "K".repeat(186), `${"K".repeat(186)} `],
  ...["x".repeat(250), "x".repeat(251), "x".repeat(252)],
];

describe("a cache over a real server", () => {
  let redis: TestServer;
  let memcached: TestServer;

  beforeAll(async () => {
    [redis, memcached] = await Promise.all([startRedis(), startMemcached()]);
  });
  afterAll(() => Promise.all([redis.stop(), memcached.stop()]));

  const redisAt = (db: number, details: Partial<CacheConfig> = {}): CacheConfig => ({
    backend: "redis",
    redis: { addresses: [`${redis.host}:${redis.port}`], db },
    ...details,
  });
  const stores: readonly (readonly [string, () => CacheConfig])[] = [
    ["Redis, coherent", () => redisAt(0)],
    ["Redis, plain", () => redisAt(1, { consistency: { mode: "plain" } })],
    ["Redis, sharded", () => redisAt(2, { sharding: { enabled: true } })],
    [
      "Memcached",
      () => ({
        backend: "memcached",
        memcached: { servers: [`${memcached.host}:${memcached.port}`], timeout: "3s" },
      }),
    ],
  ];

  describe.each(stores)("%s", (_, configure) => {
    let cache: Cache;

    beforeAll(() => {
      cache = createCache(configure());
    });
    afterAll(async () => {
      await cache.close();
    });

    it("hands out entries with version and end, by which they can be compared and set", async () => {
      await cache.set("key", "v1", "1h");
      const entry = await cache.getEntry("key");
      expect(entry?.version).toBeGreaterThan(0);
      expect(Math.abs(Number(entry?.ttl) - 3_600_000)).toBeLessThan(5_000);
      expect(Math.abs(Number(await cache.ttl("key")) - 3_600_000)).toBeLessThan(5_000);
      expect((await cache.compareAndSet("key", entry?.version ?? 0, "v2")).ok).toBe(true);
      expect((await cache.compareAndSet("key", entry?.version ?? 0, "late")).ok).toBe(false);
      expect(await cache.getSet("key", "v3")).toBe("v2");
      expect(await cache.update<string>("key", (value) => `${value}!`)).toBe("v3!");
      expect(await cache.get("key")).toBe("v3!");
    });

    it("keeps a century, for ever, and a millisecond", async () => {
      await cache.setMulti({ century: 1, ever: 1 }, CENTURY_MS);
      await cache.set("ever", 1, Number.POSITIVE_INFINITY);
      expect(Number(await cache.ttl("ever"))).toBe(Number.POSITIVE_INFINITY);
      expect(Number(await cache.ttl("century")) / CENTURY_MS).toBeCloseTo(1, 6);
      expect(await cache.expire("ever", CENTURY_MS)).toBe(true);
      expect(Number(await cache.ttl("ever")) / CENTURY_MS).toBeCloseTo(1, 6);
      expect(await cache.expire("century", Number.POSITIVE_INFINITY)).toBe(true);
      expect(Number(await cache.ttl("century"))).toBe(Number.POSITIVE_INFINITY);
      await cache.set("moment", 1, 1);
      await expect.poll(() => cache.get("moment")).toBeUndefined();
    });

    it("keeps keys apart that could be taken for each other or for commands", async () => {
      await cache.setMulti(new Map(ODD_KEYS.map((key, index) => [key, index])));
      const found = await cache.getMulti(ODD_KEYS);
      expect(ODD_KEYS.map((key) => found.get(key))).toEqual(ODD_KEYS.map((_, index) => index));
      for (const [index, key] of ODD_KEYS.entries()) expect(await cache.get(key)).toBe(index);
      expect(await cache.deleteMulti(ODD_KEYS)).toBe(ODD_KEYS.length);
    });

    it("does nothing for batches of nothing", async () => {
      await cache.setMulti({});
      expect((await cache.getMulti([])).size).toBe(0);
      expect(await cache.deleteMulti([])).toBe(0);
    });
  });
});
