import { afterEach, describe, expect, it } from "vitest";
import { closeApis, jsonValue, startTestApi } from "./support/grpc-api.ts";

afterEach(closeApis);

/** What this language has and JSON has not. */
const APPROXIMATE = { approximate: true };

describe("a client that is written from cache.proto alone", () => {
  it("reads what the library has written, and the library reads what it has written", async () => {
    const running = await startTestApi();
    const { cache, client } = running;
    expect(running.missing).toEqual([]);
    await cache.set("json", { name: "ü", list: [1, null, true] });
    await cache.set("bytes", Buffer.from([0, 255, 10]));
    await cache.set("bigint", 2n ** 80n);
    await cache.set("date", new Date(0));
    await cache.set("text", "");
    const value = async (key: string): Promise<unknown> => (await client.call("Get", { key }))["value"];
    expect(await value("json")).toEqual(jsonValue({ name: "ü", list: [1, null, true] }));
    expect(await value("bytes")).toEqual({ data: Buffer.from([0, 255, 10]), kind: "CONTENT_KIND_BYTES" });
    expect(await value("bigint")).toEqual({ data: Buffer.from(String(2n ** 80n)), kind: "CONTENT_KIND_BIGINT" });
    expect(await value("date")).toEqual({ ...jsonValue("1970-01-01T00:00:00.000Z"), ...APPROXIMATE });
    expect(await value("text")).toEqual(jsonValue(""));
    expect(await value("absent")).toBeUndefined();

    await client.call("Set", { key: "a", value: jsonValue({ deep: [{ a: "é" }] }) });
    await client.call("Set", { key: "b", value: { data: Buffer.from([1, 2]), kind: "CONTENT_KIND_BYTES" } });
    await client.call("Set", { key: "c", value: { data: Buffer.from("-12"), kind: "CONTENT_KIND_BIGINT" } });
    await client.call("Set", { key: "d", value: { kind: "CONTENT_KIND_BYTES" } });
    expect(await cache.get("a")).toEqual({ deep: [{ a: "é" }] });
    expect(await cache.get("b")).toEqual(Buffer.from([1, 2]));
    expect(await cache.get("c")).toBe(-12n);
    expect(await cache.get("d")).toEqual(Buffer.alloc(0));
  });

  it("reads an entry with its version, TTL, tags and tier", async () => {
    const running = await startTestApi();
    const { client } = running;
    const written = await client.call("Set", { key: "k", value: jsonValue(1), ttl_ms: 60_000, tags: ["a,b", "c"] });
    expect(written).toMatchObject({ coherent: true, epoch: expect.stringMatching(/./) });
    const { entry } = await client.call("GetEntry", { key: "k" });
    expect(entry).toMatchObject({ value: jsonValue(1), tags: ["a,b", "c"], tier: "memory" });
    const { version, ttl_ms: ttlMs } = entry as { version: string; ttl_ms: string };
    expect(version).toBe(written["version"]);
    expect(Number(ttlMs)).toBeGreaterThan(59_000);
    expect(Number(ttlMs)).toBeLessThanOrEqual(60_000);
    expect(await client.call("GetEntry", { key: "absent" })).toEqual({});
  });

  it("says how long an entry lives, and changes it", async () => {
    const running = await startTestApi();
    const { client, cache } = running;
    await client.call("Set", { key: "k", value: jsonValue(1), ttl_ms: -1 });
    expect(await client.call("Ttl", { key: "k" })).toEqual({ ttl_ms: "-1" });
    expect(await client.call("Expire", { key: "k", ttl_ms: 5_000 })).toEqual({ found: true });
    expect(await cache.ttl("k")).toBeGreaterThan(4_000);
    expect(await client.call("Expire", { key: "k", ttl_ms: 0 })).toEqual({ found: true });
    expect(await client.call("Exists", { key: "k" })).toEqual({});
    expect(await client.call("Expire", { key: "k", ttl_ms: 1 })).toEqual({});
    expect(await client.call("Ttl", { key: "k" })).toEqual({});
    await expect(client.call("Expire", { key: "k" })).rejects.toMatchObject({ status: 3, code: "GCX_NODE_REQUEST" });
    await client.call("Set", { key: "s", value: jsonValue(1), ttl_ms: 0 });
    expect(await cache.exists("s")).toBe(false);
  });

  it("keeps namespaces apart, as the library does", async () => {
    const running = await startTestApi();
    const { client, cache } = running;
    await client.call("Set", { namespace: "shop/eu", key: "k", value: jsonValue("eu") });
    expect(await cache.namespace("shop").namespace("eu").get("k")).toBe("eu");
    expect(await client.call("Get", { namespace: "shop", key: "k" })).toEqual({});
    await expect(client.call("Get", { namespace: "shop//eu", key: "k" })).rejects.toMatchObject({ status: 3 });
    await client.call("Clear", { namespace: "shop" });
    expect(await client.call("Get", { namespace: "shop/eu", key: "k" })).toEqual({});
  });

  it("reads, writes and deletes many keys", async () => {
    const running = await startTestApi({ maxBatchKeyCount: 3 });
    const { client, cache } = running;
    const entries = ["a", "b", "a"].map((key, at) => ({ key, value: jsonValue(at) }));
    expect(await client.call("SetMulti", { entries, ttl_ms: 60_000, tags: ["t"] })).toEqual({ written: "2" });
    expect(await cache.get("a")).toBe(2);
    expect(await client.call("GetMulti", { keys: ["a", "absent", "b"] })).toEqual({
      entries: [
        { key: "a", value: jsonValue(2) },
        { key: "b", value: jsonValue(1) },
      ],
    });
    expect(await client.call("DeleteMulti", { keys: ["a", "absent"] })).toEqual({ deleted: "1" });
    expect(await client.call("Delete", { key: "b" })).toEqual({ deleted: true });
    expect(await client.call("Delete", { key: "b" })).toEqual({});
    for (const keys of [[], ["1", "2", "3", "4"]])
      await expect(client.call("GetMulti", { keys })).rejects.toMatchObject({ status: 3, code: "GCX_NODE_REQUEST" });
  });

  it("counts in 64 bits, and once for an id", async () => {
    const running = await startTestApi();
    const { client, cache } = running;
    expect(await client.call("Increment", { key: "n" })).toEqual({ value: "1" });
    expect(await client.call("Increment", { key: "n", delta: -5 })).toEqual({ value: "-4" });
    expect(await client.call("Increment", { key: "n", delta: 0 })).toEqual({ value: "-4" });
    expect(await cache.get("n")).toBe(-4);
    expect(await cache.increment("n", 1)).toBe(-3);
    const large = { key: "large", delta: "9007199254740993", initial: 1, ttl_ms: 60_000, op_id: "once" };
    expect(await client.call("Increment", large)).toEqual({ value: "9007199254740994" });
    expect(await client.call("Increment", large)).toEqual({ value: "9007199254740994" });
    expect(await cache.ttl("large")).toBeGreaterThan(50_000);
    await cache.set("word", "x");
    await expect(client.call("Increment", { key: "word" })).rejects.toMatchObject({
      status: 9,
      code: "GCX_COUNTER_TYPE",
    });
    const overflow = client.call("Increment", { key: "large", delta: String(2n ** 63n - 1n) });
    await expect(overflow).rejects.toMatchObject({ status: 11, code: "GCX_COUNTER_RANGE" });
  });

  it("writes only on its conditions", async () => {
    const running = await startTestApi();
    const { client, cache } = running;
    expect(await client.call("SetNX", { key: "k", value: jsonValue(1) })).toEqual({ written: true });
    expect(await client.call("SetNX", { key: "k", value: jsonValue(2) })).toEqual({});
    expect(await client.call("GetSet", { key: "k", value: jsonValue(3) })).toEqual({ previous: jsonValue(1) });
    expect(await client.call("GetSet", { key: "new", value: jsonValue(3) })).toEqual({});
    const { version } = (await cache.getEntry("k")) as { version: number };
    const swap = { key: "k", value: jsonValue(4), expected_version: version };
    const swapped = await client.call("CompareAndSet", swap);
    expect(swapped).toEqual({ written: true, version: String((await cache.getEntry("k"))?.version) });
    expect(await client.call("CompareAndSet", swap)).toEqual({ version: swapped["version"] });
    expect(await cache.get("k")).toBe(4);
  });

  it("ends the entries of tags and of a prefix", async () => {
    const running = await startTestApi();
    const { client, cache } = running;
    await cache.setMulti({ "a:1": 1, "a:2": 2, "b:1": 3 }, { tags: ["all"] });
    expect(await client.call("DeleteByPrefix", { prefix: "a:" })).toEqual({ deleted: "2" });
    expect(await cache.exists("b:1")).toBe(true);
    await client.call("InvalidateTags", { tags: ["all"] });
    expect(await cache.exists("b:1")).toBe(false);
    await expect(client.call("DeleteByPrefix")).rejects.toMatchObject({ status: 3 });
    await expect(client.call("InvalidateTags")).rejects.toMatchObject({ status: 3 });
  });

  it("lists keys, many in a message", async () => {
    const running = await startTestApi();
    const { client, cache } = running;
    const names = Array.from({ length: 5_000 }, (_, at) => `key:${String(at).padStart(5, "0")}`);
    await cache.setMulti([...names, "other"].map((name) => [name, 1] as const));
    const messages = await client.list("Keys", { prefix: "key:" });
    const keys = messages.flatMap((message) => message["keys"] as string[]);
    expect(keys.toSorted()).toEqual(names);
    expect(messages.length).toBeLessThan(10);
    const limited = await client.list("Keys", { limit: 3 });
    expect(limited.flatMap((message) => message["keys"] as string[])).toHaveLength(3);
    expect(await client.list("Keys", { namespace: "empty" })).toEqual([]);
  });

  it("locks, extends and releases by its lease alone", async () => {
    const running = await startTestApi();
    const { client, cache } = running;
    const place = { namespace: "a", name: "job" };
    const held = await client.call("AcquireLock", { ...place, ttl_ms: 30_000 });
    expect(Number(held["valid_for_ms"])).toBeGreaterThan(20_000);
    await expect(client.call("AcquireLock", { ...place, ttl_ms: 1_000 })).rejects.toMatchObject({
      status: 10,
      code: "GCX_LOCK_NOT_ACQUIRED",
    });
    await expect(cache.namespace("a").lock("job", { ttl: 1_000 })).rejects.toThrow("still held");
    const { lease } = held;
    expect(await client.call("ExtendLock", { ...place, lease, ttl_ms: 60_000 })).toMatchObject({
      token: held["token"],
    });
    const elsewhere = { namespace: "b", name: "job", lease };
    await expect(client.call("ExtendLock", elsewhere)).rejects.toMatchObject({ status: 9, code: "GCX_LOCK_LOST" });
    expect(await client.call("ReleaseLock", elsewhere)).toEqual({});
    expect(await client.call("ReleaseLock", { ...place, lease })).toEqual({ released: true });
    const next = await client.call("AcquireLock", { ...place, ttl_ms: 1_000, wait_ms: 1_000 });
    expect(Number(next["token"])).toBeGreaterThan(Number(held["token"]));
  });

  it("sees the counters and the health of the cache", async () => {
    const running = await startTestApi();
    const { client } = running;
    await client.call("Set", { namespace: "n", key: "k", value: jsonValue(1) });
    await client.call("Get", { namespace: "n", key: "k" });
    await client.call("Get", { namespace: "n", key: "absent" });
    const stats = await client.call("Stats", { namespace: "n" });
    expect(stats).toMatchObject({ hits: "1", misses: "1", sets: "1", key_count: "1", tiers: [{ name: "memory" }] });
    expect(await client.call("Health")).toMatchObject({
      status: "HEALTH_STATUS_UP",
      checks: [{ name: "memory", status: "HEALTH_STATUS_UP" }],
    });
  });
});
