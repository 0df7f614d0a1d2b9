import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { type MiddleKind, readPastMemory, startThreeTiers, type ThreeTiers } from "./support/three-tiers.ts";

/** `maxStaleness` of the caches. */
const D = 1_000;

/** Waits until the middle tier answers for a key: its shard is proven then, and its copy is there. */
async function settle(cache: Cache, key: string, tier: string): Promise<void> {
  await expect.poll(async () => (await readPastMemory(cache, key))[0], { timeout: 5_000, interval: 10 }).toBe(tier);
}

describe.each<MiddleKind>(["redis", "memcached"])("a cache with %s between memory and the last tier", (kind) => {
  let tiers: ThreeTiers;

  beforeAll(async () => {
    tiers = await startThreeTiers(kind);
  });
  afterAll(() => tiers.stop());
  afterEach(async () => {
    tiers.proxy.heal();
    await tiers.closeCaches();
    await tiers.last.send("FLUSHALL");
  });

  /** How many reads of entries the last tier answered meanwhile. */
  async function countLastReads(run: () => Promise<unknown>): Promise<number> {
    const count = async (): Promise<number> => {
      const stats = await tiers.last.send("INFO", "commandstats");
      return Number(/cmdstat_mget:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    const before = await count();
    await run();
    return (await count()) - before;
  }

  it("reads from it what memory has no room for, without the last tier, equal in value, version, tags and end", async () => {
    const cache = tiers.open();
    const value = {
      at: new Date(5),
      big: 10n ** 30n,
      set: new Set([1, null]),
      bytes: new Uint8Array([1, 2]),
      none: undefined,
    };
    await cache.set("k", value, { ttl: "1m", tags: ["t"] });
    await cache.get("k");
    const first = await cache.getEntry("k");
    await settle(cache, "k", tiers.middleName);
    await settle(cache, "something else", tiers.middleName);
    const reads = await countLastReads(async () => {
      for (let count = 0; count < 20; count += 1)
        expect(await readPastMemory(cache, "k")).toEqual([tiers.middleName, value]);
    });
    // Now and then heads are asked for.
    expect(reads).toBeLessThan(5);
    await cache.getOrSet("something else", () => 1);
    const entry = await cache.getEntry("k");
    expect(entry).toMatchObject({ tier: tiers.middleName, version: first?.version, tags: ["t"] });
    expect(Math.abs((entry?.ttl ?? 0) - (first?.ttl ?? 0))).toBeLessThan(5_000);
    const [near, middle, last] = cache.stats().tiers;
    expect([near?.name, middle?.name, last?.name]).toEqual(["memory", tiers.middleName, "redis"]);
    expect(middle?.copies?.hits).toBeGreaterThanOrEqual(20);
    expect(middle?.copies?.failures).toBe(0);
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["zero", 0],
    ["an empty text", ""],
    ["no", false],
    ["a text", "é\u{1F600}"],
    ["much", "x".repeat(100_000)],
  ])("has %s as it was", async (_, value) => {
    const cache = tiers.open();
    await cache.set("k", value);
    await settle(cache, "k", tiers.middleName);
    expect(await readPastMemory(cache, "k")).toEqual([tiers.middleName, value]);
  });

  it("keeps in it what another process has read, for those who have followed the shard", async () => {
    const [reader, other] = [tiers.open(), tiers.open()];
    await other.set("k", "first");
    await settle(reader, "k", tiers.middleName);
    await other.set("k", "second");
    // Whoever reads first puts the copy for all.
    await expect
      .poll(async () => readPastMemory(other, "k"), { timeout: 5_000, interval: 10 })
      .toEqual([tiers.middleName, "second"]);
    await expect
      .poll(async () => readPastMemory(reader, "k"), { timeout: 5_000, interval: 10 })
      .toEqual([tiers.middleName, "second"]);
  });

  it.each<[string, (cache: Cache) => Promise<unknown>, unknown]>([
    ["a write", (cache) => cache.set("k", "new", { tags: ["t"] }), "new"],
    ["a delete", (cache) => cache.delete("k"), undefined],
    ["an invalidation of its tag", (cache) => cache.invalidateTags(["t"]), undefined],
    ["a clear", (cache) => cache.clear(), undefined],
    ["a new end", (cache) => cache.expire("k", 1), undefined],
  ])("sees its own change at once, and another process's within the bound: %s", async (_, change, expected) => {
    const [writer, reader] = [tiers.open(), tiers.open()];
    await writer.set("k", "old", { tags: ["t"] });
    await settle(writer, "k", tiers.middleName);
    await settle(reader, "k", tiers.middleName);
    await change(writer);
    const changedAtMs = performance.now();
    if (expected === undefined) await delay(5);
    expect((await readPastMemory(writer, "k"))[1]).toBe(expected);
    let hasSeen = false;
    while (performance.now() < changedAtMs + D + 200) {
      const [, value] = await readPastMemory(reader, "k");
      if (value === expected) hasSeen = true;
      // Nobody goes back.
      else expect([value, hasSeen]).toEqual(["old", false]);
      await delay(5);
    }
    expect(hasSeen).toBe(true);
    expect((await readPastMemory(writer, "k"))[1]).toBe(expected);
  });

  it("is not older than a receipt that it is given", async () => {
    const [writer, reader] = [tiers.open(), tiers.open()];
    await writer.set("k", 0);
    await settle(reader, "k", tiers.middleName);
    for (let round = 1; round <= 30; round += 1) {
      const receipt = await writer.set("k", round);
      await reader.getOrSet("something else", () => 1);
      expect(await reader.get("k", { after: receipt })).toBe(round);
    }
  });

  it("answers a batch with one round trip for each tier", async () => {
    const cache = tiers.open();
    const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
    await cache.setMulti(keys.map((key, index) => [key, index] as const));
    const all = new Map(keys.map((key, index) => [key, index]));
    // The first ones make the shards known, and the copies.
    await expect
      .poll(
        async () => {
          const before = cache.stats().tiers[1]?.copies?.hits ?? 0;
          expect(await cache.getMulti(keys)).toEqual(all);
          return (cache.stats().tiers[1]?.copies?.hits ?? 0) - before;
        },
        { timeout: 5_000, interval: 50 },
      )
      .toBeGreaterThan(45);
    if (tiers.middle === undefined) return;
    const count = async (): Promise<number> =>
      Number(/cmdstat_mget:calls=(\d+)/.exec((await tiers.middle?.send("INFO", "commandstats")) ?? "")?.[1] ?? 0);
    const before = await count();
    expect(await cache.getMulti(keys)).toEqual(all);
    expect((await count()) - before).toBe(1);
  });

  it("loads through it, and finds what was loaded, also that there is none", async () => {
    const cache = tiers.open();
    let loads = 0;
    const load = () =>
      cache.getOrSet("k", () => {
        loads += 1;
        return { loaded: loads };
      });
    expect(await load()).toEqual({ loaded: 1 });
    await settle(cache, "k", tiers.middleName);
    await cache.getOrSet("something else", () => 1);
    expect(await load()).toEqual({ loaded: 1 });
    const none = () => cache.getOrSet("none", () => undefined, { negativeTtl: "1m" });
    expect(await none()).toBeNull();
    for (let round = 0; round < 20; round += 1) {
      await cache.getOrSet("something else", () => 1);
      expect(await none()).toBeNull();
      await delay(5);
    }
    expect(cache.stats().loads).toBe(3);
  });

  it("goes on when it has been restarted empty", async () => {
    const cache = tiers.open({}, { timeout: "50ms" });
    await cache.set("k", "v");
    await settle(cache, "k", tiers.middleName);
    await tiers.restartMiddle();
    expect((await readPastMemory(cache, "k"))[1]).toBe("v");
    await expect
      .poll(async () => readPastMemory(cache, "k"), { timeout: 20_000, interval: 50 })
      .toEqual([tiers.middleName, "v"]);
  }, 30_000);

  it("passes it over while it hangs, tells of it, and comes back to it", async () => {
    const cache = tiers.open(
      { loading: { breakerFailures: 3, breakerMinPause: "100ms", breakerMaxPause: "200ms" } },
      { timeout: "30ms" },
    );
    const told: string[] = [];
    cache.on("breaker", ({ backend, state }) => told.push(`${backend} ${state}`));
    await cache.set("k", "v");
    await settle(cache, "k", tiers.middleName);
    expect((await cache.health()).status).toBe("up");
    tiers.proxy.set({ blackHolesReplies: true });
    for (let round = 0; round < 10; round += 1) {
      const startedAtMs = performance.now();
      expect(await readPastMemory(cache, "k")).toEqual(["redis", "v"]);
      expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    }
    expect(told[0]).toBe(`${tiers.middleName} open`);
    const health = await cache.health();
    expect(health.status).toBe("degraded");
    expect(health.checks.find(({ status }) => status !== "up")?.message).toContain(`The tier ${tiers.middleName}`);
    tiers.proxy.heal();
    await settle(cache, "k", tiers.middleName);
    await expect.poll(async () => (await cache.health()).status, { timeout: 5_000, interval: 50 }).toBe("up");
  }, 20_000);

  it("opens, and answers, when it was never there", async () => {
    await tiers.proxy.goDown();
    try {
      const cache = tiers.open({}, { timeout: "30ms" });
      await cache.ready();
      await cache.set("k", "v");
      expect(await readPastMemory(cache, "k")).toEqual(["redis", "v"]);
      expect((await cache.health()).status).toBe("degraded");
    } finally {
      await tiers.proxy.comeUp();
    }
  });

  it("serves nothing from it when the last tier has lost everything", async () => {
    const cache = tiers.open();
    await cache.set("k", "v");
    await settle(cache, "k", tiers.middleName);
    await tiers.last.send("FLUSHALL");
    const lostAtMs = performance.now();
    let hasSeen = false;
    while (performance.now() < lostAtMs + D + 300) {
      const [tier, value] = await readPastMemory(cache, "k");
      if (value === undefined) hasSeen = true;
      else expect([tier, value, hasSeen]).toEqual([tiers.middleName, "v", false]);
      await delay(5);
    }
    expect(hasSeen).toBe(true);
    expect(await readPastMemory(cache, "k")).toEqual([undefined, undefined]);
  });

  it("has put what waits when it is closed", async () => {
    const cache = tiers.open();
    const reader = tiers.open();
    await cache.set("k", "v0");
    await settle(reader, "k", tiers.middleName);
    await cache.set("k", "v1");
    await cache.close();
    await expect
      .poll(async () => readPastMemory(reader, "k"), { timeout: 5_000, interval: 10 })
      .toEqual([tiers.middleName, "v1"]);
  });
});
