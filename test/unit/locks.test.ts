import { describe, expect, it } from "vitest";
import { openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
];

describe.each(stores)("lock on %s", (_name, open) => {
  it("is held by one at a time, with tokens that never go back", async () => {
    const { cache } = open();
    const first = await cache.lock("l", { ttl: "1s" });
    await expect(cache.lock("l", { ttl: "1s" })).rejects.toMatchObject({
      name: "LockNotAcquiredError",
      code: "GCX_LOCK_NOT_ACQUIRED",
    });
    expect(await first.release()).toBe(true);
    const second = await cache.lock("l", { ttl: "1s" });
    expect(second.token).toBeGreaterThan(first.token);
    await second.release();
  });

  it("stays apart from entries of the same key, also when the cache is cleared", async () => {
    const { cache } = open();
    const lock = await cache.lock("k", { ttl: "1s" });
    expect(await cache.exists("k")).toBe(false);
    await cache.clear();
    await expect(cache.lock("k", { ttl: "1s" })).rejects.toMatchObject({ code: "GCX_LOCK_NOT_ACQUIRED" });
    await lock.release();
  });

  it("aborts its signal before the lease can end, and is free afterwards", async () => {
    const { cache, time } = open();
    const lock = await cache.lock("l", { ttl: 1_000 });
    expect(lock.validUntil - time.clock.monotonicMs()).toBeLessThan(1_000);
    await time.advanceAsync(987);
    expect(lock.signal.aborted).toBe(false);
    await time.advanceAsync(2);
    expect(lock.signal.aborted).toBe(true);
    await expect(lock.extend()).rejects.toMatchObject({ name: "LockLostError" });
    expect(await lock.release()).toBe(false);
    await time.advanceAsync(11);
    await (await cache.lock("l", { ttl: 1_000 })).release();
  });

  it("can be extended for as long as it is held", async () => {
    const { cache, time } = open();
    const lock = await cache.lock("l", { ttl: 1_000 });
    for (let round = 0; round < 5; round += 1) {
      await time.advanceAsync(900);
      await lock.extend();
    }
    expect(lock.signal.aborted).toBe(false);
    await lock.extend("10s");
    await time.advanceAsync(9_000);
    expect(lock.signal.aborted).toBe(false);
    await expect(cache.lock("l", { ttl: 1 })).rejects.toMatchObject({ code: "GCX_LOCK_NOT_ACQUIRED" });
    await lock.release();
  });

  it("wakes waiters in the order they came when it is released", async () => {
    const { cache } = open();
    const order: number[] = [];
    const first = await cache.lock("l", { ttl: "1m" });
    const waiters = [1, 2, 3].map(async (number) => {
      const lock = await cache.lock("l", { ttl: "1m", wait: "1m" });
      order.push(number);
      await lock.release();
    });
    await settle();
    expect(order).toEqual([]);
    await first.release();
    await Promise.all(waiters);
    expect(order).toEqual([1, 2, 3]);
  });

  it("goes to a waiter when the holder's lease ends", async () => {
    const { cache, time } = open();
    await cache.lock("l", { ttl: 1_000 });
    const waiting = cache.lock("l", { ttl: 1_000, wait: "5s" });
    for (let round = 0; round < 12; round += 1) await time.advanceAsync(100);
    await (await waiting).release();
  });

  it("lets a waiter go after its waiting time, or when its signal is aborted", async () => {
    const { cache, time } = open();
    const holder = await cache.lock("l", { ttl: "1m" });
    const hasty = cache.lock("l", { ttl: 100, wait: 500 });
    const aborting = new AbortController();
    const aborted = cache.lock("l", { ttl: 100, wait: "1m", signal: aborting.signal });
    const patient = cache.lock("l", { ttl: "1m", wait: "1m" });
    const hastyEnds = expect(hasty).rejects.toMatchObject({ code: "GCX_LOCK_NOT_ACQUIRED", waitedMs: 500 });
    const abortedEnds = expect(aborted).rejects.toThrow("left");
    await settle();
    aborting.abort(new Error("left"));
    await abortedEnds;
    for (let round = 0; round < 6; round += 1) await time.advanceAsync(100);
    await hastyEnds;
    await holder.release();
    await (await patient).release();
    expect(time.pendingCount()).toBe(0);
  });

  it("needs a ttl above 0 that ends, for the lock and for its extension", async () => {
    const { cache } = open();
    await expect(cache.lock("l", {} as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_TTL" });
    await expect(cache.lock("l", undefined as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_TTL" });
    for (const ttl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, "soon", false]) {
      await expect(cache.lock("l", { ttl: ttl as number })).rejects.toMatchObject({ code: "GCX_ARGUMENT_TTL" });
    }
    const lock = await cache.lock("l", { ttl: "1s" });
    await expect(lock.extend(Number.POSITIVE_INFINITY)).rejects.toMatchObject({ code: "GCX_ARGUMENT_TTL" });
    expect(await lock.release()).toBe(true);
  });
});

describe("lock on a remote store", () => {
  it("lets only the first in line ask the store, and hands the place on when it leaves", async () => {
    const { cache, store, time } = openRemoteCache();
    const elsewhere = store.openSecond();
    await elsewhere.lease!({ kind: "acquire", key: "l", owner: "elsewhere", ttlMs: 60_000 }, {});
    let asked = 0;
    const counted = store.lease!;
    Object.assign(store, {
      lease: (...parameters: Parameters<typeof counted>) => {
        asked += 1;
        return counted(...parameters);
      },
    });
    const hasty = expect(cache.lock("l", { ttl: 1_000, wait: 300 })).rejects.toMatchObject({ waitedMs: 300 });
    const patient = cache.lock("l", { ttl: 1_000, wait: "1m" });
    await settle();
    expect(asked).toBe(1);
    await elsewhere.lease!({ kind: "release", key: "l", owner: "elsewhere" }, {});
    await elsewhere.lease!({ kind: "acquire", key: "l", owner: "elsewhere", ttlMs: 320 }, {});
    await time.advanceAsync(300);
    await hasty;
    await time.advanceAsync(250);
    expect((await patient).token).toBeGreaterThan(0);
  });

  it("gives back a lease that was granted after the caller had left", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const aborting = new AbortController();
    const held = store.hold("lease", { calls: 1, at: "reply" });
    const taking = cache.lock("l", { ttl: "1m", signal: aborting.signal });
    await held.arrived();
    aborting.abort(new Error("left"));
    held.release();
    await expect(taking).rejects.toThrow("left");
    await (await cache.lock("l", { ttl: "1m" })).release();
  });
});
