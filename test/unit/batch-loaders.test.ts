import { describe, expect, it } from "vitest";
import { openFleet, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
  ["a store of a fleet", () => openFleet(1)[0] as TestCache],
];

const codeOf = (error: { readonly code?: string; readonly message: string }): string => error.code ?? error.message;

describe.each(stores)("a batch loader on %s", (_store, open) => {
  it("that asks for any of its own keys is told so at once", async () => {
    const { cache } = open();
    const asking = cache.getOrSetMulti(["a", "b"], async () => new Map([["a", await cache.getOrSet("b", () => 1)]]));
    expect(await asking.catch(codeOf)).toBe("GCX_LOADER_REENTRANT");
  });

  it("that asks for one of its own keys through another loader is told so at once", async () => {
    const { cache } = open();
    const through = (): Promise<number> => cache.getOrSet("other", () => cache.getOrSet("b", () => 1));
    const asking = cache.getOrSetMulti(["a", "b"], async () => new Map([["a", await through()]]));
    expect(await asking.catch(codeOf)).toBe("GCX_LOADER_REENTRANT");
  });

  it("that asks for one of its own keys is told so also when its first key is given up", async () => {
    const { cache, time } = open();
    const leaver = new AbortController();
    const batched = cache.batched(async () => {
      leaver.abort();
      await settle();
      return new Map([["b", await cache.getOrSet("b", () => 1)]]);
    });
    const first = batched("a", { signal: leaver.signal }).catch((error: Error) => error.name);
    const second = batched("b").catch(codeOf);
    await time.advanceAsync(0);
    expect(await second).toBe("GCX_LOADER_REENTRANT");
    expect(await first).toBe("AbortError");
  });

  it("may ask for what others load", async () => {
    const { cache } = open();
    const other = cache.getOrSet("other", () => settle().then(() => 1));
    const values = await cache.getOrSetMulti(["a", "b"], async (keys) => {
      const base = await cache.getOrSet("other", () => 2);
      return new Map(keys.map((key, index) => [key, base + index]));
    });
    expect([...values.values()]).toEqual([1, 2]);
    expect(await other).toBe(1);
  });

  it("may do to the array of its keys what it likes", async () => {
    const { cache } = open();
    const values = await cache.getOrSetMulti(["c", "a", "b"], (keys) => {
      const own = keys as string[];
      const found = new Map<string, string>();
      own.sort();
      while (own.length > 0) for (const key of own.splice(0, 2)) found.set(key, `of ${key}`);
      return found;
    });
    expect([...values]).toEqual([
      ["c", "of c"],
      ["a", "of a"],
      ["b", "of b"],
    ]);
    expect(await cache.get("c")).toBe("of c");
  });

  it("must not bring promises, which nobody would store or wait for", async () => {
    const { cache } = open();
    const never = new Promise<string>(() => undefined);
    const promises = new Map([
      ["a", Promise.resolve("a")],
      ["b", never],
      ["c", Promise.reject(new Error("handled by nobody else"))],
    ]);
    expect(await cache.getOrSetMulti(["a", "b", "c"], () => promises).catch(codeOf)).toBe("GCX_LOADER_INVALID");
    expect(await cache.exists("a")).toBe(false);
  });
});
