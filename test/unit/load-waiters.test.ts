import { describe, expect, it } from "vitest";
import { defer, openFleet, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
  ["a store of a fleet", () => openFleet(1)[0] as TestCache],
];

const never = (): Promise<never> => new Promise(() => undefined);
const codeOf = (error: { readonly code?: string; readonly message: string }): string => error.code ?? error.message;
const nameOf = (error: Error): string => error.name;

describe.each(stores)("who waits for a load on %s and may take what stands in", (_store, open) => {
  /** A cache whose "k" is over and kept. */
  async function openGraceful(): Promise<TestCache & { readonly reasons: string[] }> {
    const test = open();
    await test.cache.getOrSet("k", () => "old", { ttl: 100, grace: "1h" });
    await test.time.advanceAsync(200);
    const reasons: string[] = [];
    test.cache.on("stale", ({ reason }) => reasons.push(reason));
    return { ...test, reasons };
  }

  it("is not counted as answered with it when it leaves", async () => {
    const { cache, reasons } = await openGraceful();
    const leaver = new AbortController();
    const call = cache.getOrSet("k", never, { grace: "1h", signal: leaver.signal }).catch(nameOf);
    await settle();
    leaver.abort();
    expect(await call).toBe("AbortError");
    await settle();
    expect(reasons).toEqual([]);
    expect(cache.stats().staleServed).toBe(0);
  });

  it("ends the load when it is the last to leave", async () => {
    const { cache } = await openGraceful();
    const leavers = [new AbortController(), new AbortController()];
    const signals: AbortSignal[] = [];
    const load = ({ signal }: { readonly signal: AbortSignal }): Promise<never> => {
      signals.push(signal);
      return never();
    };
    const calls = leavers.map(({ signal }) => cache.getOrSet("k", load, { grace: "1h", signal }).catch(nameOf));
    await settle();
    for (const leaver of leavers) {
      leaver.abort();
      await settle();
    }
    expect(await Promise.all(calls)).toEqual(["AbortError", "AbortError"]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("is answered once when the load fails after the soft timeout", async () => {
    const { cache, time, reasons } = await openGraceful();
    const source = defer<string>();
    const options = { grace: "1h", softTimeout: 50, hardTimeout: "1h" } as const;
    const first = cache.getOrSet("k", () => source.promise, options);
    await settle();
    const second = cache.getOrSet("k", never, { ...options, hardTimeout: "10m" });
    await settle();
    await time.advanceAsync(60);
    expect(await Promise.all([first, second])).toEqual(["old", "old"]);
    source.reject(new Error("down"));
    await settle();
    await settle();
    expect(reasons).toEqual(["slow", "slow"]);
    expect(cache.stats().staleServed).toBe(2);
  });
});

describe.each(stores)("who joins a load on %s", (_store, open) => {
  it("has the error that its loader threw while the cache closes", async () => {
    const { cache } = open();
    const source = defer<string>();
    const load = (): Promise<string> => source.promise;
    const first = cache.getOrSet("k", load).catch(codeOf);
    await settle();
    const second = cache.getOrSet("k", load).catch(codeOf);
    await settle();
    const closing = cache.close();
    source.reject(new Error("down"));
    expect(await Promise.all([first, second])).toEqual(["down", "down"]);
    await closing;
  });

  it("does not take the timeout of another key, thrown by the loader, for the load's own", async () => {
    const { cache, time } = open();
    let calls = 0;
    const load = (): Promise<string> => {
      calls += 1;
      return cache.getOrSet("inner", never, { hardTimeout: 100 });
    };
    const callers = Array.from({ length: 4 }, () => cache.getOrSet("outer", load).catch(codeOf));
    await settle();
    await time.advanceAsync(101);
    await settle();
    expect(await Promise.all(callers)).toEqual(Array.from({ length: 4 }, () => "GCX_LOADER_TIMEOUT"));
    expect(calls).toBe(1);
  });

  it("shares its timeout for errorTtl with who comes later, but takes over with the patience that it has left", async () => {
    const { cache, time } = open();
    const calls: string[] = [];
    const hang = (who: string) => (): Promise<never> => {
      calls.push(who);
      return never();
    };
    const hasty = { hardTimeout: 100, errorTtl: "10s" } as const;
    const first = cache.getOrSet("k", hang("first"), hasty).catch(codeOf);
    await settle();
    await time.advanceAsync(101);
    expect(await first).toBe("GCX_LOADER_TIMEOUT");
    expect(await cache.getOrSet("k", hang("second"), hasty).catch(codeOf)).toBe("GCX_LOADER_TIMEOUT");
    await time.advanceAsync(10_000);
    const third = cache.getOrSet("k", hang("third"), hasty).catch(codeOf);
    await settle();
    const patient = cache.getOrSet("k", () => "mine");
    await settle();
    await time.advanceAsync(101);
    expect(await third).toBe("GCX_LOADER_TIMEOUT");
    expect(await patient).toBe("mine");
    expect(calls).toEqual(["first", "third"]);
  });
});

describe.each(stores)("who joins with many keys on %s a load that runs out of time", (_store, open) => {
  const patient: ReadonlyArray<
    readonly [string, (test: TestCache, loader: (keys: readonly string[]) => Map<string, string>) => Promise<unknown>]
  > = [
    ["getOrSetMulti", async ({ cache }, loader) => [...(await cache.getOrSetMulti(["a", "b", "c"], loader)).values()]],
    [
      "batched",
      ({ cache }, loader) => {
        const batched = cache.batched(loader);
        return Promise.all(["a", "b", "c"].map((key) => batched(key)));
      },
    ],
  ];

  it.each(patient)("takes over with one call of its own loader for all of them: %s", async (_name, ask) => {
    const test = open();
    const hasty = test.cache.getOrSetMulti(["a", "b"], never, { hardTimeout: 100 }).catch(codeOf);
    await settle();
    const calls: (readonly string[])[] = [];
    const asking = ask(test, (keys) => {
      calls.push(keys);
      return new Map(keys.map((key) => [key, `mine of ${key}`]));
    });
    asking.catch(() => undefined);
    for (let turn = 0; turn < 4; turn += 1) {
      await settle();
      await test.time.advanceAsync(turn === 1 ? 101 : 1);
    }
    expect(await hasty).toBe("GCX_LOADER_TIMEOUT");
    expect(await asking).toEqual(["mine of a", "mine of b", "mine of c"]);
    expect(calls).toEqual([["c"], ["a", "b"]]);
  });

  it("takes over nothing of its own", async () => {
    const { cache, time } = open();
    let calls = 0;
    const load = (): Promise<never> => {
      calls += 1;
      return never();
    };
    const asking = cache.getOrSetMulti(["a", "b"], load, { hardTimeout: 100 }).catch(codeOf);
    await settle();
    await time.advanceAsync(101);
    expect(await asking).toBe("GCX_LOADER_TIMEOUT");
    expect(calls).toBe(1);
  });
});

describe("what a forced load found when it began", () => {
  const red = { tags: ["red"] };
  const ends: ReadonlyArray<readonly [string, (test: TestCache) => Promise<unknown>]> = [
    ["an invalidation of its tag", ({ cache }) => cache.invalidateTags(["red"])],
    ["a delete", ({ cache }) => cache.delete("k")],
    ["a clear", ({ cache }) => cache.clear()],
  ];
  const places: ReadonlyArray<readonly [string, () => readonly [TestCache, TestCache]]> = [
    ...stores.map(([name, open]) => [`on ${name}`, () => twice(open())] as const),
    ["in a fleet, by another process", () => openFleet(2) as unknown as readonly [TestCache, TestCache]],
  ];
  const twice = (test: TestCache): readonly [TestCache, TestCache] => [test, test];

  describe.each(places)("%s", (_place, open) => {
    it.each(ends)("is not served to who comes after %s", async (_end, end) => {
      const [test, other] = open();
      const { cache, time } = test;
      await cache.set("k", "old", red);
      const source = defer<string>();
      const forced = cache.getOrSet("k", () => source.promise, { forceFresh: true });
      await settle();
      await time.advanceAsync(1);
      await end(other);
      const options = { grace: "1h", staleWhileRevalidate: "1h", softTimeout: 50 } as const;
      const joined = [
        cache.getOrSet("k", () => source.promise, options),
        cache
          .getOrSetMulti(["k"], async () => new Map([["k", await source.promise]]), options)
          .then((all) => all.get("k")),
      ];
      await settle();
      await time.advanceAsync(60);
      source.resolve("new");
      await time.advanceAsync(2_000);
      expect(await Promise.all([forced, ...joined])).toEqual(["new", "new", "new"]);
    });
  });
});

describe.each(stores)("what stands in for a load on %s", (_store, open) => {
  const policy = { ...{ tags: ["red"], ttl: 100 }, grace: "1h" } as const;
  const ends: ReadonlyArray<readonly [string, (test: TestCache) => Promise<unknown>]> = [
    ["its tag is invalidated", ({ cache }) => cache.invalidateTags(["red"])],
    ["another value is set", ({ cache }) => cache.set("k", "set")],
    ["it is deleted", ({ cache }) => cache.delete("k")],
    ["it is deleted by its prefix", ({ cache }) => cache.deleteByPrefix("k")],
    ["everything is cleared", ({ cache }) => cache.clear()],
  ];

  async function openWaiting(): Promise<TestCache & { readonly fail: () => void; readonly call: Promise<unknown> }> {
    const test = open();
    await test.cache.getOrSet("k", () => "old", policy);
    await test.time.advanceAsync(200);
    const source = defer<string>();
    const call = test.cache.getOrSet("k", () => source.promise, { grace: "1h" }).catch(codeOf);
    await settle();
    return { ...test, call, fail: () => source.reject(new Error("down")) };
  }

  it("is served when the load fails", async () => {
    const { call, fail } = await openWaiting();
    fail();
    expect(await call).toBe("old");
  });

  it.each(ends)("does so no more, when %s", async (_end, end) => {
    const test = await openWaiting();
    await end(test);
    test.fail();
    expect(await test.call).toBe("down");
  });

  it.each(ends)("does so no more for those whose load a forced one has overtaken, when %s", async (_end, end) => {
    const test = await openWaiting();
    const forced = test.cache.getOrSet("k", () => Promise.resolve("forced"), { forceFresh: true, tags: ["other"] });
    await end(test);
    test.fail();
    expect(await test.call).toBe("down");
    await forced;
  });

  it("is served also when a forced load has overtaken it", async () => {
    const { cache, call, fail } = await openWaiting();
    const forced = cache.getOrSet("k", () => Promise.resolve("forced"), { forceFresh: true });
    fail();
    expect(await call).toBe("old");
    await forced;
  });

  it("is served to who waits while an invalidation of other tags comes", async () => {
    const { cache, call, fail } = await openWaiting();
    await cache.invalidateTags(["blue"]);
    fail();
    expect(await call).toBe("old");
  });

  it("is what a caller has found itself, when whoever began the load allows none", async () => {
    const { cache, time } = open();
    await cache.getOrSet("k", () => "old", policy);
    await time.advanceAsync(200);
    const source = defer<string>();
    const plain = cache.getOrSet("k", () => source.promise);
    await settle();
    const joined = cache.getOrSet("k", () => source.promise, { grace: "1h", softTimeout: 50 });
    await settle();
    await time.advanceAsync(60);
    expect(await joined).toBe("old");
    source.resolve("new");
    expect(await plain).toBe("new");
  });
});
