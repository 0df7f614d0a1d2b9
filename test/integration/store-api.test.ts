import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { type RedisCluster, startRedisCluster } from "../../scripts/servers/start-redis-cluster.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";

/** What a store cannot do, by the operation that its error names. */
type Refused = ReadonlySet<"invalidateTags" | "clear" | "keys" | "lock" | "transaction" | "ordered versions">;

interface Store {
  readonly name: string;
  readonly refused: Refused;
  config(): CacheConfig;
}

let redis: TestServer[] = [];
let memcached: TestServer[] = [];
let cluster: RedisCluster | undefined;

const at = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
const plain = { consistency: { mode: "plain" } } as const;

const stores: readonly Store[] = [
  { name: "memory", refused: new Set(), config: () => ({}) },
  {
    name: "redis",
    refused: new Set(),
    config: () => ({ backend: "redis", redis: { addresses: redis.slice(0, 1).map(at) } }),
  },
  {
    name: "redis, plain",
    refused: new Set(["invalidateTags", "ordered versions"]),
    config: () => ({ ...plain, backend: "redis", redis: { addresses: redis.slice(0, 1).map(at), db: 3 } }),
  },
  {
    name: "redis cluster",
    refused: new Set(),
    config: () => ({
      backend: "redis",
      redis: { addresses: (cluster as RedisCluster).nodes.slice(0, 2).map(at), cluster: { enabled: true } },
    }),
  },
  {
    name: "sharded redis",
    refused: new Set(),
    config: () => ({ backend: "redis", sharding: { enabled: true, nodes: redis.map(at) } }),
  },
  {
    name: "memcached",
    refused: new Set(["keys", "lock"]),
    config: () => ({ backend: "memcached", memcached: { servers: memcached.slice(0, 1).map(at), timeout: "2s" } }),
  },
  {
    name: "memcached, plain",
    refused: new Set(["invalidateTags", "clear", "keys", "lock"]),
    config: () => ({
      ...plain,
      backend: "memcached",
      memcached: { servers: memcached.slice(0, 1).map(at), timeout: "2s" },
    }),
  },
  {
    name: "two memcacheds",
    refused: new Set(["keys", "lock"]),
    config: () => ({ backend: "memcached", memcached: { servers: memcached.map(at), timeout: "2s" } }),
  },
];

beforeAll(async () => {
  redis = await Promise.all([startRedis(), startRedis()]);
  memcached = await Promise.all([startMemcached(), startMemcached()]);
  cluster = await startRedisCluster({ replicaCount: 0 });
});
afterAll(async () => {
  await Promise.all([...redis, ...memcached].map((server) => server.stop()));
  await cluster?.stop();
});

const codeOf = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};
const UNSUPPORTED = "GCX_OPERATION_UNSUPPORTED";

