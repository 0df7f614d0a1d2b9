import { describe, expect, expectTypeOf, it } from "vitest";
import type { BatchedLoad } from "../../src/cache/batched-load.ts";
import {
  type Deferred,
  defer,
  openMemoryCache,
  openRemoteCache,
  settle,
  type TestCache,
} from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
];

/** A batch loader that notes what it was asked for and answers each key in capitals. */
function createLoader(): {
  readonly asked: string[][];
  readonly load: (keys: readonly string[]) => Map<string, string>;
} {
  const asked: string[][] = [];
  return {
    asked,
    load: (keys) => {
      asked.push([...keys]);
      return new Map(keys.filter((key) => key !== "none").map((key) => [key, key.toUpperCase()]));
    },
  };
}

/** A batch loader that is answered by the test. */
function createSlowLoader(): {
  readonly calls: {
    readonly keys: readonly string[];
    readonly signal: AbortSignal;
    readonly answer: Deferred<Map<string, string>>;
  }[];
  readonly load: (keys: readonly string[], context: { signal: AbortSignal }) => Promise<Map<string, string>>;
} {
  const calls: ReturnType<typeof createSlowLoader>["calls"] = [];
  return {
    calls,
    load: (keys, { signal }) => {
      const answer = defer<Map<string, string>>();
      calls.push({ keys, signal, answer });
      return answer.promise;
    },
  };
}

