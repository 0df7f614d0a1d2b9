import { afterEach, describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { listChanges } from "../../src/config/list-changes.ts";
import { createCache } from "../../src/create-cache.ts";
import { reconfigureCache } from "../../src/reconfigure-cache.ts";

const caches: Cache[] = [];

afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()));
});

function open(config: CacheConfig): Cache {
  const cache = createCache(config);
  caches.push(cache);
  return cache;
}

async function fill(cache: Cache, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await cache.set(`k${index}`, index);
}

describe("a new configuration of a working cache", () => {
  it("sets other bounds at once", async () => {
    const cache = open({ memory: { maxKeys: 100 } });
    await fill(cache, 100);
    expect(reconfigureCache(cache, { memory: { maxKeys: 10 } })).toEqual({ applied: ["memory.maxKeys"], restart: [] });
    expect(cache.stats().keyCount).toBe(10);
    expect(reconfigureCache(cache, { memory: { maxKeys: 50, maxSize: "10MB" } }).applied).toEqual([
      ...["memory.maxKeys", "memory.maxSize"],
    ]);
    await fill(cache, 100);
    expect(cache.stats().keyCount).toBe(50);
    // A field that is gone is its default again.
    expect(reconfigureCache(cache, {}).applied).toEqual(["memory.maxKeys", "memory.maxSize"]);
    await fill(cache, 100);
    expect(cache.stats().keyCount).toBe(100);
  });

  it("chooses victims by another policy, which takes the entries over in their order", async () => {
    const cache = open({ memory: { maxKeys: 4, evictionPolicy: "lru" } });
    await fill(cache, 4);
    await cache.get("k0");
    expect(reconfigureCache(cache, { memory: { maxKeys: 4, evictionPolicy: "fifo" } }).applied).toEqual([
      "memory.evictionPolicy",
    ]);
    // By LRU k1 was the next victim, and it still is; that k2 is read again is nothing to FIFO.
    await cache.get("k2");
    await cache.set("a", 1);
    await cache.set("b", 1);
    expect([...(await cache.getMulti(["k0", "k1", "k2", "k3"])).keys()]).toEqual(["k0", "k3"]);
  });

  it("changes the defaults of calls, also of namespaces that say nothing of their own", async () => {
    const cache = open({ defaultTtl: "1m" });
    const [following, own] = [cache.namespace("a"), cache.namespace("b", { ttl: "5m" })];
    const inner = own.namespace("c");
    await cache.set("before", 1);
    const change = { defaultTtl: "10s", loading: { errorTtl: "1m" } } as const;
    expect(reconfigureCache(cache, change)).toEqual({ applied: ["defaultTtl", "loading.errorTtl"], restart: [] });
    const ttls = await Promise.all(
      [cache, following, own, inner].map(async (view) => {
        await view.set("k", 1);
        return Math.round(((await view.ttl("k")) as number) / 1_000);
      }),
    );
    expect(ttls).toEqual([10, 10, 300, 300]);
    expect(await cache.ttl("before")).toBeGreaterThan(50_000);
    let callCount = 0;
    const fail = (): Promise<never> => {
      callCount += 1;
      return Promise.reject(new Error("down"));
    };
    for (let count = 0; count < 3; count += 1) await own.getOrSet("f", fail).catch(() => undefined);
    expect(callCount).toBe(1);
  });

  it("names what needs a restart, each time, and applies the rest", () => {
    const cache = open({ memory: { maxKeys: 10 } });
    const next: CacheConfig = { namespace: "other", deadlines: { read: 5 }, memory: { maxKeys: 11, copy: false } };
    const restart = ["namespace", "deadlines.read", "memory.copy"];
    expect(reconfigureCache(cache, next)).toEqual({ applied: ["memory.maxKeys"], restart });
    expect(reconfigureCache(cache, next)).toEqual({ applied: [], restart });
    expect(reconfigureCache(cache, { memory: { maxKeys: 11 } })).toEqual({ applied: [], restart: [] });
  });

  it("changes nothing when it is refused", async () => {
    const cache = open({ memory: { maxKeys: 10 } });
    await fill(cache, 10);
    expect(() => reconfigureCache(cache, { memory: { maxKeys: 5 }, tpyo: 1 } as CacheConfig)).toThrow(/tpyo/);
    expect(cache.stats().keyCount).toBe(10);
    expect(() => reconfigureCache(cache.namespace("n"), {})).toThrow(TypeError);
  });

  it("changes the level of a log that is written, and says that one must be begun by a restart", async () => {
    const lines: string[] = [];
    const write = (_fields: object, message: string): void => void lines.push(message);
    const logger = { debug: write, info: write, warn: write, error: write };
    const cache = open({ logging: { logger, level: "warn" } });
    await cache.set("k", 1);
    expect(reconfigureCache(cache, { logging: { logger, level: "debug" } }).applied).toEqual(["logging.level"]);
    await cache.set("k", 2);
    expect(lines).toEqual(["store answered"]);
    expect(reconfigureCache(open({}), { logging: { level: "info", logger } }).restart).toEqual([
      ...["logging.level", "logging.logger"],
    ]);
  });
});

describe("the changes between two configurations", () => {
  it("are paths to what differs", () => {
    const before = { tiers: [{ backend: "memory", size: "1MB" }, { backend: "redis" }], redis: { addresses: ["a:1"] } };
    const after = {
      tiers: [{ backend: "memory", size: "2MB" }, { backend: "redis" }],
      redis: { addresses: ["a:1", "b:1"] },
    };
    expect(listChanges(before, after)).toEqual(["tiers[0].size", "redis.addresses"]);
    expect(listChanges(before, { ...after, tiers: before.tiers.slice(0, 1) })).toContain("tiers");
    expect(listChanges(before, structuredClone(before))).toEqual([]);
  });
});
