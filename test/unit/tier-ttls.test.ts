import { afterEach, describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";

const MINUTE_MS = 60_000;
const LONG = "1h";

describe("a cache of one tier with a TTL", () => {
  const caches: Cache[] = [];
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
  });
  function open(): Cache {
    const cache = createCache({ tiers: [{ backend: "memory", ttl: "1m" }] });
    caches.push(cache);
    return cache;
  }

  const ways: readonly [string, (cache: Cache) => unknown][] = [
    ["set", (cache) => cache.set("k", 1, LONG)],
    ["set without a TTL", (cache) => cache.set("k", 1)],
    ["setMulti", (cache) => cache.setMulti({ k: 1 }, LONG)],
    ["setNX", (cache) => cache.setNX("k", 1, LONG)],
    ["getSet", (cache) => cache.getSet("k", 1, LONG)],
    ["compareAndSet", (cache) => cache.compareAndSet("k", 0, 1, { ttl: LONG })],
    ["update", (cache) => cache.update("k", () => 1, { ttl: LONG })],
    ["increment", (cache) => cache.increment("k", 1, { ttl: LONG })],
    ["transaction", (cache) => cache.transaction(["k"], (tx) => tx.set("k", 1, LONG))],
    ["getOrSet", (cache) => cache.getOrSet("k", () => 1, { ttl: LONG })],
    [
      "a loader's own TTL",
      (cache) =>
        cache.getOrSet("k", ({ setTtl }) => {
          setTtl(LONG);
          return 1;
        }),
    ],
    ["getOrSetMulti", (cache) => cache.getOrSetMulti(["k"], () => new Map([["k", 1]]), { ttl: LONG })],
    [
      "expire",
      async (cache) => {
        await cache.set("k", 1, 5_000);
        await cache.expire("k", LONG);
      },
    ],
    [
      "a sliding TTL",
      async (cache) => {
        await cache.set("k", 1, { ttl: LONG, sliding: true });
        await cache.get("k");
      },
    ],
    ["a namespace's default", (cache) => cache.namespace("n", { ttl: LONG }).set("k", 1)],
  ];
  it.each(ways)("keeps nothing longer: %s", async (name, write) => {
    const cache = open();
    await write(cache);
    const view = name.includes("namespace") ? cache.namespace("n") : cache;
    const ttl = (await view.ttl("k")) as number;
    expect(ttl).toBeGreaterThan(MINUTE_MS - 5_000);
    // Instants of the wall clock are whole milliseconds.
    expect(ttl).toBeLessThanOrEqual(MINUTE_MS + 2);
  });

  it("keeps nothing longer that comes from a snapshot", async () => {
    const source = createCache();
    caches.push(source);
    await source.set("k", 1, LONG);
    const chunks: Uint8Array[] = [];
    await source.dump({ write: (chunk: Uint8Array) => void chunks.push(chunk) });
    const cache = open();
    await cache.load(chunks);
    expect(await cache.ttl("k")).toBeLessThanOrEqual(MINUTE_MS + 2);
    expect(await cache.dump({ write: () => undefined })).toMatchObject({ entryCount: 1 });
  });

  it("spreads by jitter what wants more than there is", async () => {
    const cache = open();
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    for (const key of keys) await cache.set(key, 1, { ttl: LONG, jitter: 0.5 });
    const ttls = await Promise.all(keys.map((key) => cache.ttl(key)));
    const distinct = new Set(ttls.map((ttl) => Math.round((ttl as number) / 1_000)));
    expect(distinct.size).toBeGreaterThan(3);
    for (const ttl of ttls) expect(ttl).toBeGreaterThan(MINUTE_MS / 2 - 5_000);
  });

  it("keeps data to stand in that would otherwise have had no end", async () => {
    const cache = createCache({ tiers: [{ backend: "memory", ttl: 20 }], loading: { grace: "1m" } });
    caches.push(cache);
    await cache.getOrSet("k", () => "old");
    await expect.poll(() => cache.get("k"), { interval: 5 }).toBeUndefined();
    const failed = cache.getOrSet("k", () => Promise.reject(new Error("away")));
    expect(await failed).toBe("old");
  });
});
