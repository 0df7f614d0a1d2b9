import { describe, expect, it } from "vitest";
import type { CacheEventMap } from "../../src/events/cache-events.ts";
import { LoaderError } from "../../src/foundation/errors.ts";
import type { Loader } from "../../src/loading/loader.ts";
import { defer, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
];

/** Collects why stale entries were served. */
function reasonsOf({ cache }: TestCache): string[] {
  const reasons: CacheEventMap["stale"]["reason"][] = [];
  cache.on("stale", (event) => reasons.push(event.reason));
  return reasons;
}

/** A cache with "old" under "k", whose TTL of a second was over half a second ago. */
async function openWithOld(open: () => TestCache, options: object): Promise<TestCache> {
  const test = open();
  await test.cache.getOrSet("k", () => "old", { ttl: 1_000, ...options });
  await test.time.advanceAsync(1_500);
  return test;
}

describe.each(stores)("an entry beyond its TTL on %s", (_name, open) => {
  it("stands in when the loader throws, for as long as grace says, and is a miss for every other method", async () => {
    const options = { ttl: 1_000, grace: 10_000 };
    const test = await openWithOld(open, options);
    const reasons = reasonsOf(test);
    const { cache, time } = test;
    const failing = (): never => {
      throw new Error("down");
    };
    expect(await cache.get("k")).toBeUndefined();
    expect(await cache.exists("k")).toBe(false);
    expect(await cache.getMulti(["k"])).toEqual(new Map());
    expect(await cache.setNX("other", 1)).toBe(true);
    expect(await cache.getOrSet("k", failing, options)).toBe("old");
    await time.advanceAsync(9_000);
    expect(await cache.getOrSet("k", failing, options)).toBe("old");
    await time.advanceAsync(1_000);
    await expect(cache.getOrSet("k", failing, options)).rejects.toThrow("down");
    expect(reasons).toEqual(["failed", "failed"]);
    expect((await cache.stats()).staleServed).toBe(2);
  });

  it("does not stand in where the call allows no grace", async () => {
    const { cache } = await openWithOld(open, { grace: 10_000 });
    const failing = (): never => {
      throw new Error("down");
    };
    await expect(cache.getOrSet("k", failing, { grace: false })).rejects.toThrow("down");
    await expect(cache.getOrSet("k", failing, { grace: 10_000, forceFresh: true })).rejects.toThrow("down");
    expect(await cache.getOrSet("k", failing, { grace: 10_000 })).toBe("old");
  });

  it.each([
    ["deleted", ({ cache }: TestCache) => cache.delete("k")],
    ["replaced by a write", ({ cache }: TestCache) => cache.set("k", "new", 1)],
    ["of an invalidated tag", ({ cache }: TestCache) => cache.invalidateTags(["t"])],
    ["of a cleared namespace", ({ cache }: TestCache) => cache.clear()],
    ["deleted by prefix", ({ cache }: TestCache) => cache.deleteByPrefix("k")],
  ])("never comes back once it is %s", async (_what, change) => {
    const options = { grace: 10_000, tags: ["t"] };
    const test = open();
    await test.cache.getOrSet("k", () => "old", { ttl: 1_000, ...options });
    await test.time.advanceAsync(1_500);
    await change(test);
    await test.time.advanceAsync(1_500);
    const failing = (): never => {
      throw new Error("down");
    };
    await expect(test.cache.getOrSet("k", failing, options)).rejects.toThrow("down");
  });

  it("is served at once while one caller loads it anew in the background", async () => {
    const options = { ttl: 1_000, staleWhileRevalidate: 2_000 };
    const test = await openWithOld(open, options);
    const reasons = reasonsOf(test);
    const source = defer<string>();
    let calls = 0;
    const load = (): Promise<string> => {
      calls += 1;
      return source.promise;
    };
    const { cache, time } = test;
    expect(await cache.getOrSet("k", load, options)).toBe("old");
    expect(await cache.getOrSet("k", load, options)).toBe("old");
    await settle();
    source.resolve("new");
    await settle();
    expect(await cache.getOrSet("k", load, options)).toBe("new");
    expect([calls, reasons]).toEqual([1, ["revalidating", "revalidating"]]);
    // Beyond the time for that everybody waits.
    await time.advanceAsync(3_001);
    expect(await cache.getOrSet("k", () => "newer", options)).toBe("newer");
  });

  it("is taken after the soft timeout, and the load goes on in the background", async () => {
    const options = { ttl: 1_000, grace: 10_000, softTimeout: 50 };
    const test = await openWithOld(open, options);
    const reasons = reasonsOf(test);
    const source = defer<string>();
    const waiting = test.cache.getOrSet("k", () => source.promise, options);
    await test.time.advanceAsync(50);
    expect(await waiting).toBe("old");
    source.resolve("new");
    await settle();
    expect(await test.cache.get("k")).toBe("new");
    expect(reasons).toEqual(["slow"]);
  });

  it("is taken when the hard timeout passes", async () => {
    const options = { grace: 10_000, hardTimeout: 200 };
    const { cache, time } = await openWithOld(open, options);
    const waiting = cache.getOrSet("k", () => new Promise<string>(() => undefined), options);
    await time.advanceAsync(200);
    expect(await waiting).toBe("old");
  });

  it("is given to the loader, which may say that it is still right", async () => {
    const options = { ttl: 1_000, grace: 10_000 };
    const { cache, time } = await openWithOld(open, options);
    const seen: unknown[] = [];
    const value = await cache.getOrSet<string>(
      "k",
      (context) => {
        seen.push(context.stale?.value);
        return context.notModified();
      },
      options,
    );
    expect([value, seen]).toEqual(["old", ["old"]]);
    await time.advanceAsync(900);
    expect(await cache.get("k")).toBe("old");
    await time.advanceAsync(200);
    expect(await cache.get("k")).toBeUndefined();
  });

  it("is not given to the background again while its last refresh failed lately", async () => {
    const options = { ttl: 1_000, staleWhileRevalidate: 60_000, errorTtl: 500 };
    const { cache, time } = await openWithOld(open, options);
    let calls = 0;
    const failing = (): never => {
      calls += 1;
      throw new Error("down");
    };
    expect(await cache.getOrSet("k", failing, options)).toBe("old");
    await settle();
    expect(await cache.getOrSet("k", failing, options)).toBe("old");
    await time.advanceAsync(501);
    expect(await cache.getOrSet("k", failing, options)).toBe("old");
    await settle();
    expect(calls).toBe(2);
  });
});

