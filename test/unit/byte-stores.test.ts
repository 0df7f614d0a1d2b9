import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { defineBackend } from "../../src/backend/define-backend.ts";
import type { EntryWrite, StoredEntry } from "../../src/backend/stored-entry.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheConfig } from "../../src/config/cache-config.ts";
import { createCache } from "../../src/create-cache.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";
import { TEST_KEY } from "../support/codec/compressions.ts";
import { strictDifference } from "../support/codec/strict-difference.ts";

/** A plug-in as users write it: a `Map` of bytes, and nothing but what has to be there. */
function createPlugin(): { readonly backend: Backend; readonly bytes: Map<string, Uint8Array> } {
  const bytes = new Map<string, Uint8Array>();
  let version = 0;
  const entryOf = (key: string): StoredEntry | undefined => {
    const value = bytes.get(key);
    return value === undefined ? undefined : { value, version: 1, expiresAt: Number.POSITIVE_INFINITY, tags: [] };
  };
  const backend = defineBackend({
    name: "plugin",
    capabilities: { storage: "bytes" },
    get: async (key) => entryOf(key),
    set: async (key, write: EntryWrite) => {
      version += 1;
      bytes.set(key, write.value as Uint8Array);
      return { stored: true, version };
    },
    delete: async (key) => bytes.delete(key),
  });
  return { backend, bytes };
}

const encryption = { keys: [Buffer.from(TEST_KEY).toString("base64")] };
const rich = {
  date: new Date(5),
  list: [1, undefined, -0, 5n],
  map: new Map([["k", new Set([1])]]),
  bytes: Buffer.from("b"),
};
const plain = { id: 7, name: "Ada", text: "again ".repeat(100) };

const configs: readonly (readonly [string, CacheConfig, unknown])[] = [
  ["the default", {}, rich],
  ["msgpack", { serializer: "msgpack" }, rich],
  ["v8", { serializer: "v8" }, rich],
  ["gob", { serializer: "gob" }, plain],
  ["json without envelopes", { envelope: false }, plain],
  ["compressed", { compression: true, compressionThreshold: 0 }, plain],
  ["encrypted", { encryption }, rich],
  [
    "compressed and encrypted msgpack",
    { serializer: "msgpack", compression: true, compressionAlgorithm: "zstd", encryption },
    rich,
  ],
];

describe("a plug-in that keeps bytes", () => {
  it.each(configs)(
    "%s: what is set comes back, alone, many at once and from a loader",
    async (_name, config, value) => {
      const { backend, bytes } = createPlugin();
      await using cache = createCache({ ...config, backend });
      await cache.set("k", value);
      expect(strictDifference(value, await cache.get("k"))).toBe(undefined);
      await cache.setMulti({ a: value, n: 5, t: "text" });
      const found = await cache.getMulti(["a", "n", "t", "missing"]);
      expect(strictDifference(value, found.get("a"))).toBe(undefined);
      expect([found.get("n"), found.get("t"), found.has("missing")]).toEqual([5, "text", false]);
      let loads = 0;
      const load = (): Promise<unknown> => {
        loads += 1;
        return Promise.resolve(value);
      };
      await cache.getOrSet("loaded", load);
      expect(strictDifference(value, await cache.getOrSet("loaded", load))).toBe(undefined);
      expect(loads).toBe(1);
      expect([...bytes.values()].every((each) => each instanceof Uint8Array)).toBe(true);
    },
  );

  it.each(configs)("%s: what the store keeps can be read by another cache over it", async (_name, config, value) => {
    const { backend } = createPlugin();
    await using first = createCache({ ...config, backend });
    await using second = createCache({ ...config, backend: { ...backend } });
    await first.namespace("shop").set("k", value);
    expect(strictDifference(value, await second.namespace("shop").get("k"))).toBe(undefined);
    expect(await second.get("k")).toBe(undefined);
  });

  it("does not see what is encrypted, and moved bytes are a miss that somebody is told of", async () => {
    const { backend, bytes } = createPlugin();
    await using cache = createCache({ backend, encryption });
    const events: unknown[] = [];
    cache.on("unreadable", (event) => events.push(event));
    const shop = cache.namespace("shop");
    await shop.set("a", "a secret");
    const [[storedKey, stored]] = [...bytes] as [[string, Uint8Array]];
    expect(Buffer.from(stored).includes("secret")).toBe(false);
    const other = storedKey.slice(0, -1);
    bytes.set(`${other}b`, stored);
    bytes.set("a", stored);
    expect(await shop.get("b")).toBe(undefined);
    expect(await cache.get("a")).toBe(undefined);
    expect(await shop.get("a")).toBe("a secret");
    expect(events).toMatchObject([
      { key: "b", namespace: "shop", reason: "not-authentic" },
      { key: "a", namespace: "", reason: "not-authentic" },
    ]);
    expect(JSON.stringify(events)).not.toContain("secret");
  });

  it("may hold bytes of others: a miss and an event, or an error when that is asked for", async () => {
    const { backend, bytes } = createPlugin();
    bytes.set("k", Buffer.from('{"a":1}'));
    await using cache = createCache({ backend });
    const events: unknown[] = [];
    cache.on("unreadable", (event) => events.push(event));
    expect(await cache.get("k")).toBe(undefined);
    expect(await cache.exists("k")).toBe(false);
    expect(await cache.getOrSet("k", async () => "loaded")).toBe("loaded");
    expect(await cache.get("k")).toBe("loaded");
    expect(events[0]).toEqual({ key: "k", namespace: "", reason: "foreign", detail: "bytes of another program" });
    bytes.set("k", Buffer.from('{"a":1}'));
    await using strict = createCache({ backend: { ...backend }, unreadableValues: "error" });
    await expect(strict.get("k")).rejects.toMatchObject({ code: "GCX_SERIALIZATION_UNREADABLE", reason: "foreign" });
    expect(await strict.health()).toMatchObject({ status: "up" });
  });

  it("without envelopes reads and writes what other programs do", async () => {
    const { backend, bytes } = createPlugin();
    await using cache = createCache({ backend, envelope: false });
    bytes.set("theirs", Buffer.from('{"a":[1,null]}'));
    expect(await cache.get("theirs")).toEqual({ a: [1, null] });
    await cache.set("ours", { b: "é" });
    expect(Buffer.from(bytes.get("ours") as Uint8Array).toString()).toBe('{"b":"é"}');
    await expect(cache.set("k", new Date(0))).rejects.toMatchObject({ code: "GCX_SERIALIZATION_VALUE" });
    expect(bytes.has("k")).toBe(false);
  });

  it("refuses what is too large before the store sees it", async () => {
    const { backend, bytes } = createPlugin();
    await using cache = createCache({ backend, maxValueSize: "1KB" });
    await expect(cache.set("k", "x".repeat(2_000))).rejects.toMatchObject({
      code: "GCX_SERIALIZATION_VALUE",
      path: "$",
    });
    expect(bytes.size).toBe(0);
  });
});

