import { describe, expect, it } from "vitest";
import { defer, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
];

describe.each(stores)("getOrSetMulti on %s", (_name, open) => {
  it("reads what is there, loads the rest in one call and stores it", async () => {
    const { cache } = open();
    await cache.set("a", 1);
    const asked: string[][] = [];
    const load = (keys: readonly string[]): Map<string, number> => {
      asked.push([...keys]);
      return new Map(keys.filter((key) => key !== "none").map((key) => [key, key.length]));
    };
    expect(await cache.getOrSetMulti(["a", "bb", "none", "bb"], load, { ttl: "1m" })).toEqual(
      new Map([
        ["a", 1],
        ["bb", 2],
      ]),
    );
    expect(asked).toEqual([["bb", "none"]]);
    expect(await cache.ttl("bb")).toBe(60_000);
    await cache.getOrSetMulti(["a", "bb"], load);
    expect(asked).toHaveLength(1);
  });

  it("shares single flights with getOrSet, in both directions", async () => {
    const { cache } = open();
    const single = defer<string>();
    const batch = defer<Map<string, string>>();
    const asked: string[][] = [];
    const one = cache.getOrSet("a", () => single.promise);
    await settle();
    const many = cache.getOrSetMulti(["a", "b"], (keys) => {
      asked.push([...keys]);
      return batch.promise;
    });
    await settle();
    const joined = cache.getOrSet("b", () => "never called");
    await settle();
    single.resolve("A");
    batch.resolve(new Map([["b", "B"]]));
    expect(await many).toEqual(
      new Map([
        ["a", "A"],
        ["b", "B"],
      ]),
    );
    expect(await one).toBe("A");
    expect(await joined).toBe("B");
    expect(asked).toEqual([["b"]]);
  });

  it("stores nothing for a key that was deleted while the batch loaded", async () => {
    const { cache } = open();
    const batch = defer<Map<string, string>>();
    const loading = cache.getOrSetMulti(["a", "b"], () => batch.promise);
    await settle();
    await cache.delete("a");
    batch.resolve(
      new Map([
        ["a", "old"],
        ["b", "B"],
      ]),
    );
    expect(await loading).toEqual(
      new Map([
        ["a", "old"],
        ["b", "B"],
      ]),
    );
    expect(await cache.exists("a")).toBe(false);
    expect(await cache.exists("b")).toBe(true);
  });

  it("fails every waiter with the loader's error and loads again next time", async () => {
    const { cache } = open();
    const failure = new Error("source is down");
    await expect(cache.getOrSetMulti(["a"], () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await cache.getOrSetMulti(["a"], () => new Map([["a", 1]]))).toEqual(new Map([["a", 1]]));
  });

  it("has what stands in for its keys when its loader throws, and fails with the first key that has nothing, in the order of the keys", async () => {
    const { cache, time } = open();
    const options = { ttl: 1_000, grace: 60_000 };
    await cache.getOrSetMulti(["a", "b"], (keys) => new Map(keys.map((key) => [key, `old ${key}`])), options);
    await time.advanceAsync(1_500);
    const [single, batch] = [new Error("single"), new Error("batch")];
    const failing = (): Promise<never> => Promise.reject(batch);
    expect(await cache.getOrSetMulti(["a", "b"], failing, options)).toEqual(
      new Map([
        ["a", "old a"],
        ["b", "old b"],
      ]),
    );
    for (const [keys, error] of [
      [["a", "x", "y"], single],
      [["a", "y", "x"], batch],
    ] as const) {
      const [source, loaded] = [defer<never>(), defer<string>()];
      const others = [cache.getOrSet("x", () => source.promise), cache.getOrSet("z", () => loaded.promise)];
      const many = cache.getOrSetMulti([...keys, "z"], failing, options);
      const results = Promise.allSettled([...others, many]);
      await settle();
      source.reject(single);
      loaded.resolve("loaded");
      expect((await results).map((result) => (result.status === "rejected" ? result.reason : result.value))).toEqual([
        single,
        "loaded",
        error,
      ]);
      expect([await cache.get("z"), await cache.exists("x"), await cache.exists("y")]).toEqual([
        "loaded",
        false,
        false,
      ]);
      await cache.delete("z");
    }
  });

  it("aborts the batch loader only when every key's callers have left", async () => {
    const { cache } = open();
    const leaving = new AbortController();
    let loaderSignal: AbortSignal | undefined;
    const batch = defer<Map<string, string>>();
    const left = cache.getOrSetMulti(
      ["a", "b"],
      (_keys, { signal }) => {
        loaderSignal = signal;
        return batch.promise;
      },
      { signal: leaving.signal },
    );
    await settle();
    const stayed = cache.getOrSet("b", () => "never called");
    await settle();
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    expect(loaderSignal?.aborted).toBe(false);
    batch.resolve(new Map([["b", "B"]]));
    expect(await stayed).toBe("B");
  });

  it("gives up on a hung batch loader after the hard timeout", async () => {
    const { cache, time } = open();
    const hung = cache.getOrSetMulti(["a", "b"], () => new Promise<Map<string, string>>(() => undefined), {
      hardTimeout: "1s",
    });
    const verdict = expect(hung).rejects.toMatchObject({ code: "GCX_LOADER_TIMEOUT" });
    await settle();
    await time.advanceAsync(1_000);
    await verdict;
    expect(time.pendingCount()).toBe(0);
  });
});