describe.each(stores)("batched on %s", (_name, open) => {
  it("reads and loads together what is asked for in one turn, each key once", async () => {
    const { cache, time } = open();
    await cache.set("here", "stored");
    const { asked, load } = createLoader();
    const get = cache.batched(load, { ttl: "1m" });
    const all = Promise.all([get("a"), get("b"), get("a"), get("here"), get("none")]);
    expect(asked).toEqual([]);
    await time.advanceAsync(0);
    expect(await all).toEqual(["A", "B", "A", "stored", undefined]);
    expect(asked).toEqual([["a", "b", "none"]]);
    expect(await cache.ttl("a")).toBe(60_000);
    expect(await cache.exists("none")).toBe(false);
    const next = get("none");
    await time.advanceAsync(0);
    expect(await next).toBe(undefined);
    expect(asked).toHaveLength(2);
  });

  it("collects for the window, from the first key on", async () => {
    const { cache, time } = open();
    const { asked, load } = createLoader();
    const get = cache.batched(load, { window: "10ms" });
    const first = get("a");
    await time.advanceAsync(9);
    const second = get("b");
    await time.advanceAsync(0);
    expect(asked).toEqual([]);
    await time.advanceAsync(1);
    expect(await Promise.all([first, second])).toEqual(["A", "B"]);
    const third = get("c");
    await time.advanceAsync(9);
    expect(asked).toEqual([["a", "b"]]);
    await time.advanceAsync(1);
    expect(await third).toBe("C");
    expect(time.pendingCount()).toBe(0);
  });

  it("leaves at once with maxBatch keys, and the rest in batches of its own", async () => {
    const { cache, time } = open();
    const { asked, load } = createLoader();
    const get = cache.batched(load, { window: "1h", maxBatch: 2, hardTimeout: false });
    const full = Promise.all([get("a"), get("a"), get("b")]);
    const rest = get("c");
    await settle();
    expect(await full).toEqual(["A", "A", "B"]);
    expect(asked).toEqual([["a", "b"]]);
    await time.advanceAsync(3_600_000);
    expect(await rest).toBe("C");
    expect(asked).toEqual([["a", "b"], ["c"]]);
  });

  it("shares single flights with getOrSet, in both directions", async () => {
    const { cache, time } = open();
    const single = defer<string>();
    const { calls, load } = createSlowLoader();
    const get = cache.batched(load);
    const one = cache.getOrSet("a", () => single.promise);
    await settle();
    const many = Promise.all([get("a"), get("b")]);
    await time.advanceAsync(0);
    const joined = cache.getOrSet("b", () => "never called");
    await settle();
    expect(calls.map(({ keys }) => keys)).toEqual([["b"]]);
    single.resolve("A");
    calls[0]?.answer.resolve(new Map([["b", "B"]]));
    expect(await Promise.all([one, many, joined])).toEqual(["A", ["A", "B"], "B"]);
  });

  it("fails the keys of a load that fails, and no others", async () => {
    const { cache, time } = open();
    await cache.set("here", "stored");
    const failure = new Error("source is down");
    const single = defer<string>();
    const running = cache.getOrSet("running", () => single.promise);
    await settle();
    const get = cache.batched<string>(() => Promise.reject(failure));
    const all = Promise.allSettled([get("here"), get("a"), get("running"), get("b")]);
    await time.advanceAsync(0);
    single.resolve("loaded");
    await running;
    expect(await all).toEqual([
      { status: "fulfilled", value: "stored" },
      { status: "rejected", reason: failure },
      { status: "fulfilled", value: "loaded" },
      { status: "rejected", reason: failure },
    ]);
  });

  it("lets a caller leave alone while the batch waits: its key is not loaded", async () => {
    const { cache, time } = open();
    const { asked, load } = createLoader();
    const get = cache.batched(load, { window: 10 });
    const leaving = new AbortController();
    const left = [get("a", { signal: leaving.signal }), get("b", { signal: leaving.signal })];
    const stayed = get("b");
    const verdicts = Promise.allSettled(left);
    leaving.abort(new Error("gone"));
    expect(await verdicts).toMatchObject([{ reason: { message: "gone" } }, { reason: { message: "gone" } }]);
    await time.advanceAsync(10);
    expect(await stayed).toBe("B");
    expect(asked).toEqual([["b"]]);
  });

  it("waits for nothing when every caller has left", async () => {
    const { cache, time } = open();
    const { asked, load } = createLoader();
    const get = cache.batched(load, { window: "1m", hardTimeout: "2m" });
    const leaving = new AbortController();
    const left = expect(get("a", { signal: leaving.signal })).rejects.toThrow("gone");
    leaving.abort(new Error("gone"));
    await left;
    expect(time.pendingCount()).toBe(0);
    const next = get("b");
    await time.advanceAsync(60_000);
    expect(await next).toBe("B");
    expect(asked).toEqual([["b"]]);
  });

  it("lets a caller leave alone while the loader runs, and aborts it when the last one left", async () => {
    const { cache, time } = open();
    const { calls, load } = createSlowLoader();
    const get = cache.batched(load);
    const [first, second] = [new AbortController(), new AbortController()];
    const gone = expect(get("a", { signal: first.signal })).rejects.toThrow("first");
    const later = expect(get("a", { signal: second.signal })).rejects.toThrow("second");
    await time.advanceAsync(0);
    first.abort(new Error("first"));
    await gone;
    expect(calls[0]?.signal.aborted).toBe(false);
    second.abort(new Error("second"));
    await later;
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(time.pendingCount()).toBe(0);
  });

  it("keeps no load for callers whom an event of their own read made leave", async () => {
    const { cache, time } = open();
    const { calls, load } = createSlowLoader();
    const get = cache.batched(load);
    const leaving = new AbortController();
    const left = expect(get("a", { signal: leaving.signal })).rejects.toThrow("gone");
    const stayed = get("b");
    cache.on("miss", () => leaving.abort(new Error("gone")));
    await time.advanceAsync(0);
    await left;
    calls[0]?.answer.resolve(new Map([["b", "B"]]));
    expect(await stayed).toBe("B");
    expect(await cache.exists("a")).toBe(false);
  });

  it("stores nothing for a key that was deleted while the batch loaded", async () => {
    const { cache, time } = open();
    const { calls, load } = createSlowLoader();
    const get = cache.batched(load);
    const all = Promise.all([get("a"), get("b")]);
    await time.advanceAsync(0);
    await cache.delete("a");
    calls[0]?.answer.resolve(new Map(Object.entries({ a: "old", b: "B" })));
    expect(await all).toEqual(["old", "B"]);
    expect([await cache.exists("a"), await cache.exists("b")]).toEqual([false, true]);
  });

  it("gives up after the hard timeout, which begins with the batch", async () => {
    const { cache, time } = open();
    const { load } = createSlowLoader();
    const get = cache.batched(load, { window: 400, hardTimeout: "1s" });
    const verdict = expect(get("a")).rejects.toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
    await time.advanceAsync(1_000);
    await verdict;
    expect(time.pendingCount()).toBe(0);
  });

  it("rejects what still waits when the cache closes, and what comes after", async () => {
    const { cache, time } = open();
    const { asked, load } = createLoader();
    const [soon, later] = [cache.batched(load), cache.batched(load, { window: "1s" })];
    const waiting = Promise.allSettled([soon("a"), later("a"), later("b")]);
    await cache.close();
    expect(await waiting).toMatchObject(Array(3).fill({ reason: { code: "GCX_CACHE_CLOSED" } }));
    await expect(later("a")).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
    await time.advanceAsync(0);
    expect(time.pendingCount()).toBe(0);
    expect(asked).toEqual([]);
  });

  it("refuses a loader that waits for itself through a batch", async () => {
    const { cache, time } = open();
    const get = cache.batched(createLoader().load);
    const outer = cache.getOrSet("outer", () => get("outer"));
    const verdict = expect(outer).rejects.toMatchObject({ code: "GCX_LOADER_REENTRANT" });
    await settle();
    await time.advanceAsync(0);
    await verdict;
  });

  it("takes nobody for a loader whose batch left with a loader's call", async () => {
    const { cache, time } = open();
    const get = cache.batched(createLoader().load, { maxBatch: 2 });
    const go = defer<void>();
    const outer = cache.getOrSet("outer", async () => {
      await go.promise;
      return get("beside");
    });
    await settle();
    const bystander = get("outer");
    go.resolve();
    await settle();
    await time.advanceAsync(0);
    expect(await Promise.all([outer, bystander])).toEqual(["BESIDE", "BESIDE"]);
  });
});

