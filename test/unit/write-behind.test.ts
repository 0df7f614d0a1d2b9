import { describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { BackendUnavailableError, EntryTooLargeError, SerializationError } from "../../src/foundation/errors.ts";
import { type BehindTest, openBehind } from "../support/near/open-behind.ts";
import { collect, settle } from "../support/open-cache.ts";

const away = (): BackendUnavailableError => new BackendUnavailableError("map", "set", "away");

/** What the shared store has. */
async function stored({ elsewhere }: BehindTest, key: string): Promise<unknown> {
  return (await elsewhere.get(key, {}))?.value;
}

/** Lets what waits arrive. */
async function arrive({ time }: BehindTest): Promise<void> {
  await time.advanceAsync(0);
  await time.advanceAsync(0);
}

const pendingCount = ({ cache }: BehindTest): number | undefined => cache.stats().pendingWrites;

describe("a write that is written behind", () => {
  it("is answered before the store has it, says so, and is what this process reads", async () => {
    const test = await openBehind();
    const { cache } = test;
    expect(await cache.set("k", { n: 1 }, 60_000)).toMatchObject({ key: "k", version: 0, coherent: false });
    expect(await stored(test, "k")).toBeUndefined();
    expect(pendingCount(test)).toBe(1);
    expect(cache.peek("k")).toEqual({ n: 1 });
    expect(await cache.get("k")).toEqual({ n: 1 });
    expect(await cache.getMulti(["k", "x"])).toEqual(new Map([["k", { n: 1 }]]));
    expect(await cache.getEntry("k")).toMatchObject({
      version: 0,
      tier: "memory",
      tags: [],
      stale: false,
      ttl: 60_000,
    });
    expect(await cache.getOrSet("k", () => "loaded")).toEqual({ n: 1 });
    await arrive(test);
    expect(await stored(test, "k")).toEqual({ n: 1 });
    expect(pendingCount(test)).toBe(0);
    expect(cache.peek("k")).toEqual({ n: 1 });
    expect((await cache.getEntry("k"))?.version).toBeGreaterThan(0);
  });

  it("is read here when no copy has room, as long as it waits", async () => {
    const test = await openBehind();
    await test.cache.set("k", "v");
    test.backend.resize?.({ maxKeys: 1 });
    await test.elsewhere.set("other", { value: 1, ttlMs: 60_000, tags: [] }, {});
    await test.cache.get("other");
    expect(await test.cache.get("k")).toBe("v");
  });

  it("is a delete too, which hides what the store still has", async () => {
    const test = await openBehind();
    const { cache, elsewhere } = test;
    await elsewhere.set("k", { value: "old", ttlMs: 60_000, tags: [] }, {});
    expect(await cache.get("k")).toBe("old");
    expect(await cache.delete("k")).toBe(true);
    expect(await stored(test, "k")).toBe("old");
    expect(await cache.get("k")).toBeUndefined();
    expect(await cache.exists("k")).toBe(false);
    expect(await cache.getMulti(["k"])).toEqual(new Map());
    expect(await cache.deleteMulti(["k", "unknown"])).toBe(0);
    // What is loaded now is newer than the delete, which arrives first.
    expect(await Promise.race([cache.getOrSet("k", () => "loaded"), arrive(test).then(settle)])).toBe("loaded");
    expect(await stored(test, "k")).toBe("loaded");
  });

  it("leaves with others of its turn, in one call", async () => {
    const test = await openBehind();
    const hold = test.store.hold("setMulti");
    await Promise.all([test.cache.set("a", 1), test.cache.set("b", 2), test.cache.setMulti({ c: 3, d: 4 })]);
    await test.time.advanceAsync(0);
    expect(hold.waitingCount()).toBe(1);
    hold.release();
    await arrive(test);
    expect(await stored(test, "d")).toBe(4);
  });

  it("is the last of its key when they wait, and never changed once it has left", async () => {
    const test = await openBehind();
    const { cache, store, time } = test;
    await cache.set("k", 1);
    await cache.set("k", 2);
    const hold = store.hold("setMulti", { calls: 1 });
    await time.advanceAsync(0);
    await hold.arrived();
    await cache.set("k", 3);
    await cache.set("k", 4);
    expect(pendingCount(test)).toBe(2);
    expect(await cache.get("k")).toBe(4);
    const seen: unknown[] = [];
    const next = store.hold("setMulti", { calls: 1 });
    hold.release();
    await next.arrived();
    seen.push(await stored(test, "k"));
    next.release();
    await arrive(test);
    seen.push(await stored(test, "k"));
    expect(seen).toEqual([2, 4]);
  });

  it("goes through, awaited, when as many wait as may, and is not overtaken by what waited", async () => {
    const test = await openBehind({ maxPendingWrites: 2 });
    const { cache } = test;
    const hold = test.store.hold("setMulti", { calls: 1 });
    await cache.set("a", 1);
    await cache.set("b", 1);
    await cache.set("a", 2);
    const { version } = await cache.set("c", 1);
    expect(version).toBeGreaterThan(0);
    expect(await stored(test, "c")).toBe(1);
    await test.time.advanceAsync(0);
    await hold.arrived();
    const overtaken = cache.set("a", 3);
    await settle();
    expect(await stored(test, "a")).toBeUndefined();
    hold.release();
    expect((await overtaken).version).toBeGreaterThan(0);
    expect(await stored(test, "a")).toBe(3);
    const more = cache.setMulti({ d: 1, e: 2, f: 3 });
    await arrive(test);
    await more;
    expect([await stored(test, "d"), await stored(test, "e"), await stored(test, "f")]).toEqual([1, 2, 3]);
  });

  it("has what is left of its TTL when it arrives, and deletes its key when nothing is", async () => {
    const test = await openBehind();
    const { cache, elsewhere, store, time } = test;
    await elsewhere.set("over", { value: "old", ttlMs: 60_000, tags: [] }, {});
    const hold = store.hold("setMulti", { calls: 1 });
    const ttls: number[] = [];
    const real = store.setMulti.bind(store);
    Object.assign(store, {
      setMulti: (...given: Parameters<typeof real>) => {
        ttls.push(...given[0].map(([, { ttlMs }]) => ttlMs));
        return real(...given);
      },
    });
    await cache.set("first", 1);
    await time.advanceAsync(0);
    await hold.arrived();
    await cache.set("k", "v", 1_000);
    await cache.set("over", "v", 100);
    await time.advanceAsync(400);
    expect(await cache.get("over")).toBeUndefined();
    hold.release();
    await arrive(test);
    expect((await elsewhere.get("k", {}))?.expiresAt).toBe(time.clock.wallMs() + 600);
    expect(await stored(test, "over")).toBeUndefined();
    expect(ttls).toEqual([Number.POSITIVE_INFINITY, 600]);
  });

  it("keeps its value as it was when it was written", async () => {
    for (const storage of ["values", "bytes"] as const) {
      const test = await openBehind({ storage, copy: true });
      const value = { n: 1 };
      const bytes = Uint8Array.of(1, 2);
      await test.cache.set("k", value);
      await test.cache.set("b", bytes);
      value.n = 2;
      bytes[0] = 9;
      ((await test.cache.get("k")) as { n: number }).n = 3;
      await arrive(test);
      test.backend.resize?.({ maxKeys: 1 });
      expect(await test.cache.get("k")).toEqual({ n: 1 });
      expect(await test.cache.get("b")).toEqual(Uint8Array.of(1, 2));
    }
  });

  it("does not share bytes with its caller", async () => {
    // Without an envelope, what a serializer hands on is what is stored.
    const serializer = { name: "bytes", encode: (value: unknown) => value as Uint8Array, decode: (b: Uint8Array) => b };
    const test = await openBehind({ storage: "bytes", copy: true, codec: { serializer, hasEnvelope: false } });
    const bytes = Uint8Array.of(1, 2);
    await test.cache.set("b", bytes);
    bytes[0] = 9;
    await arrive(test);
    expect(new Uint8Array((await stored(test, "b")) as Uint8Array)).toEqual(Uint8Array.of(1, 2));
  });

  it("fails at once when its value cannot become bytes", async () => {
    const test = await openBehind({ storage: "bytes" });
    await expect(test.cache.set("k", { f: Symbol("s") })).rejects.toBeInstanceOf(SerializationError);
    expect(pendingCount(test)).toBe(0);
  });
});

describe("what needs the store's answer", () => {
  const answers: readonly [string, (cache: Cache) => Promise<unknown>, unknown][] = [
    ["increment", (cache) => cache.increment("k"), 6],
    ["setNX", (cache) => cache.setNX("k", 1), false],
    ["getSet", (cache) => cache.getSet("k", 1), 5],
    ["compareAndSet", async (cache) => (await cache.compareAndSet("k", 0, 1)).ok, false],
    ["update", (cache) => cache.update<number>("k", (n = 0) => n + 1, { maxAttempts: 1 }), 6],
    [
      "transaction",
      (cache) => cache.transaction(["k"], async (tx) => (await tx.get<number>("k")) ?? 0, { maxAttempts: 1 }),
      5,
    ],
    ["expire", (cache) => cache.expire("k", 1_000), true],
    ["keys", (cache) => collect(cache.keys()), ["k"]],
    ["deleteByPrefix", (cache) => cache.deleteByPrefix("k"), 1],
  ];
  it.each(answers)("lets what waits arrive first: %s", async (_, run, expected) => {
    const test = await openBehind();
    await test.cache.set("k", 5);
    const answer = run(test.cache);
    await arrive(test);
    expect(await answer).toEqual(expected);
    expect(pendingCount(test)).toBe(0);
  });

  it("are tags, namespaces and locks as well", async () => {
    const test = await openBehind();
    const { cache } = test;
    await cache.set("k", 1, { tags: ["t"] });
    const invalidated = cache.invalidateTags(["t"]);
    await arrive(test);
    await invalidated;
    expect(await cache.get("k")).toBeUndefined();
    expect(await stored(test, "k")).toBeUndefined();
    await cache.set("k", 2);
    const cleared = cache.clear();
    await arrive(test);
    await cleared;
    expect(await cache.get("k")).toBeUndefined();
    await cache.set("k", 3);
    const locking = cache.lock("l", { ttl: 10_000 });
    await arrive(test);
    const lock = await locking;
    expect(await stored(test, "k")).toBe(3);
    await cache.set("k", 4);
    const hold = test.store.hold("setMulti");
    const leases = test.store.hold("lease");
    const released = lock.release();
    await arrive(test);
    expect([hold.waitingCount(), leases.waitingCount()]).toEqual([1, 0]);
    hold.release();
    leases.release();
    await released;
    expect(await stored(test, "k")).toBe(4);
  });

  it("is a commit that checks what was read before", async () => {
    const test = await openBehind();
    await test.cache.set("k", 1);
    const write = { value: 2, ttlMs: 60_000, tags: [] };
    const committing = test.backend.commit?.([{ key: "k", version: 0 }], [{ key: "k", write }], {});
    await arrive(test);
    expect(await committing).toEqual({ committed: false, versions: [] });
    expect(await stored(test, "k")).toBe(1);
  });

  it("is a write that all processes are to see", async () => {
    const test = await openBehind();
    await test.cache.set("k", 1);
    const written = test.cache.set("k", 2, { ack: "all" });
    await test.time.advanceAsync(5_000);
    const receipt = await written;
    expect(receipt).toMatchObject({ coherent: true });
    expect(receipt.version).toBeGreaterThan(0);
    expect(await stored(test, "k")).toBe(2);
    const removed = test.cache.set("k", 3, { ttl: 0, ack: "all" });
    await test.time.advanceAsync(5_000);
    expect(await removed).toMatchObject({ coherent: true });
    expect(await stored(test, "k")).toBeUndefined();
  });

  it("fails at once with what the store says, when that takes nothing", async () => {
    const test = await openBehind();
    const hold = test.store.hold("setMulti", { calls: 1 });
    await test.cache.set("k", 1);
    await test.time.advanceAsync(0);
    await hold.arrived();
    const counted = test.cache.increment("k");
    await settle();
    hold.fail(away());
    await expect(counted).rejects.toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE", cause: { message: "away" } });
  });

  it("is the result of a load: one that began before a write is not stored while that waits", async () => {
    const test = await openBehind();
    const { cache, store } = test;
    const token = await store.loadTier.getOrLease("k", { tokenMs: 10_000 }, {});
    await cache.set("k", "written");
    const fill = test.backend.loadTier?.fill(
      "k",
      { token: (token as { token: string }).token, write: { value: "loaded", ttlMs: 60_000, tags: [] } },
      {},
    );
    expect(await fill).toEqual({ stored: false, version: 0 });
    await arrive(test);
    expect(await stored(test, "k")).toBe("written");
  });
});

it("hands on all that the load tier of the shared store can", async () => {
  const { backend, store } = await openBehind();
  const names = Object.keys(store.loadTier).sort();
  expect(names).toEqual(expect.arrayContaining(["getOrLease", "fill", "release"]));
  expect(Object.keys(backend.loadTier ?? {}).sort()).toEqual(names);
});

describe("while the store takes nothing", () => {
  it("what waits is tried again, with pauses that grow, and arrives in its order", async () => {
    const test = await openBehind();
    const { cache, store, time } = test;
    await cache.set("k", 1);
    let attempts = 0;
    let isAway = true;
    for (const operation of ["set", "setMulti"] as const) {
      const real = store[operation].bind(store) as (...given: unknown[]) => unknown;
      Object.assign(store, {
        [operation]: (...given: unknown[]) => {
          attempts += 1;
          if (isAway) throw away();
          return real(...given);
        },
      });
    }
    await time.advanceAsync(10_000);
    expect(attempts).toBeGreaterThan(8);
    expect(attempts).toBeLessThan(40);
    await cache.set("k", 2);
    expect(await cache.health()).toMatchObject({ status: "degraded" });
    expect(await cache.get("k")).toBe(2);
    isAway = false;
    await time.advanceAsync(1_100);
    expect(await stored(test, "k")).toBe(2);
    expect(await cache.health()).toMatchObject({ status: "up" });
  });

  it("what one server keeps from being written keeps nothing else", async () => {
    const test = await openBehind();
    const { cache, store, time } = test;
    const real = { set: store.set.bind(store), setMulti: store.setMulti.bind(store) };
    Object.assign(store, {
      set: (...given: Parameters<typeof real.set>) => {
        if (given[0].startsWith("dead")) throw away();
        return real.set(...given);
      },
      setMulti: (...given: Parameters<typeof real.setMulti>) => {
        if (given[0].some(([key]) => key.startsWith("dead"))) throw away();
        return real.setMulti(...given);
      },
    });
    await cache.setMulti({ dead: 1, alive: 2 });
    await time.advanceAsync(100);
    expect(await stored(test, "alive")).toBe(2);
    await cache.set("later", 3);
    await time.advanceAsync(1_100);
    expect(await stored(test, "later")).toBe(3);
    expect(await cache.get("dead")).toBe(1);
  });

  it("a store that does not answer has as long as a write has", async () => {
    const test = await openBehind();
    const hold = test.store.hold("setMulti", { heedsSignal: false, calls: 1 });
    await test.cache.set("k", 1);
    await test.time.advanceAsync(1_500);
    expect(hold.waitingCount()).toBe(1);
    expect(await stored(test, "k")).toBe(1);
    hold.release();
  });

  it("a store that is slow gets less at a time until it can keep up", async () => {
    const test = await openBehind({ maxPendingWrites: 1_000 });
    const { cache, store, time } = test;
    let runningCount = 0;
    const real = store.set.bind(store);
    const setSlowly = async (items: Parameters<typeof store.setMulti>[0]) => {
      runningCount += items.length;
      await new Promise<void>((resolve) => void time.scheduler.after(runningCount * 10, resolve));
      runningCount -= items.length;
      return Promise.all(items.map(([key, write]) => real(key, write, {})));
    };
    Object.assign(store, {
      setMulti: setSlowly,
      set: async (...[key, write]: Parameters<typeof real>) => (await setSlowly([[key, write]]))[0],
    });
    await cache.setMulti(Array.from({ length: 400 }, (_, index) => [`k${index}`, index] as const));
    await time.advanceAsync(60_000);
    expect(pendingCount(test)).toBe(0);
  });

  it("a value that the store refuses for good ends its key, and is told", async () => {
    const test = await openBehind();
    const { cache, elsewhere, store, unwritten } = test;
    await elsewhere.set("large", { value: "old", ttlMs: 60_000, tags: [] }, {});
    for (const operation of ["set", "setMulti"] as const) {
      const real = store[operation].bind(store) as (...given: unknown[]) => unknown;
      Object.assign(store, {
        [operation]: (...given: unknown[]) => {
          if (JSON.stringify(given[0]).includes("large")) throw new EntryTooLargeError(2, 1);
          return real(...given);
        },
      });
    }
    await cache.setMulti({ small: 1, large: 2 });
    await test.time.advanceAsync(5_000);
    expect(await stored(test, "small")).toBe(1);
    expect(await stored(test, "large")).toBeUndefined();
    expect(unwritten).toMatchObject([{ reason: "refused", setCount: 1, deleteCount: 0 }]);
    expect(pendingCount(test)).toBe(0);
  });
});

describe("close", () => {
  it("writes what waits", async () => {
    const test = await openBehind();
    await test.cache.setMulti({ a: 1, b: 2 });
    await test.cache.delete("c");
    const hold = test.store.hold("setMulti");
    const closed = test.cache.close();
    await test.time.advanceAsync(900);
    hold.release();
    await closed;
    expect([await stored(test, "a"), await stored(test, "b")]).toEqual([1, 2]);
    expect(test.unwritten).toEqual([]);
    expect(test.time.pendingCount()).toBe(0);
  });

  it("tells within its deadline what could not be written", async () => {
    const test = await openBehind();
    const { cache, store, time, unwritten } = test;
    const holds = (["setMulti", "set", "deleteMulti", "delete"] as const).map((operation) =>
      store.hold(operation, { heedsSignal: false }),
    );
    await cache.setMulti({ a: 1, b: 2 });
    await cache.delete("c");
    let isClosed = false;
    const closed = cache.close().then(() => {
      isClosed = true;
    });
    await time.advanceAsync(9_900);
    expect(isClosed).toBe(true);
    await closed;
    expect(unwritten).toMatchObject([{ backend: "map", reason: "closed", setCount: 2, deleteCount: 1 }]);
    for (const hold of holds) hold.release();
    await time.advanceAsync(2_000);
    expect(time.pendingCount()).toBe(0);
  });
});
