import { describe, expect, it } from "vitest";
import { GocachexError, InvalidArgumentError } from "../../src/foundation/errors.ts";
import { collect, openMemoryCache, openRemoteCache, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
];

describe.each(stores)("reading and writing on %s", (_name, open) => {
  it("misses with undefined and hits with what was written", async () => {
    const { cache } = open();
    expect(await cache.get("k")).toBeUndefined();
    const receipt = await cache.set("k", { a: 1 });
    expect(receipt).toMatchObject({ key: "k", coherent: true });
    expect(receipt.version).toBeGreaterThan(0);
    expect(await cache.get("k")).toEqual({ a: 1 });
  });

  it.each([null, 0, "", false, Number.NaN, -0, 10n])("takes %s for a value, not for a miss", async (value) => {
    const { cache } = open();
    await cache.set("k", value);
    expect(await cache.get("k")).toBe(value);
    expect(await cache.exists("k")).toBe(true);
  });

  it("tells all it knows about an entry", async () => {
    const { cache, store, time } = open();
    const { version } = await cache.set("k", 1, { ttl: "1m", tags: ["b", "a", "b"] });
    await time.advanceAsync(20_000);
    const entry = await cache.getEntry("k");
    expect(entry).toEqual({ value: 1, version, ttl: 40_000, tags: ["b", "a"], stale: false, tier: store.name });
    expect(await cache.getEntry("absent")).toBeUndefined();
  });

  it("gives every write of a key a larger version, also after a delete", async () => {
    const { cache } = open();
    const versions: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      versions.push((await cache.set("k", round)).version, (await cache.set("k", round)).version);
      await cache.delete("k");
    }
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(versions.length);
  });

  it("expires at the TTL, written as a number, a text or an option", async () => {
    const { cache, time } = open();
    await cache.set("ms", 1, 1_000);
    await cache.set("text", 1, "1s");
    await cache.set("option", 1, { ttl: "0.5s" });
    await cache.set("never", 1, Number.POSITIVE_INFINITY);
    await cache.set("off", 1, false);
    await time.advanceAsync(500);
    expect(await cache.exists("option")).toBe(false);
    await time.advanceAsync(499);
    expect(await cache.exists("ms")).toBe(true);
    await time.advanceAsync(1);
    expect([...(await cache.getMulti(["ms", "text", "option", "never", "off"])).keys()]).toEqual(["never", "off"]);
    expect(await cache.ttl("never")).toBe(Number.POSITIVE_INFINITY);
    expect(await cache.ttl("ms")).toBeUndefined();
  });

  it("leaves the key absent when the TTL is 0", async () => {
    const { cache } = open();
    await cache.set("k", "old");
    expect((await cache.set("k", "new", 0)).version).toBe(0);
    expect(await cache.exists("k")).toBe(false);
    await cache.set("k", "old");
    await cache.setMulti({ k: 1, l: 2 }, { ttl: 0 });
    expect(await cache.exists("k")).toBe(false);
  });

  it("shortens the TTL by at most the jitter", async () => {
    const { cache } = open();
    const ttls = new Set<number>();
    for (let index = 0; index < 50; index += 1) {
      await cache.set(`k${index}`, 1, { ttl: 1_000, jitter: 0.2 });
      const ttl = (await cache.ttl(`k${index}`)) as number;
      expect(ttl).toBeGreaterThan(799);
      expect(ttl).toBeLessThanOrEqual(1_000);
      ttls.add(ttl);
    }
    expect(ttls.size).toBeGreaterThan(25);
  });

  it("changes when an entry ends without changing its value", async () => {
    const { cache } = open();
    await cache.set("k", 1, "1s");
    expect(await cache.expire("k", "1m")).toBe(true);
    expect(await cache.ttl("k")).toBe(60_000);
    expect(await cache.get("k")).toBe(1);
    expect(await cache.expire("k", 0)).toBe(true);
    expect(await cache.exists("k")).toBe(false);
    expect(await cache.expire("absent", "1m")).toBe(false);
  });

  it("says of a delete whether there was something", async () => {
    const { cache } = open();
    await cache.set("k", 1);
    expect(await cache.delete("k")).toBe(true);
    expect(await cache.delete("k")).toBe(false);
  });

  it("reads and writes many keys, from a map, pairs or a record", async () => {
    const { cache } = open();
    await cache.setMulti(new Map([["a", 1]]));
    await cache.setMulti([["b", 2]]);
    await cache.setMulti({ c: 3 }, "1m");
    expect(await cache.getMulti(["c", "a", "x", "a"])).toEqual(
      new Map([
        ["c", 3],
        ["a", 1],
      ]),
    );
    expect(await cache.deleteMulti(["a", "b", "x", "a"])).toBe(2);
    expect((await cache.getMulti(new Set(["a", "b", "c"]))).size).toBe(1);
    expect((await cache.getMulti([])).size).toBe(0);
  });

  it("writes nothing of a batch when one of its items is wrong", async () => {
    const { cache } = open();
    await expect(
      cache.setMulti([
        ["a", 1],
        ["", 2],
      ]),
    ).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
    await expect(cache.setMulti({ a: 1, b: undefined })).rejects.toBeInstanceOf(TypeError);
    expect(await cache.exists("a")).toBe(false);
  });

  it("makes every entry with a tag a miss, and leaves the others and later writes alone", async () => {
    const { cache } = open();
    await cache.set("a", 1, { tags: ["t", "u"] });
    await cache.set("b", 2, { tags: ["u"] });
    await cache.set("c", 3);
    await cache.invalidateTags(["t"]);
    await cache.set("d", 4, { tags: ["t"] });
    expect([...(await cache.getMulti(["a", "b", "c", "d"])).keys()]).toEqual(["b", "c", "d"]);
    await cache.invalidateTags(["u", "t"]);
    expect([...(await cache.getMulti(["a", "b", "c", "d"])).keys()]).toEqual(["c"]);
  });

  it("lists and deletes keys by prefix, whatever they look like", async () => {
    const { cache } = open();
    const keys = ["user:1", "user:2", "@user", "@:x", "@@", "users", "ü:1", "a b", "a\r\nb"];
    await cache.setMulti(keys.map((key) => [key, key] as const));
    expect((await collect(cache.keys())).sort()).toEqual([...keys].sort());
    expect((await collect(cache.keys({ prefix: "user:" }))).sort()).toEqual(["user:1", "user:2"]);
    expect((await collect(cache.keys({ prefix: "@" }))).sort()).toEqual(["@:x", "@@", "@user"]);
    expect(await cache.deleteByPrefix("user:")).toBe(2);
    expect(await cache.deleteByPrefix("@")).toBe(3);
    expect((await collect(cache.keys())).sort()).toEqual(["a\r\nb", "a b", "users", "ü:1"].sort());
  });

  it("leaves at once with the reason of an aborted signal", async () => {
    const { cache } = open();
    const signal = AbortSignal.abort(new Error("gone"));
    await expect(cache.get("k", { signal })).rejects.toThrow("gone");
    await expect(cache.set("k", 1, { signal })).rejects.toThrow("gone");
    await expect(cache.getMulti(["k"], { signal })).rejects.toThrow("gone");
    await expect(cache.increment("k", 1, { signal })).rejects.toThrow("gone");
    await expect(cache.getOrSet("k", () => 1, { signal })).rejects.toThrow("gone");
    await expect(cache.invalidateTags(["t"], { signal })).rejects.toThrow("gone");
    await expect(collect(cache.keys({ signal }))).rejects.toThrow("gone");
    expect(await cache.exists("k")).toBe(false);
  });
});