describe("atomic operations over bytes", () => {
  const open = (config: CacheConfig): { cache: Cache; store: Backend } => {
    const store = createMapBackend({ async: true, storage: "bytes" });
    return { store, cache: createCache({ ...config, backend: store }) };
  };
  const foreign: EntryWrite = { value: Buffer.from("foreign"), ttlMs: Number.POSITIVE_INFINITY, tags: [] };

  it.each<readonly [string, CacheConfig]>([
    ["in the clear", {}],
    ["encrypted", { encryption }],
    ["compressed", { compression: true, compressionThreshold: 0 }],
    ["msgpack", { serializer: "msgpack" }],
  ])("%s: counters count what was set, and are read as numbers", async (_name, config) => {
    const { cache } = open(config);
    await using _closing = cache;
    await cache.set("n", 5);
    expect(await cache.increment("n")).toBe(6);
    expect(await cache.get("n")).toBe(6);
    expect(await cache.increment("new", 2)).toBe(2);
    expect(await cache.decrement("new", 5)).toBe(-3);
    expect(await cache.get("new")).toBe(-3);
    expect(await cache.increment("large", 2n ** 60n)).toBe(2n ** 60n);
    expect(await cache.get("large")).toBe(2n ** 60n);
    await Promise.all(Array.from({ length: 20 }, () => cache.increment("many")));
    expect(await cache.get("many")).toBe(20);
    await cache.set("text", "5");
    await expect(cache.increment("text")).rejects.toMatchObject({ code: "GCX_COUNTER_TYPE" });
  });

  it.each<readonly [string, CacheConfig]>([
    ["in the clear", {}],
    ["encrypted", { encryption }],
  ])("%s: what nobody can read is absent for all of them", async (_name, config) => {
    const { cache, store } = open(config);
    await using _closing = cache;
    const spoil = (): unknown => store.set("k", foreign, {});
    await spoil();
    expect(await cache.setNX("k", "first")).toBe(true);
    expect(await cache.setNX("k", "second")).toBe(false);
    expect(await cache.get("k")).toBe("first");
    await spoil();
    expect(await cache.getSet("k", "next")).toBe(undefined);
    await spoil();
    const seen: unknown[] = [];
    const updated = await cache.update("k", (current) => {
      seen.push(current);
      return "updated";
    });
    expect([updated, seen]).toEqual(["updated", [undefined]]);
    await spoil();
    const result = await cache.transaction(["k", "other"], async (tx) => {
      seen.push(await tx.get("k"));
      tx.set("k", "in a transaction");
      tx.set("other", 1);
      return "done";
    });
    expect(result).toBe("done");
    expect(seen).toEqual([undefined, undefined]);
    expect(await cache.get("k")).toBe("in a transaction");
    await spoil();
    expect(await cache.delete("k")).toBe(true);
  });

  it("compareAndSet knows versions of the store, not of the bytes", async () => {
    const { cache, store } = open({});
    await using _closing = cache;
    await cache.set("k", "one");
    const { version } = (await cache.getEntry("k")) as { version: number };
    expect(await cache.compareAndSet("k", version, "two")).toMatchObject({ ok: true });
    expect(await cache.compareAndSet("k", version, "three")).toMatchObject({ ok: false });
    await store.set("k", foreign, {});
    expect(await cache.compareAndSet("k", 0, "first again")).toMatchObject({ ok: true });
    expect(await cache.get("k")).toBe("first again");
  });

  it("TTL and tags are the store's and stay as they are", async () => {
    const { cache } = open({ encryption });
    await using _closing = cache;
    await cache.set("k", { a: 1 }, { ttl: "1m", tags: ["t"] });
    expect(await cache.ttl("k")).toBeGreaterThan(59_000);
    await cache.increment("n", 1, { ttl: "1m" });
    await cache.increment("n");
    expect(await cache.ttl("n")).toBeGreaterThan(59_000);
    expect(await cache.expire("k", "5m")).toBe(true);
    expect(await cache.ttl("k")).toBeGreaterThan(299_000);
    expect((await cache.getEntry("k"))?.tags).toEqual(["t"]);
    await cache.invalidateTags(["t"]);
    expect(await cache.get("k")).toBe(undefined);
  });
});
