import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createCache, createSharedMemory } from "../../src/index.ts";
import { openMemoryCache, openRemoteCache } from "../support/open-cache.ts";

describe("a sliding TTL", () => {
  it("starts anew with each read, by get, peek, getMulti and getOrSet, and ends the entry when nobody reads it", async () => {
    const { cache, time } = openMemoryCache();
    await cache.set("session", 1, { ttl: "1m", sliding: true });
    const reads = [
      () => cache.get("session"),
      () => cache.peek("session"),
      async () => (await cache.getMulti(["session"])).get("session"),
      () => cache.getOrSet("session", () => 2),
    ];
    for (const read of reads) {
      time.advance(50_000);
      expect(await read()).toBe(1);
    }
    time.advance(60_000);
    expect(await cache.get("session")).toBeUndefined();
  });

  it("may be a namespace's default, which a call overrides", async () => {
    const { cache, time } = openMemoryCache();
    const sessions = cache.namespace("sessions", { ttl: "1m", sliding: true });
    await sessions.set("a", 1);
    await sessions.set("b", 1, { sliding: false });
    time.advance(50_000);
    expect([await sessions.get("a"), await sessions.get("b")]).toEqual([1, 1]);
    time.advance(50_000);
    expect([await sessions.get("a"), await sessions.get("b")]).toEqual([1, undefined]);
  });

  it("is kept by update and increment, and ended by expire and by a write without one", async () => {
    const { cache, time } = openMemoryCache();
    await cache.set("n", 1, { ttl: "1m", sliding: true });
    await cache.update<number>("n", (current = 0) => current + 1);
    await cache.increment("n");
    for (let read = 0; read < 3; read += 1) {
      time.advance(50_000);
      expect(await cache.get("n")).toBe(3);
    }
    await cache.expire("n", "1m");
    time.advance(50_000);
    expect(await cache.get("n")).toBe(3);
    time.advance(10_000);
    expect(await cache.get("n")).toBeUndefined();
  });

  it("is refused where the store cannot renew one, and as a wrong type", async () => {
    const remote = openRemoteCache();
    await expect(remote.cache.set("a", 1, { ttl: 5, sliding: true })).rejects.toMatchObject({
      code: "GCX_OPERATION_UNSUPPORTED",
    });
    const { cache } = openMemoryCache();
    await expect(cache.set("a", 1, { sliding: 1 as never })).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION" });
  });
});

describe("resize", () => {
  it("evicts at once what is above the new bounds, and lets the store grow again", async () => {
    const { cache } = openMemoryCache({ maxKeys: 100 });
    for (let id = 0; id < 100; id += 1) await cache.set(`k${id}`, id);
    cache.resize({ maxKeys: 10 });
    expect(cache.stats()).toMatchObject({ keyCount: 10, evictions: 90 });
    cache.resize({ maxKeys: false });
    for (let id = 0; id < 100; id += 1) await cache.set(`k${id}`, id);
    expect(cache.stats().keyCount).toBe(100);
  });

  it("weighs what is stored when it gets its first bound in bytes", async () => {
    const { cache } = openMemoryCache();
    for (let id = 0; id < 50; id += 1) await cache.set(`k${id}`, "x".repeat(1_000));
    const unbounded = cache.stats().memoryUsage;
    expect(unbounded).toBeGreaterThan(50_000);
    cache.resize({ maxSize: "1GB" });
    expect(Math.abs(cache.stats().memoryUsage - unbounded)).toBeLessThan(1_000);
    cache.resize({ maxSize: "20KB" });
    expect(cache.stats().memoryUsage).toBeLessThanOrEqual(20 * 1_024);
    expect(cache.stats().keyCount).toBeGreaterThan(10);
  });

  it.each([
    [{ maxKeys: 0 }],
    [{ maxKeys: 1.5 }],
    [{ maxSize: 10 }],
    [{ maxSize: "lots" }],
    [{ keys: 1 }],
    [5],
    [undefined],
  ])("refuses %j", (bounds) => {
    const { cache } = openMemoryCache();
    expect(() => cache.resize(bounds as never)).toThrow(expect.objectContaining({ code: "GCX_ARGUMENT_OPTION" }));
  });

  it("is for stores with bounds, and not for closed ones", async () => {
    expect(() => openRemoteCache().cache.resize({ maxKeys: 1 })).toThrow(
      expect.objectContaining({ code: "GCX_OPERATION_UNSUPPORTED" }),
    );
    const { cache } = openMemoryCache();
    await cache.close();
    expect(() => cache.resize({ maxKeys: 1 })).toThrow(expect.objectContaining({ code: "GCX_CACHE_CLOSED" }));
  });
});