describe.each(stores)("loads that fail or find nothing on %s", (_name, open) => {
  it("fail for errorTtl without a further call, and at once again after a change of the key", async () => {
    const { cache, time } = open();
    let calls = 0;
    const failure = new Error("down");
    const failing = (): never => {
      calls += 1;
      throw failure;
    };
    const options = { errorTtl: 1_000 };
    await expect(cache.getOrSet("k", failing, options)).rejects.toBe(failure);
    await expect(cache.getOrSet("k", failing, options)).rejects.toBe(failure);
    expect(calls).toBe(1);
    await cache.delete("k");
    await expect(cache.getOrSet("k", failing, options)).rejects.toBe(failure);
    expect(calls).toBe(2);
    await time.advanceAsync(1_000);
    await expect(cache.getOrSet("k", failing, options)).rejects.toBe(failure);
    expect(calls).toBe(3);
  });

  it.each<readonly [string, object, Loader<never>]>([
    ["of the call", { tags: ["t"] }, () => Promise.reject(new Error("down"))],
    [
      "of the loader",
      {},
      ({ addTags }) => {
        addTags("t");
        throw new Error("down");
      },
    ],
  ])("are forgotten when a tag %s is invalidated, and no other is", async (_of, tagged, load) => {
    const { cache } = open();
    const options = { errorTtl: 60_000, ...tagged };
    await expect(cache.getOrSet("k", load, options)).rejects.toThrow("down");
    await cache.invalidateTags(["other"]);
    await expect(cache.getOrSet("k", () => "new", options)).rejects.toThrow("down");
    await cache.invalidateTags(["more", "t"]);
    expect(await cache.getOrSet("k", () => "new", options)).toBe("new");
  });

  it("are forgotten when a tag of the data that they should have replaced is invalidated", async () => {
    const options = { errorTtl: 60_000, grace: 60_000 };
    const { cache } = await openWithOld(open, { ...options, tags: ["t"] });
    expect(await cache.getOrSet("k", () => Promise.reject(new Error("down")), options)).toBe("old");
    expect(await cache.getOrSet("k", () => "new", options)).toBe("old");
    await cache.invalidateTags(["t"]);
    expect(await cache.getOrSet("k", () => "new", options)).toBe("new");
  });

  it.each([undefined, null])("keep a known absence (%s) as null for negativeTtl", async (nothing) => {
    const { cache, time } = open();
    let calls = 0;
    const load = (): undefined | null => {
      calls += 1;
      return nothing;
    };
    const options = { ttl: 60_000, negativeTtl: 1_000 };
    expect(await cache.getOrSet("k", load as () => null, options)).toBeNull();
    expect(await cache.getOrSet("k", load as () => null, options)).toBeNull();
    expect(calls).toBe(1);
    await time.advanceAsync(1_000);
    expect(await cache.getOrSet("k", load as () => null, options)).toBeNull();
    expect(calls).toBe(2);
  });

  it("do not keep an absence that a write made wrong while the source was asked", async () => {
    const { cache } = open();
    const source = defer<undefined>();
    const loading = cache.getOrSet("k", () => source.promise, { negativeTtl: 60_000 });
    await settle();
    await cache.delete("k");
    source.resolve(undefined);
    expect(await loading).toBeNull();
    expect(await cache.exists("k")).toBe(false);
  });
});

