import { describe, expect, it } from "vitest";
import type { GetOrSetOptions } from "../../src/cache/options.ts";
import type { OperationHold } from "../../src/testing/map-backend/operation-gate.ts";
import type { FleetStore } from "../support/map-fleet.ts";
import { defer, openFleet, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
  ["a store of a fleet", () => openFleet(1)[0] as TestCache],
];

const never = (): Promise<never> => new Promise(() => undefined);
/** Of one kind at a time, for one batch. */
const MAX_QUESTION_COUNT = 512;
const codeOf = (error: { readonly code?: string; readonly message: string }): string => error.code ?? error.message;
const valuesOf = (keys: readonly string[]): Map<string, string> => new Map(keys.map((key) => [key, `of ${key}`]));

/** Lets a few turns of the event loop and timers of no time pass. */
async function pass({ time }: Pick<TestCache, "time">, turns = 4): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await settle();
    await time.advanceAsync(1);
  }
}

describe.each(stores)("a batch on %s", (_store, open) => {
  it.each(["set", "load"] as const)(
    "stores nothing under a key that a listener of %s deletes when another key is done",
    async (name) => {
      const { cache } = open();
      cache.on(name, ({ key }) => {
        if (key === "a") void cache.delete("b");
      });
      const skipped = name === "load";
      const brought = new Map<string, string>([...(skipped ? [] : [["a", "of a"] as const]), ["b", "of b"]]);
      expect((await cache.getOrSetMulti(["a", "b"], () => brought)).get("b")).toBe("of b");
      expect(await cache.exists("b")).toBe(false);
    },
  );

  it("loads nothing once more for who has left", async () => {
    const test = open();
    const hasty = test.cache.getOrSetMulti(["a", "b"], never, { hardTimeout: 100 }).catch(codeOf);
    await settle();
    const calls: (readonly string[])[] = [];
    const batched = test.cache.batched((keys: readonly string[]) => {
      calls.push(keys);
      return valuesOf(keys);
    });
    const leaver = new AbortController();
    const left = batched("a", { signal: leaver.signal }).catch((error: Error) => error.message);
    const stayed = batched("b");
    await test.time.advanceAsync(0);
    await settle();
    test.time.advance(100);
    for (let turn = 0; turn < 3; turn += 1) await settle();
    leaver.abort(new Error("gone"));
    expect(await hasty).toBe("GCX_LOADER_TIMEOUT");
    expect(await left).toBe("gone");
    await pass(test);
    expect(await stayed).toBe("of b");
    expect(calls).toEqual([["b"]]);
    expect(test.time.pendingCount()).toBe(0);
  });

  it("starts no load when the cache is closed before it asks once more", async () => {
    const test = open();
    const hasty = test.cache.getOrSetMulti(["a", "b"], never, { hardTimeout: 100 }).catch(codeOf);
    await settle();
    let calls = 0;
    const patient = test.cache
      .getOrSetMulti(["a", "b"], (keys) => {
        calls += 1;
        return valuesOf(keys);
      })
      .catch(codeOf);
    await settle();
    test.time.advance(100);
    for (let turn = 0; turn < 3; turn += 1) await settle();
    const closing = test.cache.close();
    await pass(test);
    expect(await hasty).toBe("GCX_LOADER_TIMEOUT");
    expect(await patient).toBe("GCX_CACHE_CLOSED");
    await closing;
    expect(calls).toBe(0);
    expect(test.time.pendingCount()).toBe(0);
  });
});

it("a batch starts no load when the cache is closed while it asks once more", async () => {
  const test = openRemoteCache();
  const hasty = test.cache.getOrSetMulti(["a", "b"], never, { hardTimeout: 100 }).catch(codeOf);
  await settle();
  let calls = 0;
  const patient = test.cache
    .getOrSetMulti(["a", "b"], (keys) => {
      calls += 1;
      return valuesOf(keys);
    })
    .catch(codeOf);
  await settle();
  const held = test.store.hold("getMulti");
  await test.time.advanceAsync(101);
  await held.arrived();
  const closing = test.cache.close();
  held.release();
  await pass(test);
  expect(await hasty).toBe("GCX_LOADER_TIMEOUT");
  expect(await patient).toBe("GCX_CACHE_CLOSED");
  await closing;
  expect(calls).toBe(0);
  expect(test.time.pendingCount()).toBe(0);
});