describe("memory.weigher", () => {
  it("decides alone what an entry counts, and is shown the key as the caller knows it", async () => {
    const keys: string[] = [];
    const weigher = (value: unknown, key: string): number => {
      keys.push(key);
      return (value as number[]).length * 1_024;
    };
    const cache = createCache({ memory: { maxSize: "10KB", weigher } });
    await cache.namespace("shop").set("a", [1, 2]);
    await cache.set("@b", [1, 2, 3]);
    expect(keys).toEqual(["a", "@b"]);
    expect(cache.stats().memoryUsage).toBe(5 * 1_024);
    await expect(cache.set("c", new Array(11).fill(0))).rejects.toMatchObject({ code: "GCX_ENTRY_TOO_LARGE" });
    expect(cache.stats().keyCount).toBe(2);
    await cache.close();
  });

  it("fails the write, and nothing else, when it throws or answers nonsense", async () => {
    const answers: unknown[] = [1, Number.NaN, -1, "1"];
    const cache = createCache({ memory: { weigher: () => answers.shift() as number } });
    await cache.set("a", 1);
    for (let attempt = 0; attempt < 3; attempt += 1)
      await expect(cache.set("a", 2)).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION" });
    expect(await cache.get("a")).toBe(1);
    await cache.close();
  });
});

describe("memory.storage shared", () => {
  it("is one cache for all who have the same memory", async () => {
    const shared = createSharedMemory({ maxSize: "4MB" });
    const memory = { storage: "shared", shared } as const;
    const [one, two] = [createCache({ memory }), createCache({ memory })];
    await one.set("a", { since: new Date(5) }, { tags: ["t"] });
    expect(await two.get("a")).toEqual({ since: new Date(5) });
    await two.invalidateTags(["t"]);
    expect(await one.get("a")).toBeUndefined();
    await Promise.all([one.close(), two.close()]);
  });

  it("may be a block of a cache of its own", async () => {
    const cache = createCache({ memory: { storage: "shared", maxSize: "2MB", maxKeys: 3 } });
    for (let id = 0; id < 10; id += 1) await cache.set(`k${id}`, id);
    expect(cache.stats().keyCount).toBeLessThanOrEqual(3);
    await cache.close();
  });

  it.each([[{}], [{ maxSize: "1KB" }], [{ maxSize: "x" }], [{ maxSize: "4MB", maxkeys: 1 }], [5]])(
    "is not made of %j",
    (options) => {
      expect(() => createSharedMemory(options as never)).toThrow(
        expect.objectContaining({ code: "GCX_CONFIG_INVALID" }),
      );
    },
  );

  it("refuses what is no shared memory", () => {
    expect(() => createCache({ memory: { storage: "shared", shared: {} as never } })).toThrow(
      expect.objectContaining({ code: "GCX_CONFIG_INVALID" }),
    );
  });
});

describe("dump and load", () => {
  it("carry a namespace over to a cache that starts, with TTLs, sliding ones too, and tags", async () => {
    const old = openMemoryCache();
    const shop = old.cache.namespace("shop");
    await shop.set("forever", { n: 1 });
    await shop.set("session", 1, { ttl: 10_000, sliding: true });
    await shop.set("tagged", 2, { ttl: 5_000, tags: ["t"] });
    const file = new PassThrough();
    const [dumped, fresh] = [shop.dump(file), openMemoryCache()];
    await new Promise((resolve) => setImmediate(resolve));
    old.time.advance(0);
    const loading = fresh.cache.namespace("market").load(file);
    for (const { time } of [old, fresh]) await time.advanceAsync(10);
    expect(await dumped).toMatchObject({ entryCount: 3, skippedCount: 0 });
    expect(await loading).toMatchObject({ entryCount: 3 });
    const market = fresh.cache.namespace("market");
    expect(await market.get("forever")).toEqual({ n: 1 });
    expect((await market.getEntry("tagged"))?.tags).toEqual(["t"]);
    for (let read = 0; read < 3; read += 1) {
      fresh.time.advance(4_000);
      expect(await market.get("session")).toBe(1);
    }
    expect(await market.get("tagged")).toBeUndefined();
  });

  it("do not bring back what was deleted while they ran, nor read as uses", async () => {
    const { cache } = openMemoryCache();
    await cache.set("a", 1);
    const chunks: Uint8Array[] = [];
    await cache.dump({ write: (chunk: Uint8Array) => void chunks.push(chunk) });
    expect(cache.stats().hits).toBe(0);
    await cache.delete("a");
    const release = deferred();
    async function* slowly(): AsyncGenerator<Uint8Array> {
      await release.promise;
      yield* chunks;
    }
    const loading = cache.load(slowly());
    await cache.set("a", 2);
    await cache.delete("a");
    release.resolve(undefined);
    expect(await loading).toMatchObject({ entryCount: 0 });
    expect(await cache.get("a")).toBeUndefined();
  });

  it("are for the memory of this thread", async () => {
    const { cache } = openRemoteCache();
    await expect(cache.dump({ write: () => undefined })).rejects.toMatchObject({ code: "GCX_OPERATION_UNSUPPORTED" });
    await expect(cache.load([])).rejects.toMatchObject({ code: "GCX_OPERATION_UNSUPPORTED" });
  });
});

function deferred(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise((accept) => {
    resolve = accept;
  });
  return { promise, resolve };
}