describe.each(stores)("a live entry on %s", (_name, open) => {
  it("is loaded anew in the background once refreshAhead of its TTL is over", async () => {
    const { cache, time } = open();
    const options = { ttl: 1_000, refreshAhead: 0.8 };
    let calls = 0;
    const load = (): number => {
      calls += 1;
      return calls;
    };
    expect(await cache.getOrSet("k", load, options)).toBe(1);
    await time.advanceAsync(799);
    expect(await cache.getOrSet("k", load, options)).toBe(1);
    await settle();
    expect(calls).toBe(1);
    await time.advanceAsync(1);
    expect(await cache.getOrSet("k", load, options)).toBe(1);
    await settle();
    expect(calls).toBe(2);
    expect(await cache.getOrSet("k", load, options)).toBe(2);
    await time.advanceAsync(500);
    expect(await cache.get("k")).toBe(2);
  });

  it("is refreshed early by chance, the likelier the slower its load and the nearer its end", async () => {
    const { cache, time } = open();
    const options = { ttl: 10_000, earlyRefresh: 1 };
    let calls = 0;
    const slow = async (): Promise<number> => {
      calls += 1;
      await time.advanceAsync(1_000);
      return calls;
    };
    await cache.getOrSet("k", slow, options);
    // At the start the chance is e^-10 a call; a second before the end it is e^-1.
    for (let index = 0; index < 20; index += 1) await cache.getOrSet("k", slow, options);
    await settle();
    expect(calls).toBe(1);
    await time.advanceAsync(9_000);
    for (let index = 0; index < 20 && calls === 1; index += 1) {
      await cache.getOrSet("k", slow, options);
      await settle();
    }
    expect(calls).toBe(2);
  });

  it("is kept when its refresh comes after a newer write", async () => {
    const { cache, time } = open();
    const options = { ttl: 1_000, refreshAhead: 0.5 };
    await cache.getOrSet("k", () => "old", options);
    await time.advanceAsync(600);
    const source = defer<string>();
    expect(await cache.getOrSet("k", () => source.promise, options)).toBe("old");
    await settle();
    await cache.set("k", "written", 60_000);
    source.resolve("late");
    await settle();
    expect(await cache.get("k")).toBe("written");
  });

  it("is refreshed by at most 32 loads at a time, and served meanwhile", async () => {
    const { cache, time } = open();
    const options = { ttl: 1_000, refreshAhead: 0.5 };
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    for (const key of keys) await cache.getOrSet(key, () => "old", options);
    await time.advanceAsync(600);
    const source = defer<string>();
    let calls = 0;
    const load = (): Promise<string> => {
      calls += 1;
      return source.promise;
    };
    for (const key of keys) expect(await cache.getOrSet(key, load, options)).toBe("old");
    await settle();
    expect(calls).toBe(32);
    source.resolve("new");
    await settle();
    expect(await cache.getOrSet("k39", load, options)).toBe("old");
    await settle();
    expect(calls).toBe(33);
  });

  it("may be extended by a loader that finds nothing newer, without a new version", async () => {
    const { cache, time } = open();
    const options = { ttl: 1_000 };
    await cache.getOrSet("k", () => "v", options);
    await time.advanceAsync(900);
    expect(
      await cache.getOrSet<string>("k", (context) => context.notModified(), { ...options, forceFresh: true }),
    ).toBe("v");
    await time.advanceAsync(900);
    expect(await cache.get("k")).toBe("v");
    await expect(cache.getOrSet<string>("none", (context) => context.notModified())).rejects.toMatchObject({
      code: "GCX_LOADER_INVALID",
    });
  });
});

