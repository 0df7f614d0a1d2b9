import { describe, expect, expectTypeOf, it } from "vitest";
import type { AsyncFunction, CachedOptions } from "../../src/cache/cached-function.ts";
import { defer, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

interface User {
  readonly id: number;
  readonly name: string;
}

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
];

describe.each(stores)("a cached function on %s", (_name, open) => {
  it("is called once for many callers, and again when its TTL is over", async () => {
    const { cache, time } = open();
    const answer = defer<User>();
    const asked: number[] = [];
    const find = cache.cached(
      (id: number) => {
        asked.push(id);
        return answer.promise;
      },
      { key: (id) => `user:${id}`, ttl: "1m" },
    );
    const calls = [find(7), find(7), find(7)];
    await settle();
    answer.resolve({ id: 7, name: "Ada" });
    expect(await Promise.all(calls)).toEqual(Array(3).fill({ id: 7, name: "Ada" }));
    expect(await find(7)).toEqual({ id: 7, name: "Ada" });
    expect(asked).toEqual([7]);
    expect(await cache.get("user:7")).toEqual({ id: 7, name: "Ada" });
    await time.advanceAsync(60_000);
    await find(7);
    expect(asked).toEqual([7, 7]);
  });

  it("loads anew after invalidate, and replaces with refresh", async () => {
    const { cache } = open();
    let version = 0;
    const find = cache.cached(async (id: number) => `${id}.${++version}`, { key: (id) => `user:${id}` });
    expect(await find.invalidate(7)).toBe(false);
    expect(await find(7)).toBe("7.1");
    expect(await find.invalidate(7)).toBe(true);
    expect(await find(7)).toBe("7.2");
    expect(await find.refresh(7)).toBe("7.3");
    expect(await find(7)).toBe("7.3");
    expect(await find(8)).toBe("8.4");
    expect(find.key(7)).toBe("user:7");
  });

  it("does not keep what it loaded from before an invalidation", async () => {
    const { cache } = open();
    const answer = defer<string>();
    const find = cache.cached(() => answer.promise, { key: "only" });
    const early = find();
    await settle();
    await find.invalidate();
    answer.resolve("old");
    expect(await early).toBe("old");
    expect(await cache.exists("only")).toBe(false);
  });

  it("does not store undefined, and passes errors on as they are", async () => {
    const { cache } = open();
    const failure = new Error("source is down");
    const results: (() => Promise<string | undefined>)[] = [
      async () => undefined,
      () => Promise.reject(failure),
      () => {
        throw failure;
      },
      async () => "there",
    ];
    const find = cache.cached(async () => (results.shift() as () => Promise<string | undefined>)(), { key: () => "k" });
    expect(await find()).toBe(undefined);
    await expect(find()).rejects.toBe(failure);
    await expect(find()).rejects.toBe(failure);
    expect(await find()).toBe("there");
  });

  it("keeps its this, also for the key", async () => {
    const { cache } = open();
    class Shop {
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }
      readonly price = priceOf;
    }
    const priceOf = cache.cached(
      async function price(this: Shop, id: number) {
        return `${this.name} ${id}`;
      },
      {
        key(id) {
          return `${this.name}:${id}`;
        },
      },
    );
    const [one, two] = [new Shop("one"), new Shop("two")];
    expect([await one.price(1), await two.price(1)]).toEqual(["one 1", "two 1"]);
    expect(await priceOf.invalidate.call(one, 1)).toBe(true);
    expect(await cache.exists("two:1")).toBe(true);
    expect(await priceOf.refresh.call(two, 1)).toBe("two 1");
    expect(priceOf.key.call(two, 1)).toBe("two:1");
  });

  it("has the defaults of the namespace that made it", async () => {
    const { cache } = open();
    const users = cache.namespace("users", { ttl: "5m", negativeTtl: "10s" });
    const find = users.cached(
      async (id: number): Promise<string | null | undefined> => (id > 0 ? "there" : undefined),
      {
        key: String,
      },
    );
    await find(1);
    expect(await users.ttl("1")).toBe(300_000);
    expect(await find(0)).toBe(null);
    expect(await users.ttl("0")).toBe(10_000);
    expect(await cache.exists("1")).toBe(false);
  });

  it("rejects with what its key function throws, and for what is no key", async () => {
    const { cache } = open();
    const failure = new Error("no id");
    const called: unknown[] = [];
    const find = cache.cached(async (id: string | undefined) => void called.push(id), {
      key: (id) => {
        if (id === undefined) throw failure;
        return id;
      },
    });
    await expect(find(undefined)).rejects.toBe(failure);
    await expect(find.invalidate(undefined)).rejects.toBe(failure);
    await expect(find.refresh(undefined)).rejects.toBe(failure);
    expect(() => find.key(undefined)).toThrow(failure);
    await expect(find("")).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
    await expect(find(7 as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
    expect(called).toEqual([]);
  });
});

describe("cached", () => {
  it("keeps the function's name and length", () => {
    const { cache } = openMemoryCache();
    const find = cache.cached(
      async function findUser(id: number, region: string) {
        return `${id}${region}`;
      },
      { key: (id, region) => `${id}${region}` },
    );
    expect([find.name, find.length]).toEqual(["findUser", 2]);
  });

  it("does not take the function itself for its this", async () => {
    const { cache } = openMemoryCache();
    const seen: unknown[] = [];
    const find = cache.cached(
      async function find(this: unknown) {
        seen.push(this);
      },
      { key: "k" },
    );
    await find.refresh();
    await find();
    expect(seen).toEqual([undefined, undefined]);
  });

  it.each<[string, unknown, string]>([
    ["none", undefined, "key"],
    ["no key", { ttl: "1m" }, "key"],
    ["a key that is no text", { key: 5 }, "key"],
    ["a constant key of a function with arguments", { key: "k" }, "key"],
    ["a misspelt name", { key: String, tll: "1m" }, "tll"],
    ["a signal, which is of one call", { key: String, signal: new AbortController().signal }, "signal"],
    ["a wrong value", { key: String, jitter: 2 }, "jitter"],
  ])("refuses options at once: %s", (_what, options, argument) => {
    const { cache } = openMemoryCache();
    const wrap = (): unknown =>
      cache.cached((id: number) => Promise.resolve(id), options as CachedOptions<AsyncFunction>);
    expect(wrap).toThrow(expect.objectContaining({ code: "GCX_ARGUMENT_OPTION", argument }));
  });

  it("refuses what is no function, and arguments that a constant key cannot tell apart", async () => {
    const { cache } = openMemoryCache();
    expect(() => cache.cached(5 as never, { key: "k" as never })).toThrow(
      expect.objectContaining({ code: "GCX_LOADER_INVALID" }),
    );
    const greet = cache.cached(async (...names: string[]) => names.join(), { key: "k" as never });
    expect(await greet()).toBe("");
    await expect(greet("Ada")).rejects.toMatchObject({ code: "GCX_ARGUMENT_OPTION", argument: "key" });
  });

  it("rejects after the cache was closed", async () => {
    const { cache } = openMemoryCache();
    const find = cache.cached(async () => 1, { key: "k" });
    await cache.close();
    await expect(find()).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
    await expect(find.invalidate()).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
  });

  it("keeps the function's type", () => {
    const { cache } = openMemoryCache();
    const load = async (id: number, region = "eu"): Promise<User | undefined> => ({ id, name: region });
    const find = cache.cached(load, {
      key: (id, region) => {
        expectTypeOf(id).toEqualTypeOf<number>();
        expectTypeOf(region).toEqualTypeOf<string | undefined>();
        return `${id}${region}`;
      },
    });
    expectTypeOf(find).toExtend<typeof load>();
    expectTypeOf<ReturnType<typeof find>>().toEqualTypeOf<Promise<User | undefined>>();
    expectTypeOf<Parameters<typeof find>>().toEqualTypeOf<[id: number, region?: string | undefined]>();
    expectTypeOf(find.invalidate).returns.toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(find.refresh).parameters.toEqualTypeOf<[id: number, region?: string | undefined]>();
    expectTypeOf(find.refresh).returns.toEqualTypeOf<Promise<User | undefined>>();
    expectTypeOf(find.key).returns.toEqualTypeOf<string>();

    const generic = cache.cached(async <T extends string>(id: T) => ({ id }), { key: (id) => id });
    expectTypeOf(generic("a" as const)).toEqualTypeOf<Promise<{ id: "a" }>>();

    const ofShop = cache.cached(
      async function (this: { shop: string }) {
        return this.shop;
      },
      { key: "k" },
    );
    expectTypeOf<ThisParameterType<typeof ofShop>>().toEqualTypeOf<{ shop: string }>();

    // @ts-expect-error a constant key is for functions without arguments
    expect(() => cache.cached(async (id: number) => id, { key: "k" })).toThrow();
    // @ts-expect-error a function that returns no promise would change its type
    cache.cached((id: number) => id, { key: String });
    // @ts-expect-error the key's arguments are the function's
    cache.cached(async (id: number) => id, { key: (id: string) => id });
    // @ts-expect-error the same arguments
    void (() => find("7"));
    // @ts-expect-error what needs its `this` cannot be called without
    void (() => ofShop.refresh());
  });
});