describe.each(stores)("wrong arguments on %s", (_name, open) => {
  const wrongKeys: ReadonlyArray<readonly [string, unknown]> = [
    ["an empty key", ""],
    ["a key over 64 KiB", "k".repeat(65_537)],
    ["a key over 64 KiB in UTF-8 only", "ü".repeat(32_769)],
    ["a number", 5],
    ["nothing", undefined],
    ["null", null],
  ];
  it.each(wrongKeys)("refuses %s everywhere", async (_what, key) => {
    const { cache } = open();
    const bad = key as string;
    const calls = [
      cache.get(bad),
      cache.getEntry(bad),
      cache.set(bad, 1),
      cache.delete(bad),
      cache.exists(bad),
      cache.getMulti([bad]),
      cache.deleteMulti([bad]),
      cache.getOrSet(bad, () => 1),
      cache.getOrSetMulti([bad], () => new Map()),
      cache.increment(bad),
      cache.setNX(bad, 1),
      cache.getSet(bad, 1),
      cache.compareAndSet(bad, 0, 1),
      cache.update(bad, () => 1),
      cache.transaction([bad], () => 1),
      cache.lock(bad, { ttl: 100 }),
      cache.expire(bad, 1),
      cache.ttl(bad),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "GCX_ARGUMENT_KEY" } });
    }
    expect(() => cache.peek(bad)).toThrow(InvalidArgumentError);
  });

  it("takes a key of exactly 64 KiB", async () => {
    const { cache } = open();
    const key = "k".repeat(65_536);
    await cache.set(key, 1);
    expect(await cache.get(key)).toBe(1);
  });

  it("refuses undefined as a value with a TypeError that belongs to the family", async () => {
    const { cache } = open();
    await cache.set("k", "kept");
    const calls = [
      cache.set("k", undefined),
      cache.setNX("n", undefined),
      cache.getSet("k", undefined),
      cache.compareAndSet("k", 0, undefined),
    ];
    for (const result of await Promise.allSettled(calls)) {
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(TypeError);
      expect(reason).toBeInstanceOf(GocachexError);
      expect(reason.code).toBe("GCX_ARGUMENT_VALUE");
    }
    expect(await cache.get("k")).toBe("kept");
  });

  it.each([-1, Number.NaN, Number.NEGATIVE_INFINITY, 1e300, "soon", "5 m", "-1s", {}, null, true])(
    "refuses the TTL %j",
    async (ttl) => {
      const { cache } = open();
      await cache.set("k", "kept", "1m");
      await expect(cache.set("k", 1, { ttl: ttl as number })).rejects.toMatchObject({ code: "GCX_ARGUMENT_TTL" });
      await expect(cache.expire("k", ttl as number)).rejects.toMatchObject({ code: "GCX_ARGUMENT_TTL" });
      await expect(cache.getOrSet("n", () => 1, { ttl: ttl as number })).rejects.toMatchObject({
        code: "GCX_ARGUMENT_TTL",
      });
      expect(await cache.get("k")).toBe("kept");
      expect(await cache.ttl("k")).toBe(60_000);
    },
  );

  it("refuses options that do not exist or have the wrong type", async () => {
    const { cache } = open();
    const wrong = (options: object): never => options as never;
    const calls = [
      cache.set("k", 1, wrong({ tll: 5 })),
      cache.set("k", 1, wrong({ jitter: 2 })),
      cache.set("k", 1, wrong({ ack: "some" })),
      cache.get("k", wrong({ signal: 5 })),
      cache.get("k", wrong([])),
      cache.getOrSet("k", () => 1, wrong({ grase: "1m" })),
      cache.getOrSet("k", () => 1, wrong({ grace: -1 })),
      cache.getOrSet("k", () => 1, wrong({ staleWhileRevalidate: true })),
      cache.getOrSet("k", () => 1, wrong({ softTimeout: 0 })),
      cache.getOrSet("k", () => 1, wrong({ refreshAhead: 1 })),
      cache.getOrSet("k", () => 1, wrong({ earlyRefresh: -1 })),
      cache.getOrSet("k", () => 1, wrong({ negativeTtl: Number.POSITIVE_INFINITY })),
      cache.getOrSet("k", () => 1, wrong({ errorTtl: {} })),
      cache.getOrSet("k", () => 1, wrong({ distributedSingleFlight: { leese: 5 } })),
      cache.getOrSet("k", () => 1, wrong({ distributedSingleFlight: {} })),
      cache.getOrSet("k", () => 1, wrong({ hardTimeout: -1 })),
      cache.getOrSet("k", () => 1, wrong({ forceFresh: "yes" })),
      cache.increment("k", 1, wrong({ by: 2 })),
      cache.increment("k", 1, wrong({ opId: "" })),
      cache.update("k", () => 1, wrong({ maxAttempts: 0 })),
      cache.transaction(["k"], () => 1, wrong({ retries: 3 })),
      cache.lock("k", wrong({ ttl: 100, wait: -1 })),
      cache.compareAndSet("k", -1, 1),
      cache.update("k", 5 as never),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "GCX_ARGUMENT_OPTION" } });
    }
    expect(() => cache.namespace("n", wrong({ tll: 5 }))).toThrow(InvalidArgumentError);
    expect(() => cache.keys(wrong({ prefx: "a" }))).toThrow(InvalidArgumentError);
  });

  it("refuses tags that are no list of non-empty strings", async () => {
    const { cache } = open();
    for (const tags of ["t", [""], [5], ["x".repeat(1_025)], Array.from({ length: 129 }, (_, index) => `t${index}`)]) {
      await expect(cache.set("k", 1, { tags: tags as string[] })).rejects.toMatchObject({ code: "GCX_ARGUMENT_TAG" });
    }
    await expect(cache.invalidateTags("t" as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_TAG" });
  });

  it("refuses a string where a list of keys is meant, and pairs that are none", async () => {
    const { cache } = open();
    await expect(cache.getMulti("abc")).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
    await expect(cache.deleteMulti(5 as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_KEY" });
    await expect(cache.setMulti(["ab"] as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_VALUE" });
    await expect(cache.setMulti(null as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_VALUE" });
  });

  it("refuses a loader that is no function and a batch loader that returns no Map", async () => {
    const { cache } = open();
    await expect(cache.getOrSet("k", "value" as never)).rejects.toMatchObject({ code: "GCX_LOADER_INVALID" });
    await expect(cache.getOrSetMulti(["k"], () => [1] as never)).rejects.toMatchObject({ code: "GCX_LOADER_INVALID" });
  });
});