describe.each(stores)("a loader on %s", (_name, open) => {
  it("that asks for its own key is told so, and nobody waits for ever", async () => {
    const { cache } = open();
    const asking = cache.getOrSet("k", () => cache.getOrSet("k", () => "inner"));
    await expect(asking).rejects.toMatchObject({ code: "GCX_LOADER_REENTRANT" });
    expect(await cache.getOrSet("k", () => "later")).toBe("later");
  });

  it("that asks for a key whose loader asks for its own is told so", async () => {
    const { cache } = open();
    const a = (): Promise<string> => cache.getOrSet("b", b);
    const b = (): Promise<string> => cache.getOrSet("a", a);
    await expect(cache.getOrSet("a", a)).rejects.toBeInstanceOf(LoaderError);
  });

  it("may ask for other keys, also those that others load", async () => {
    const { cache } = open();
    const source = defer<string>();
    const other = cache.getOrSet("b", () => source.promise);
    const outer = cache.getOrSet("a", async () => `${await cache.getOrSet("b", () => "unused")}!`);
    await settle();
    source.resolve("b");
    expect(await Promise.all([other, outer])).toEqual(["b", "b!"]);
  });
});

describe("a store without the capability", () => {
  it("refuses grace and staleWhileRevalidate by name", async () => {
    const { cache } = openRemoteCache({ capabilities: { stale: false } });
    for (const option of ["grace", "staleWhileRevalidate"]) {
      await expect(cache.getOrSet("k", () => 1, { [option]: 1_000 })).rejects.toMatchObject({
        code: "GCX_OPERATION_UNSUPPORTED",
        operation: option,
      });
    }
  });

  it("refuses grace together with sliding", async () => {
    const { cache } = openMemoryCache();
    await expect(cache.getOrSet("k", () => 1, { grace: 1_000, sliding: true, ttl: 5 })).rejects.toMatchObject({
      operation: "grace",
    });
  });
});

describe("a breaker between loads and a remote store", () => {
  it("lets them do without a store that does not answer, and asks it again later", async () => {
    const { cache, time, store } = openRemoteCache();
    await cache.ready();
    const states: string[] = [];
    cache.on("breaker", ({ state }) => states.push(state));
    const hold = store.hold("get", { heedsSignal: false });
    for (let index = 0; index < 5; index += 1) {
      const loading = cache.getOrSet(`k${index}`, () => "v");
      await hold.arrived();
      await time.advanceAsync(1_000);
      expect(await loading).toBe("v");
    }
    expect(states).toEqual(["open"]);
    // Nobody waits for the store any more.
    expect(await cache.getOrSet("k9", () => "at once")).toBe("at once");
    hold.release();
    await time.advanceAsync(30_000);
    expect(await cache.getOrSet("k9", () => "stored")).toBe("stored");
    expect(await cache.get("k9")).toBe("stored");
    expect(states).toEqual(["open", "half-open", "closed"]);
  });
});

