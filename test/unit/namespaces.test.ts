import { describe, expect, it } from "vitest";
import { collect, openMemoryCache, openRemoteCache, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, (rootPath?: string) => TestCache]> = [
  ["memory", (rootPath = "") => openMemoryCache({}, { rootPath })],
  ["a remote store", (rootPath = "") => openRemoteCache({}, { rootPath })],
];

describe.each(stores)("namespaces on %s", (_name, open) => {
  it("keep their keys apart from each other and from the root, whatever the keys are", async () => {
    const { cache } = open();
    const views = [
      cache,
      cache.namespace("a"),
      cache.namespace("a").namespace("b"),
      cache.namespace("a/b"),
      cache.namespace("a:b"),
      cache.namespace("@"),
    ];
    const keys = ["k", "a:k", "@a:k", "b:k", "@a/b:k", "/b:k", ":k"];
    for (const [number, view] of views.entries()) {
      await view.setMulti(keys.map((key) => [key, `${number} ${key}`] as const));
    }
    for (const [number, view] of views.entries()) {
      for (const key of keys) expect(await view.get(key)).toBe(`${number} ${key}`);
      expect((await collect(view.keys())).sort()).toEqual([...keys].sort());
    }
  });

  it("clear themselves and what is inside them, and nothing else", async () => {
    const { cache } = open();
    const outer = cache.namespace("outer");
    const inner = outer.namespace("inner");
    const sibling = cache.namespace("outer2");
    for (const view of [cache, outer, inner, sibling]) await view.set("k", 1);
    await outer.clear();
    expect([
      await cache.exists("k"),
      await outer.exists("k"),
      await inner.exists("k"),
      await sibling.exists("k"),
    ]).toEqual([true, false, false, true]);
    await inner.set("k", 2);
    await inner.clear();
    await outer.set("k", 3);
    expect([await outer.exists("k"), await inner.exists("k")]).toEqual([true, false]);
    await cache.clear();
    expect([await cache.exists("k"), await outer.exists("k"), await sibling.exists("k")]).toEqual([
      false,
      false,
      false,
    ]);
    await cache.set("k", 4);
    expect(await cache.get("k")).toBe(4);
  });

  it("of the cache itself bound what clear() ends", async () => {
    const { cache, store } = open("app");
    await store.set("@other:k", { value: 1, ttlMs: Number.POSITIVE_INFINITY, tags: [] }, {});
    await cache.set("k", 1);
    await cache.namespace("n").set("k", 1);
    await cache.clear();
    expect(await cache.exists("k")).toBe(false);
    expect(await cache.namespace("n").exists("k")).toBe(false);
    expect(await store.get("@other:k", {})).toMatchObject({ value: 1 });
  });

  it("have defaults that calls win over, and that nest", async () => {
    const { cache } = open();
    const outer = cache.namespace("n", { ttl: "1m", tags: ["outer"] });
    const inner = outer.namespace("m", { tags: ["inner"] });
    await outer.set("k", 1);
    await inner.set("k", 1, { tags: ["own"] });
    await inner.set("short", 1, "1s");
    await inner.set("never", 1, Number.POSITIVE_INFINITY);
    await inner.increment("count");
    await inner.getOrSet("loaded", () => 1);
    expect(await outer.getEntry("k")).toMatchObject({ ttl: 60_000, tags: ["outer"] });
    expect(await inner.getEntry("k")).toMatchObject({ ttl: 60_000, tags: ["outer", "inner", "own"] });
    expect(await inner.ttl("short")).toBe(1_000);
    expect(await inner.ttl("never")).toBe(Number.POSITIVE_INFINITY);
    expect(await inner.ttl("count")).toBe(60_000);
    expect(await inner.getEntry("loaded")).toMatchObject({ ttl: 60_000, tags: ["outer", "inner"] });
  });

  it("count what went through their own views and those inside them", async () => {
    const { cache } = open();
    const view = cache.namespace("n");
    const inner = view.namespace("m");
    await cache.set("k", 1);
    await view.set("k", 1);
    await inner.set("k", 1);
    await inner.get("k");
    await view.get("absent");
    expect(view.stats()).toMatchObject({ sets: 2, hits: 1, misses: 1, keyCount: 2 });
    expect(inner.stats()).toMatchObject({ sets: 1, hits: 1, misses: 0, keyCount: 1 });
    expect(cache.stats()).toMatchObject({ sets: 3, hits: 1, misses: 1, hitRatio: 0.5, keyCount: 3 });
    await view.clear();
    expect(view.stats().keyCount).toBe(0);
    expect(cache.stats().keyCount).toBe(1);
  });

  it("share their tags with the whole cache", async () => {
    const { cache } = open();
    await cache.namespace("n").set("k", 1, { tags: ["t"] });
    await cache.invalidateTags(["t"]);
    expect(await cache.namespace("n").exists("k")).toBe(false);
  });

  it("refuse names that are no non-empty string", () => {
    const { cache } = open();
    for (const name of ["", 5, undefined, "x".repeat(1_025)]) {
      expect(() => cache.namespace(name as string)).toThrowError(
        expect.objectContaining({ code: "GCX_ARGUMENT_NAMESPACE" }),
      );
    }
  });
});