describe("batched", () => {
  it("does not load for callers who left while the store was asked", async () => {
    const { cache, time, store } = openRemoteCache();
    const { asked, load } = createLoader();
    const get = cache.batched(load);
    const held = store.hold("getMulti");
    const leaving = new AbortController();
    const left = expect(get("a", { signal: leaving.signal })).rejects.toThrow("gone");
    const stayed = get("b");
    await time.advanceAsync(0);
    leaving.abort(new Error("gone"));
    await left;
    held.release();
    expect(await stayed).toBe("B");
    expect(asked).toEqual([["b"]]);
  });

  it("gives each caller a copy of its own where the store promises copies", async () => {
    const { cache, time } = openMemoryCache({ copy: true });
    await cache.set("stored", { list: [1] });
    const get = cache.batched<{ list: number[] }>((keys) => new Map(keys.map((key) => [key, { list: [1] }])), {
      forceFresh: false,
    });
    for (const key of ["loaded", "stored"]) {
      const asked = [get(key), get(key)];
      await time.advanceAsync(0);
      const [one, two] = await Promise.all(asked);
      one?.list.push(2);
      expect(two).toEqual({ list: [1] });
    }
  });

  it("returns what a local store has without waiting for the batch", async () => {
    const { cache, time } = openMemoryCache();
    const { asked, load } = createLoader();
    await cache.set("here", "stored");
    const get = cache.batched(load, { window: "1s" });
    expect(await get("here")).toBe("stored");
    expect(time.pendingCount()).toBe(0);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 0 });
    expect(asked).toEqual([]);
  });

  it("has the defaults and keys of the namespace that made it", async () => {
    const { cache, time } = openMemoryCache();
    const users = cache.namespace("users", { ttl: "5m" });
    const get = users.batched(createLoader().load);
    const asked = get("a");
    await time.advanceAsync(0);
    expect(await asked).toBe("A");
    expect(await users.ttl("a")).toBe(300_000);
    expect(await cache.exists("a")).toBe(false);
  });

  it("rejects a wrong key or option alone", async () => {
    const { cache, time } = openMemoryCache();
    const get = cache.batched(createLoader().load);
    const right = get("a");
    await expect(get("")).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
    await expect(get("b", { ttl: 5 } as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION" });
    await expect(get("b", { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
    await time.advanceAsync(0);
    expect(await right).toBe("A");
  });

  it.each<[string, unknown, string]>([
    ["a misspelt name", { windw: 5 }, "windw"],
    ["a window without an end", { window: Number.POSITIVE_INFINITY, hardTimeout: false }, "window"],
    ["a window that is no duration", { window: "soon" }, "window"],
    ["a window as long as the hard timeout", { window: "1s", hardTimeout: "1s" }, "window"],
    ["no key at all", { maxBatch: 0 }, "maxBatch"],
    ["half a key", { maxBatch: 1.5 }, "maxBatch"],
    ["a signal, which is of one call", { signal: new AbortController().signal }, "signal"],
  ])("refuses options at once: %s", (_what, options, argument) => {
    const { cache } = openMemoryCache();
    expect(() => cache.batched(createLoader().load, options as never)).toThrow(
      expect.objectContaining({ code: "GCX_ARGUMENT_OPTION", argument }),
    );
  });

  it("refuses what is no loader", () => {
    const { cache } = openMemoryCache();
    expect(() => cache.batched({} as never)).toThrow(expect.objectContaining({ code: "GCX_LOADER_INVALID" }));
  });

  it("has the type of its loader's values", () => {
    const { cache } = openMemoryCache();
    const get = cache.batched(async (keys) => new Map(keys.map((key) => [key, key.length])));
    expectTypeOf(get).toEqualTypeOf<BatchedLoad<number>>();
    expectTypeOf(get).returns.toEqualTypeOf<Promise<number | undefined>>();
  });
});