describe("a breaker and callers who have less time than the cache gives its store", () => {
  it("opens when the store does not answer within the cache's own deadline, and not before", async () => {
    const { cache, time, store } = openRemoteCache();
    await cache.ready();
    const states: string[] = [];
    cache.on("breaker", ({ state }) => states.push(state));
    const hold = store.hold("get", { heedsSignal: false });
    const options = { softTimeout: 100, ttl: 1_000 };
    for (let index = 0; index < 5; index += 1) {
      const loading = cache.getOrSet(`k${index}`, () => "v", options);
      await hold.arrived();
      await time.advanceAsync(100);
      expect(await loading).toBe("v");
    }
    await time.advanceAsync(300);
    expect(states).toEqual([]);
    await time.advanceAsync(700);
    expect(states).toEqual(["open"]);
  });

  it("stays closed when the store answers later than they wait, but within that deadline", async () => {
    const { cache, time, store } = openRemoteCache();
    await cache.ready();
    const states: string[] = [];
    cache.on("breaker", ({ state }) => states.push(state));
    for (let index = 0; index < 10; index += 1) {
      const hold = store.hold("get", { heedsSignal: false });
      const loading = cache.getOrSet(`k${index}`, () => "v", { softTimeout: 100 });
      await hold.arrived();
      await time.advanceAsync(100);
      expect(await loading).toBe("v");
      hold.release();
      await time.advanceAsync(50);
    }
    await time.advanceAsync(5_000);
    expect(states).toEqual([]);
  });
});

describe("a hard timeout over a remote store", () => {
  it("leaves the loader half of the time when the store hangs", async () => {
    const { cache, time, store } = openRemoteCache();
    await cache.ready();
    store.hold("get", { heedsSignal: false });
    const waiting = cache.getOrSet("k", () => "v", { hardTimeout: 300 });
    await time.advanceAsync(150);
    expect(await waiting).toBe("v");
  });

  it("ends the call when the store hangs, counted from the call", async () => {
    const { cache, time, store } = openRemoteCache({}, { deadlines: { readMs: 60_000, writeMs: 60_000 } });
    await cache.ready();
    store.hold("get", { heedsSignal: false });
    const waiting = cache.getOrSet("k", () => "v", { hardTimeout: 300 });
    await time.advanceAsync(300);
    await expect(
      Promise.race([waiting.catch((error: Error) => error), settle().then(() => "hangs")]),
    ).resolves.not.toBe("hangs");
  });

  it("gives the loaded value when only the write hangs", async () => {
    const { cache, time, store } = openRemoteCache({}, { deadlines: { readMs: 60_000, writeMs: 60_000 } });
    await cache.ready();
    const writes = store.hold("set", { heedsSignal: false });
    const waiting = cache.getOrSet("k", () => "v", { hardTimeout: 300 });
    await writes.arrived();
    await time.advanceAsync(300);
    expect(await waiting).toBe("v");
    // What arrives late must not outlive a delete.
    await cache.delete("k");
    writes.release();
    await settle();
    expect(await cache.get("k")).toBeUndefined();
  });
});

