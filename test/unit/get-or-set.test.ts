import { describe, expect, it } from "vitest";
import type { CacheEventMap } from "../../src/events/cache-events.ts";
import { BackendUnavailableError, LoaderError } from "../../src/foundation/errors.ts";
import type { LoaderContext } from "../../src/loading/loader.ts";
import { defer, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
];

/** Collects how loads end. */
function outcomesOf({ cache }: TestCache): string[] {
  const outcomes: string[] = [];
  cache.on("load", (event) => outcomes.push(event.outcome));
  return outcomes;
}

describe.each(stores)("getOrSet on %s", (_name, open) => {
  it("loads a missing key once for all concurrent callers and stores the value", async () => {
    const test = open();
    const source = defer<string>();
    let calls = 0;
    const load = (): Promise<string> => {
      calls += 1;
      return source.promise;
    };
    const callers = Array.from({ length: 10 }, () => test.cache.getOrSet("k", load));
    await settle();
    source.resolve("v");
    expect(await Promise.all(callers)).toEqual(Array(10).fill("v"));
    expect(calls).toBe(1);
    expect(await test.cache.get("k")).toBe("v");
    expect(await test.cache.getOrSet("k", load)).toBe("v");
    expect(calls).toBe(1);
  });

  it.each([null, 0, "", false])("stores the value %j and finds it again", async (value) => {
    const { cache } = open();
    let calls = 0;
    const load = (): typeof value => {
      calls += 1;
      return value;
    };
    expect(await cache.getOrSet("k", load)).toBe(value);
    expect(await cache.getOrSet("k", load)).toBe(value);
    expect(calls).toBe(1);
  });

  it("returns undefined from a loader without storing it", async () => {
    const test = open();
    const outcomes = outcomesOf(test);
    expect(await test.cache.getOrSet("k", () => undefined)).toBeUndefined();
    expect(await test.cache.exists("k")).toBe(false);
    expect(outcomes).toEqual(["returned"]);
  });

  it("settles every waiter of a failing loader with the same error, calls it once, and tries again next time", async () => {
    const test = open();
    const outcomes = outcomesOf(test);
    const failure = new Error("source is down");
    let calls = 0;
    const load = async (): Promise<string> => {
      calls += 1;
      await settle();
      if (calls === 1) throw failure;
      return "v";
    };
    const callers = Array.from({ length: 10 }, () => test.cache.getOrSet("k", load));
    const results = await Promise.allSettled(callers);
    expect(results.every((result) => result.status === "rejected" && result.reason === failure)).toBe(true);
    expect(calls).toBe(1);
    expect(await test.cache.getOrSet("k", load)).toBe("v");
    expect(outcomes).toEqual(["failed", "stored"]);
  });

  it("tells listeners of a failed load with a typed error around the loader's own", async () => {
    const { cache } = open();
    const seen: CacheEventMap["load"][] = [];
    cache.on("load", (event) => seen.push(event));
    const failure = new Error("source is down");
    await expect(
      cache.getOrSet("k", () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(seen[0]?.error).toBeInstanceOf(LoaderError);
    expect(seen[0]?.error).toMatchObject({ code: "GCX_LOADER_FAILED", cause: failure });
  });

  it("lets an aborted caller leave at once while the load goes on for the others", async () => {
    const { cache } = open();
    const source = defer<string>();
    const leaving = new AbortController();
    const reason = new Error("navigated away");
    let loaderSignal: AbortSignal | undefined;
    const load = ({ signal }: LoaderContext): Promise<string> => {
      loaderSignal = signal;
      return source.promise;
    };
    const left = cache.getOrSet("k", load, { signal: leaving.signal });
    const stayed = cache.getOrSet("k", load, { signal: new AbortController().signal });
    await settle();
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    expect(loaderSignal?.aborted).toBe(false);
    source.resolve("v");
    expect(await stayed).toBe("v");
  });

  it("aborts the loader when the last caller has left, and the next caller starts anew", async () => {
    const test = open();
    const outcomes = outcomesOf(test);
    const leaving = new AbortController();
    let loaderSignal: AbortSignal | undefined;
    const left = test.cache.getOrSet(
      "k",
      ({ signal }) => {
        loaderSignal = signal;
        return new Promise<string>(() => undefined);
      },
      { signal: leaving.signal },
    );
    await settle();
    leaving.abort();
    await expect(left).rejects.toThrow();
    expect(loaderSignal?.aborted).toBe(true);
    expect(await test.cache.getOrSet("k", () => "v")).toBe("v");
    expect(outcomes).toEqual(["abandoned", "stored"]);
  });

  it("gives up on a hung loader after the hard timeout, and later callers do not wait behind it", async () => {
    const test = open();
    const outcomes = outcomesOf(test);
    let loaderSignal: AbortSignal | undefined;
    const hung = test.cache.getOrSet(
      "k",
      ({ signal }) => {
        loaderSignal = signal;
        return new Promise<string>(() => undefined);
      },
      { hardTimeout: "2s" },
    );
    const verdict = expect(hung).rejects.toMatchObject({ name: "LoaderError", code: "GCX_LOADER_TIMEOUT" });
    await settle();
    await test.time.advanceAsync(1_999);
    expect(loaderSignal?.aborted).toBe(false);
    await test.time.advanceAsync(1);
    await verdict;
    expect(loaderSignal?.aborted).toBe(true);
    expect(await test.cache.getOrSet("k", () => "v")).toBe("v");
    expect(outcomes).toEqual(["timed-out", "stored"]);
  });

  it("ends at 30 s when nothing is said about a timeout", async () => {
    const test = open();
    const hung = test.cache.getOrSet("k", () => new Promise<string>(() => undefined));
    const verdict = expect(hung).rejects.toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
    await settle();
    await test.time.advanceAsync(30_000);
    await verdict;
  });

  it("lets a caller with a shorter hard timeout leave a load that others wait for", async () => {
    const { cache, time } = open();
    const source = defer<string>();
    const patient = cache.getOrSet("k", () => source.promise);
    await settle();
    const hasty = cache.getOrSet("k", () => source.promise, { hardTimeout: 100 });
    const verdict = expect(hasty).rejects.toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
    await settle();
    await time.advanceAsync(100);
    await verdict;
    source.resolve("v");
    expect(await patient).toBe("v");
  });

  const invalidations: ReadonlyArray<readonly [string, (test: TestCache) => Promise<unknown>]> = [
    ["set", ({ cache }) => cache.set("k", "written")],
    ["delete", ({ cache }) => cache.delete("k")],
    ["deleteMulti", ({ cache }) => cache.deleteMulti(["k"])],
    ["setMulti", ({ cache }) => cache.setMulti({ k: "written" })],
    ["setNX", ({ cache }) => cache.setNX("k", "written")],
    ["increment", ({ cache }) => cache.increment("k")],
    ["update", ({ cache }) => cache.update("k", () => "written")],
    ["transaction", ({ cache }) => cache.transaction(["k"], (tx) => tx.delete("k"))],
    ["invalidateTags", ({ cache }) => cache.invalidateTags(["t"])],
    ["clear", ({ cache }) => cache.clear()],
    ["deleteByPrefix", ({ cache }) => cache.deleteByPrefix("k")],
    ["expire to 0", ({ cache }) => cache.expire("k", 0)],
  ];

  it.each(invalidations)(
    "returns an old load's value to its callers but never stores it after %s",
    async (_what, invalidate) => {
      const test = open();
      const outcomes = outcomesOf(test);
      const source = defer<string>();
      const old = test.cache.getOrSet("k", () => source.promise, { tags: ["t"] });
      await settle();
      await invalidate(test);
      const after = await test.cache.get("k");
      source.resolve("old");
      expect(await old).toBe("old");
      expect(await test.cache.get("k")).toEqual(after);
      expect(outcomes).toEqual(["detached"]);
    },
  );

  it.each(invalidations)("starts a new load for a caller that comes after %s", async (_what, invalidate) => {
    const test = open();
    const source = defer<string>();
    const old = test.cache.getOrSet("k", () => source.promise, { tags: ["t"] });
    await settle();
    await invalidate(test);
    const written = await test.cache.get("k");
    const fresh = test.cache.getOrSet("k", () => "new", { tags: ["t"] });
    expect(await fresh).toBe(written ?? "new");
    source.resolve("old");
    expect(await old).toBe("old");
    expect(await test.cache.get("k")).toBe(written ?? "new");
  });

  it("does not store a result whose tag, added by the loader, was invalidated while it ran", async () => {
    const test = open();
    const source = defer<string>();
    const loading = test.cache.getOrSet("k", async (context) => {
      const value = await source.promise;
      context.addTags("late");
      return value;
    });
    await settle();
    await test.cache.invalidateTags(["late"]);
    source.resolve("old");
    expect(await loading).toBe("old");
    expect(await test.cache.exists("k")).toBe(false);
  });

  it("keeps an untouched key's load when other keys change", async () => {
    const test = open();
    const outcomes = outcomesOf(test);
    const source = defer<string>();
    const loading = test.cache.getOrSet("k", () => source.promise, { tags: ["t"] });
    await settle();
    await test.cache.set("other", 1);
    await test.cache.invalidateTags(["other"]);
    await test.cache.deleteByPrefix("x");
    await test.cache.namespace("n").clear();
    source.resolve("v");
    await loading;
    expect(outcomes).toEqual(["stored"]);
  });

  it("honours what the loader says about TTL, tags and storing", async () => {
    const { cache, time } = open();
    await cache.getOrSet("k", (context) => {
      context.setTtl("10s");
      context.addTags("a", "b");
      return 1;
    });
    expect(await cache.getEntry("k")).toMatchObject({ ttl: 10_000, tags: ["a", "b"] });
    await time.advanceAsync(10_000);
    expect(await cache.exists("k")).toBe(false);
    await cache.getOrSet("skipped", (context) => {
      context.skipStore();
      return 1;
    });
    expect(await cache.exists("skipped")).toBe(false);
    await cache.getOrSet("ended", () => 1, { ttl: 0 });
    expect(await cache.exists("ended")).toBe(false);
  });

  it("replaces a live entry when fresh is forced, and shows the loader what it replaces", async () => {
    const { cache } = open();
    const receipt = await cache.set("k", "old");
    let stale: unknown;
    const value = await cache.getOrSet(
      "k",
      (context) => {
        stale = context.stale;
        return "new";
      },
      { forceFresh: true },
    );
    expect(value).toBe("new");
    expect(stale).toEqual({ value: "old", version: receipt.version });
    expect(await cache.get("k")).toBe("new");
  });

  it("does not join a running load when fresh is forced", async () => {
    const { cache } = open();
    const first = defer<string>();
    const joined = cache.getOrSet("k", () => first.promise);
    await settle();
    expect(await cache.getOrSet("k", () => "forced", { forceFresh: true })).toBe("forced");
    first.resolve("first");
    expect(await joined).toBe("first");
    expect(await cache.get("k")).toBe("forced");
  });

  it("leaves no timer behind when a load is over", async () => {
    const { cache, time } = open();
    await cache.getOrSet("k", () => "v");
    await expect(cache.getOrSet("f", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(time.pendingCount()).toBe(0);
  });
});

describe("getOrSet with a sick remote store", () => {
  it("returns the loader's value when the store's read fails, and says so in an event", async () => {
    const { cache, store } = openRemoteCache();
    const errors: string[] = [];
    cache.on("error", (event) => errors.push(event.operation));
    await cache.ready();
    const held = store.hold("get");
    const loading = cache.getOrSet("k", () => "v");
    await held.arrived();
    held.fail(new BackendUnavailableError("map", "get", "away"));
    expect(await loading).toBe("v");
    expect(errors).toEqual(["get"]);
  });

  it("returns the loader's value within one deadline when the store hangs, and asks it for nothing more", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const reads = store.hold("get", { heedsSignal: false });
    const writes = store.hold("set", { heedsSignal: false });
    const loading = cache.getOrSet("k", () => "v");
    await reads.arrived();
    await time.advanceAsync(1_000);
    expect(await loading).toBe("v");
    expect(writes.waitingCount()).toBe(0);
  });

  it("returns the loader's value within the write's deadline when only that hangs", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const writes = store.hold("set", { heedsSignal: false });
    const loading = cache.getOrSet("k", () => "v");
    await writes.arrived();
    await time.advanceAsync(1_000);
    expect(await loading).toBe("v");
  });

  const onTheWay: ReadonlyArray<
    readonly [
      string,
      "set" | "deleteMulti" | "increment" | "invalidateTags" | "clear",
      (test: TestCache) => Promise<unknown>,
    ]
  > = [
    ["a set", "set", ({ cache }) => cache.set("k", 1)],
    ["an increment", "increment", ({ cache }) => cache.increment("k")],
    ["a delete by prefix", "deleteMulti", ({ cache }) => cache.deleteByPrefix("k")],
    ["a tag invalidation", "invalidateTags", ({ cache }) => cache.invalidateTags(["t"])],
    ["a clear", "clear", ({ cache }) => cache.clear()],
  ];
  it.each(onTheWay)("lets nobody join an older load while %s is on its way", async (_what, operation, change) => {
    const test = openRemoteCache();
    await test.cache.set("k2", "so that the prefix finds something");
    const source = defer<string>();
    const old = test.cache.getOrSet("k", () => source.promise, { tags: ["t"] });
    await settle();
    const held = test.store.hold(operation, { calls: 1 });
    const changing = change(test);
    await held.arrived();
    const fresh = test.cache.getOrSet("k", () => 5, { tags: ["t"] });
    await settle();
    held.release();
    await changing;
    source.resolve("old");
    expect(await fresh).toBe(5);
    expect(await old).toBe("old");
  });

  it("is asked by reads and writes of the caller's own also while loads do without it", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    let askedCount = 0;
    const away = (): Promise<never> => {
      askedCount += 1;
      return Promise.reject(new BackendUnavailableError("map", "get", "The store is away."));
    };
    Object.assign(store, { get: away, getMulti: away, getStale: away, stamp: away, set: away });
    for (let count = 0; count < 6; count += 1) expect(await cache.getOrSet("k", () => "v")).toBe("v");
    const openedCount = askedCount;
    expect(await cache.getOrSet("k", () => "v")).toBe("v");
    expect(askedCount).toBe(openedCount);
    await expect(cache.get("k")).rejects.toThrow("The store is away.");
    await expect(cache.set("k", "v")).rejects.toThrow("The store is away.");
    expect(askedCount).toBe(openedCount + 2);
  });

  it("calls no loader for a caller that left while the store was asked", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const aborting = new AbortController();
    let calls = 0;
    const held = store.hold("get");
    const loading = cache.getOrSet(
      "k",
      () => {
        calls += 1;
        return "v";
      },
      { signal: aborting.signal },
    );
    await held.arrived();
    aborting.abort(new Error("left"));
    await expect(loading).rejects.toThrow("left");
    held.release();
    await settle();
    expect(calls).toBe(0);
  });

  it("deletes again what a load stored while a delete overtook it", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const outcomes: string[] = [];
    cache.on("load", (event) => outcomes.push(event.outcome));
    const held = store.hold("set", { calls: 1 });
    const loading = cache.getOrSet("k", () => "old");
    await held.arrived();
    await cache.delete("k");
    held.release();
    expect(await loading).toBe("old");
    expect(await cache.get("k")).toBeUndefined();
    expect(outcomes).toEqual(["detached"]);
  });

  it("does not store the result of a load that began while a delete was on its way", async () => {
    // Without conditional writes only the second detaching stands between the old value and the store.
    const { cache, store } = openRemoteCache({ capabilities: { conditionalWrites: false } });
    await cache.set("k", "old");
    const source = defer<string>();
    const held = store.hold("delete", { calls: 1 });
    const deleting = cache.delete("k");
    await held.arrived();
    const loading = cache.getOrSet("k", () => source.promise, { forceFresh: true });
    await settle();
    held.release();
    await deleting;
    source.resolve("read before the delete was committed");
    await loading;
    expect(await cache.get("k")).toBeUndefined();
  });
});

it("getOrSet runs a query that runs when it is awaited once", async () => {
  const { cache } = openMemoryCache();
  let runCount = 0;
  const query = {
    // biome-ignore lint/suspicious/noThenProperty: queries of several libraries are like that.
    then(resolve: (rows: readonly number[]) => void): void {
      runCount += 1;
      resolve([1, 2]);
    },
  };
  expect(await cache.getOrSet("rows", () => query as unknown as Promise<readonly number[]>)).toEqual([1, 2]);
  expect(runCount).toBe(1);
});