describe.each(stores)("every method of a cache in $name", ({ name, refused, config }) => {
  let cache: Cache;
  let other: Cache;

  beforeAll(async () => {
    const settings = {
      namespace: `api ${name}`,
      deadlines: { connect: 10_000, read: 5_000, write: 5_000 },
      ...config(),
    };
    cache = createCache(settings);
    // Memory is one process's own: there both are one.
    other = name === "memory" ? cache : createCache(settings);
    await Promise.all([cache.ready(), other.ready()]);
  });
  afterAll(() => Promise.all([cache?.close(), other?.close()]));

  it("set, get, getEntry, exists, ttl, expire, delete", async () => {
    // Without an envelope JSON has no bytes.
    const bytes = name.endsWith("plain") ? [] : [Buffer.from([0, 255])];
    for (const value of [null, 0, "", false, "text", { a: [1, null] }, ...bytes]) {
      const receipt = await cache.set("v", value, "1m");
      expect(await other.get("v")).toEqual(value);
      expect((await other.getEntry("v"))?.version).toBe(receipt.version);
    }
    expect(await other.exists("v")).toBe(true);
    const ttlMs = (await other.ttl("v")) as number;
    expect(Math.abs(ttlMs - 60_000)).toBeLessThan(3_000);
    expect(await cache.expire("v", "1h")).toBe(true);
    expect((await other.ttl("v")) as number).toBeGreaterThan(3_500_000);
    expect(await cache.expire("v", Number.POSITIVE_INFINITY)).toBe(true);
    expect(await other.ttl("v")).toBe(Number.POSITIVE_INFINITY);
    expect(await other.delete("v")).toBe(true);
    expect([await cache.get("v"), await cache.ttl("v"), await cache.delete("v")]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });

  it("setMulti, getMulti, deleteMulti", async () => {
    const items = new Map(Array.from({ length: 300 }, (_, index) => [`m ${index}`, index] as const));
    await cache.setMulti(items, "1m");
    expect(await other.getMulti([...items.keys(), "none"])).toEqual(items);
    expect(await other.deleteMulti([...items.keys(), "none"])).toBe(300);
    expect((await cache.getMulti([...items.keys()])).size).toBe(0);
  });

  it("increment and decrement, also below zero, beyond 2^53 and from both sides", async () => {
    expect(await cache.increment("c", 5)).toBe(5);
    expect(await other.decrement("c", 9)).toBe(-4);
    expect(await cache.get("c")).toBe(-4);
    await Promise.all(Array.from({ length: 60 }, (_, index) => (index % 2 ? cache : other).increment("c")));
    expect(await cache.get("c")).toBe(56);
    expect(await cache.increment("big", 2n ** 60n)).toBe(2n ** 60n);
    expect(await codeOf(() => other.increment("big"))).toBe("GCX_COUNTER_RANGE");
    expect(await other.get("big")).toBe(2n ** 60n);
    expect(await cache.increment("new", 1, { initial: 10, ttl: "1m" })).toBe(11);
    await cache.set("text", "no number");
    expect(await codeOf(() => cache.increment("text"))).toBe("GCX_COUNTER_TYPE");
  });

  it("setNX and getSet, of which one of many wins", async () => {
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? cache : other).setNX("nx", index)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await cache.get("nx")).toBe(won.indexOf(true));
    expect(await cache.getSet("gs", 1)).toBe(undefined);
    expect(await other.getSet("gs", 2)).toBe(1);
    expect(await cache.get("gs")).toBe(2);
  });

  it("compareAndSet and update", async () => {
    const { version } = await cache.set("cas", { n: 1 });
    const first = await other.compareAndSet("cas", version, { n: 2 });
    expect(first.ok).toBe(true);
    expect((await cache.compareAndSet("cas", version, { n: 3 })).ok).toBe(false);
    expect(await cache.get("cas")).toEqual({ n: 2 });
    if (!refused.has("ordered versions")) expect(first.version).toBeGreaterThan(version);
    await cache.set("sum", 0, "1h");
    const add = (from: Cache): Promise<unknown> =>
      from.update<number>("sum", (value = 0) => value + 1, { maxAttempts: 200 });
    await Promise.all(Array.from({ length: 10 }, (_, index) => add(index % 2 ? cache : other)));
    expect(await cache.get("sum")).toBe(10);
    expect((await cache.ttl("sum")) as number).toBeLessThan(3_602_000);
  });

  it("transaction", async () => {
    const keys = name.includes("memcached") ? ["t:{1}"] : ["t:{1}a", "t:{1}b"];
    await cache.setMulti(keys.map((key) => [key, 1] as const));
    const add = (from: Cache): Promise<unknown> =>
      from.transaction(
        keys,
        async (tx) => {
          for (const key of keys) await tx.set(key, ((await tx.get<number>(key)) ?? 0) + 1);
        },
        { maxAttempts: 200 },
      );
    await Promise.all(Array.from({ length: 8 }, (_, index) => add(index % 2 ? cache : other)));
    expect([...(await cache.getMulti(keys)).values()]).toEqual(keys.map(() => 9));
    if (name.includes("memcached"))
      expect(await codeOf(() => cache.transaction(["a", "b"], () => 1))).toBe(UNSUPPORTED);
  });

  it("lock, or a refusal", async () => {
    if (refused.has("lock")) {
      expect(await codeOf(() => cache.lock("l", { ttl: "5s" }))).toBe(UNSUPPORTED);
      return;
    }
    const held = await cache.lock("l", { ttl: "10s", wait: 0 });
    expect(await codeOf(() => other.lock("l", { ttl: "10s", wait: 0 }))).toBe("GCX_LOCK_NOT_ACQUIRED");
    await held.release();
    const next = await other.lock("l", { ttl: "10s", wait: "5s" });
    expect(next.token).toBeGreaterThan(held.token);
    await next.release();
  });

  it("invalidateTags, or a refusal", async () => {
    if (refused.has("invalidateTags")) {
      expect(await codeOf(() => cache.invalidateTags(["t"]))).toBe(UNSUPPORTED);
      expect(await codeOf(() => cache.set("tagged", 1, { tags: ["t"] }))).toBe(UNSUPPORTED);
      return;
    }
    await cache.setMulti({ "tag 1": 1, "tag 2": 2 }, { tags: ["red", "blue"] });
    expect((await other.getEntry("tag 1"))?.tags.toSorted?.() ?? ["blue", "red"]).toEqual(["blue", "red"]);
    await other.invalidateTags(["blue"]);
    expect((await cache.getMulti(["tag 1", "tag 2"])).size).toBe(0);
    await cache.set("tag 1", 3, { tags: ["red", "blue"] });
    expect(await other.get("tag 1")).toBe(3);
  });

  it("getOrSet and getOrSetMulti", async () => {
    expect(await cache.getOrSet("load", () => ({ n: 1 }), { ttl: "1m" })).toEqual({ n: 1 });
    expect(await other.getOrSet("load", () => ({ n: 2 }))).toEqual({ n: 1 });
    const loaded = await cache.getOrSetMulti(["load", "load 2"], (keys) => new Map(keys.map((key) => [key, key])));
    expect([...loaded]).toEqual([
      ["load", { n: 1 }],
      ["load 2", "load 2"],
    ]);
  });

  it("cached and batched", async () => {
    const find = cache.cached(async (id: number) => ({ id }), { key: (id) => `cached ${id}`, ttl: "1m" });
    expect(await find(7)).toEqual({ id: 7 });
    expect(await other.get("cached 7")).toEqual({ id: 7 });
    expect(await find.invalidate(7)).toBe(true);
    expect(await other.exists("cached 7")).toBe(false);
    const asked: string[][] = [];
    const nameOf = cache.batched((keys) => {
      asked.push([...keys]);
      return new Map(keys.map((key) => [key, key.toUpperCase()]));
    });
    await other.set("batched a", "stored");
    expect(await Promise.all(["a", "b", "c", "b"].map((name) => nameOf(`batched ${name}`)))).toEqual([
      "stored",
      "BATCHED B",
      "BATCHED C",
      "BATCHED B",
    ]);
    expect(asked).toEqual([["batched b", "batched c"]]);
    expect(await other.get("batched c")).toBe("BATCHED C");
  });

  it("keys and deleteByPrefix, or a refusal", async () => {
    const list = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const key of cache.keys({ prefix: "list:" })) found.push(key);
      return found.sort();
    };
    if (refused.has("keys")) {
      expect(await codeOf(list)).toBe(UNSUPPORTED);
      expect(await codeOf(() => cache.deleteByPrefix("list:"))).toBe(UNSUPPORTED);
      return;
    }
    const names = ["list:*", "list:?", "list:[a]", "list:\\", "list:ção", "list:{x}"];
    await other.setMulti(names.map((key) => [key, 1] as const));
    await other.set("other", 1);
    expect(await list()).toEqual([...names].sort());
    expect(await cache.deleteByPrefix("list:")).toBe(names.length);
    expect([await list(), await other.get("other")]).toEqual([[], 1]);
  });

  it("namespace and clear, of that namespace alone", async () => {
    const inner = cache.namespace("inner");
    await inner.set("k", 1);
    await cache.set("k", 2);
    expect([await other.namespace("inner").get("k"), await other.get("k")]).toEqual([1, 2]);
    if (refused.has("clear")) {
      expect(await codeOf(() => inner.clear())).toBe(UNSUPPORTED);
      return;
    }
    await other.namespace("inner").clear();
    expect([await inner.get("k"), await cache.get("k")]).toEqual([undefined, 2]);
    await inner.set("k", 3);
    expect(await other.namespace("inner").get("k")).toBe(3);
    await cache.clear();
    expect([await other.get("k"), await other.namespace("inner").get("k")]).toEqual([undefined, undefined]);
  });

  it("stats, health and peek", async () => {
    await cache.set("s", 1);
    await cache.get("s");
    const { hits, sets, tiers } = cache.stats();
    expect(hits > 0 && sets > 0 && tiers.length === 1).toBe(true);
    if (name !== "memory") expect(tiers[0]?.connections).toBeGreaterThan(0);
    const { status, checks } = await cache.health();
    expect(["up", "degraded"]).toContain(status);
    expect(checks.every(({ latencyMs }) => latencyMs >= 0)).toBe(true);
    expect(cache.peek("s")).toBe(name === "memory" ? 1 : undefined);
  });
});