describe.each(stores)("what a load replaces on %s", (_name, open) => {
  it("is served while it lives and a refresh runs", async () => {
    const { cache, time } = open();
    const options = { ttl: 1_000, refreshAhead: 0.5 };
    await cache.getOrSet("k", () => "live", options);
    await time.advanceAsync(600);
    const { promise, resolve } = defer<string>();
    expect(await cache.getOrSet("k", () => promise, options)).toBe("live");
    await settle();
    expect(await cache.getOrSet("k", () => "second", options)).toBe("live");
    expect(await cache.getOrSet("k", () => "third")).toBe("live");
    resolve("new");
    await settle();
    expect(await cache.getOrSet("k", () => "fourth", options)).toBe("new");
  });

  it("does not stand in once the source has no such thing", async () => {
    const options = { ttl: 1_000, staleWhileRevalidate: 10_000, grace: 10_000 };
    const { cache } = await openWithOld(open, options);
    expect(await cache.getOrSet("k", () => undefined, options)).toBe("old");
    await settle();
    expect(await cache.getOrSet("k", () => undefined, options)).toBeUndefined();
    const failing = (): never => {
      throw new Error("down");
    };
    await expect(cache.getOrSet("k", failing, options)).rejects.toThrow("down");
  });

  it("stands in while a failure is remembered", async () => {
    const options = { ttl: 1_000, grace: 10_000, errorTtl: 5_000 };
    const { cache } = await openWithOld(open, options);
    const failing = (): never => {
      throw new Error("down");
    };
    expect(await cache.getOrSet("k", failing, options)).toBe("old");
    expect(await cache.getOrSet("k", () => "not called", options)).toBe("old");
    const many = await cache.getOrSetMulti(["x", "k"], (keys) => new Map(keys.map((key) => [key, "loaded"])), options);
    expect([...many]).toEqual([
      ["x", "loaded"],
      ["k", "old"],
    ]);
  });

  it("keeps the tags that its own loader gave it when the source says that it is still right", async () => {
    const { cache, time } = open();
    const options = { ttl: 1_000, grace: 10_000 };
    const tagged: Loader<string> = ({ addTags }) => {
      addTags("t");
      return "old";
    };
    await cache.getOrSet("k", tagged, options);
    await time.advanceAsync(1_500);
    expect(await cache.getOrSet("k", ({ notModified }) => notModified(), options)).toBe("old");
    expect(await cache.get("k")).toBe("old");
    await cache.invalidateTags(["t"]);
    expect(await cache.get("k")).toBeUndefined();
  });

  it("does not come back as not modified when one of its tags was invalidated meanwhile", async () => {
    const { cache } = open();
    await cache.getOrSet("k", () => "old", { ttl: 10_000, tags: ["t"] });
    const { promise, resolve } = defer<void>();
    const loading = cache.getOrSet(
      "k",
      async ({ notModified }) => {
        await promise;
        return notModified();
      },
      { ttl: 10_000, forceFresh: true },
    );
    await settle();
    await cache.invalidateTags(["t"]);
    resolve();
    expect(await loading).toBe("old");
    expect(await cache.get("k")).toBeUndefined();
  });

  it("takes tags that come with not modified", async () => {
    const { cache } = open();
    await cache.getOrSet("k", () => "old", { ttl: 10_000 });
    const tagged: Loader<string> = ({ addTags, notModified }) => {
      addTags("t");
      return notModified();
    };
    await cache.getOrSet("k", tagged, { ttl: 10_000, forceFresh: true });
    await cache.invalidateTags(["t"]);
    expect(await cache.get("k")).toBeUndefined();
  });

  it("is not due for a refresh when nobody here knows its TTL", async () => {
    const { cache } = open();
    await cache.set("k", "live", 10_000);
    let loads = 0;
    expect(await cache.getOrSet("k", () => ++loads, { refreshAhead: 0.8 })).toBe("live");
    await settle();
    expect(loads).toBe(0);
  });
});

describe("a store that does not even connect", () => {
  it.each([{ softTimeout: 100 }, { hardTimeout: 200 }])(
    "costs no more than the caller's own bound: %j",
    async (options) => {
      const { cache, store, time } = openRemoteCache();
      store.hold("connect" as never, { heedsSignal: false });
      const loading = cache.getOrSet("k", () => "loaded", options);
      await time.advanceAsync(250);
      expect(await loading).toBe("loaded");
    },
  );
});