const slowWrites: ReadonlyArray<readonly [string, () => { readonly test: TestCache; readonly held: OperationHold }]> = [
  [
    "a remote store",
    () => {
      const test = openRemoteCache();
      return { test, held: test.store.hold("set", { calls: 1 }) };
    },
  ],
  [
    "a store of a fleet",
    () => {
      const [test] = openFleet(1) as [TestCache<FleetStore>];
      return { test, held: test.store.holdTier("fill", { calls: 1 }) };
    },
  ],
];

describe.each(slowWrites)("a batch on %s that is slow to store one of its keys", (_store, open) => {
  it("answers each caller as soon as its own key is stored", async () => {
    const { test, held } = open();
    const batched = test.cache.batched(valuesOf);
    let isAnswered = false;
    const slow = batched("a").then((value) => {
      isAnswered = true;
      return value;
    });
    const quick = batched("b");
    await test.time.advanceAsync(0);
    await held.arrived();
    expect(await Promise.race([quick, settle().then(() => "still there")])).toBe("of b");
    expect(isAnswered).toBe(false);
    held.release();
    expect(await slow).toBe("of a");
  });
});

describe("a batch of a process in a fleet", () => {
  const openTwo = (): [TestCache, TestCache] => openFleet(2) as unknown as [TestCache, TestCache];

  it("aborts its loader when nobody waits for what it loads, though others wait for what is loaded elsewhere", async () => {
    const [one, other] = openTwo();
    const elsewhere = defer<string>();
    const first = other.cache.getOrSet("a", () => elsewhere.promise);
    await settle();
    const batch: { signal?: AbortSignal } = {};
    const batched = one.cache.batched((_keys: readonly string[], { signal }) => {
      batch.signal = signal;
      return never();
    });
    const leaver = new AbortController();
    const late = batched("a");
    const left = batched("b", { signal: leaver.signal }).catch((error: Error) => error.message);
    await pass(one);
    expect(batch.signal?.aborted).toBe(false);
    leaver.abort(new Error("gone"));
    expect(await left).toBe("gone");
    await settle();
    expect(batch.signal?.aborted).toBe(true);
    elsewhere.resolve("of a");
    await first;
    await pass(one);
    expect(await late).toBe("of a");
  });

  it("calls its loader once for all keys whose loads elsewhere fail together", async () => {
    const [one, other] = openTwo();
    const elsewhere = defer<Map<string, string>>();
    const first = other.cache.getOrSetMulti(["a", "b", "c"], () => elsewhere.promise).catch(codeOf);
    await settle();
    const calls: (readonly string[])[] = [];
    const second = one.cache.getOrSetMulti(["a", "b", "c"], (keys) => {
      calls.push(keys);
      return valuesOf(keys);
    });
    await pass(one);
    elsewhere.reject(new Error("down"));
    await pass(one);
    expect(await first).toBe("down");
    expect(await second).toEqual(valuesOf(["a", "b", "c"]));
    expect(calls).toEqual([["a", "b", "c"]]);
  });

  it("calls its loader once for all keys whose leave ends elsewhere", async () => {
    const [one, other] = openTwo();
    const first = other.cache
      .getOrSetMulti(["a", "b", "c"], never, { distributedSingleFlight: { lease: 500 } })
      .catch(codeOf);
    await settle();
    const calls: (readonly string[])[] = [];
    const second = one.cache.getOrSetMulti(["a", "b", "c"], (keys) => {
      calls.push(keys);
      return valuesOf(keys);
    });
    for (let at = 0; at < 600; at += 50) await one.time.advanceAsync(50);
    expect(await second).toEqual(valuesOf(["a", "b", "c"]));
    expect(calls).toEqual([["a", "b", "c"]]);
    await one.time.advanceAsync(30_000);
    expect(await first).toBe("GCX_LOADER_TIMEOUT");
  });

  const joins: ReadonlyArray<readonly [string, (test: TestCache, options: GetOrSetOptions) => Promise<unknown>]> = [
    ["getOrSet", ({ cache }, options) => cache.getOrSet("a", never, options)],
    ["getOrSetMulti", async ({ cache }, options) => (await cache.getOrSetMulti(["a"], never, options)).get("a")],
  ];

  it.each(joins)(
    "leaves a store that hangs, asked whether a joined load is right, with its caller's time or signal: %s",
    async (_name, join) => {
      const [one] = openTwo();
      const source = defer<string>();
      const first = one.cache.getOrSet("a", ({ skipStore }) => {
        skipStore();
        return source.promise;
      });
      await settle();
      await one.time.advanceAsync(10);
      const held = (one.store as FleetStore).holdTier("release", { heedsSignal: false });
      const leaver = new AbortController();
      const left = join(one, { signal: leaver.signal }).catch((error: Error) => error.message);
      const hasty = join(one, { hardTimeout: 100 });
      let isAnswered = false;
      void hasty.then(() => {
        isAnswered = true;
      });
      await settle();
      source.resolve("of a");
      expect(await first).toBe("of a");
      await held.arrived();
      leaver.abort(new Error("gone"));
      for (let turn = 0; turn < 3; turn += 1) await settle();
      expect(await Promise.race([left, settle().then(() => "still there")])).toBe("gone");
      expect(isAnswered).toBe(false);
      await one.time.advanceAsync(100);
      expect(await Promise.race([hasty, settle().then(() => "still there")])).toBe("of a");
      await one.time.advanceAsync(2_000);
      expect(one.time.pendingCount()).toBe(0);
    },
  );

  it("does without the store for the keys alone whose leave the store fails to give", async () => {
    const [one] = openTwo();
    const held = (one.store as FleetStore).holdTier("getOrLease", { calls: 1 });
    const batched = one.cache.batched(valuesOf);
    const asking = Promise.all(["a", "b"].map((key) => batched(key)));
    await one.time.advanceAsync(0);
    await held.arrived();
    held.fail(new Error("one node is down"));
    await settle();
    expect(await asking).toEqual(["of a", "of b"]);
    expect(await one.cache.exists("a")).toBe(false);
    expect(await one.cache.exists("b")).toBe(true);
  });

  it.each(["getOrLease", "fill"] as const)(
    "has the whole deadline of %s for each key, however many come before it",
    async (call) => {
      const [one] = openTwo();
      const keys = Array.from({ length: 600 }, (_, index) => `key ${index}`);
      const store = one.store as FleetStore;
      const first = store.holdTier(call, { calls: MAX_QUESTION_COUNT });
      const loading = one.cache.getOrSetMulti(keys, valuesOf);
      await first.arrived(MAX_QUESTION_COUNT);
      const second = store.holdTier(call, { calls: 600 - MAX_QUESTION_COUNT });
      await one.time.advanceAsync(600);
      first.release();
      await second.arrived(600 - MAX_QUESTION_COUNT);
      await one.time.advanceAsync(600);
      second.release();
      expect(await loading).toEqual(valuesOf(keys));
      expect(await one.cache.getMulti(keys)).toEqual(valuesOf(keys));
    },
  );

  it("gives the value at the hard timeout, and the leave back, to keys whose turn to be stored has not come", async () => {
    const [one] = openTwo();
    const keys = Array.from({ length: 600 }, (_, index) => `key ${index}`);
    const store = one.store as FleetStore;
    const held = store.holdTier("fill", { heedsSignal: false });
    const loading = one.cache.getOrSetMulti(keys, valuesOf, { hardTimeout: 500 });
    await held.arrived(MAX_QUESTION_COUNT);
    await one.time.advanceAsync(500);
    expect(await Promise.race([loading, settle().then(() => "still there")])).toEqual(valuesOf(keys));
    held.release();
    await pass(one);
    expect(store.tierCalls.filter((tierCall) => tierCall === "release")).toHaveLength(600 - MAX_QUESTION_COUNT);
    await one.time.advanceAsync(2_000);
    expect(one.time.pendingCount()).toBe(0);
  });
});
