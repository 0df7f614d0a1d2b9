import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startMemcached } from "../../scripts/servers/start-memcached.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { createMemcachedBackend } from "../../src/backends/memcached/memcached-backend.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { MEMCACHED_HOST, memcachedSettings } from "./support/memcached-target.ts";

let server: TestServer;
let one: Cache;
let two: Cache;

beforeAll(async () => {
  server = await startMemcached();
});

afterAll(() => server.stop());

beforeEach(() => {
  const open = (): Cache =>
    createCache({ namespace: "test", backend: createMemcachedBackend(memcachedSettings(server), MEMCACHED_HOST) });
  [one, two] = [open(), open()];
});

afterEach(async () => {
  await one.clear();
  await Promise.all([one.close(), two.close()]);
});

describe("two caches on one Memcached", () => {
  it("share values of every type, TTLs and batches", async () => {
    const value = { date: new Date(5), list: [1n, undefined, -0], map: new Map([["k", new Set([1])]]) };
    await one.set("rich", value, "1m");
    expect(await two.get("rich")).toEqual(value);
    expect(Math.abs(((await two.ttl("rich")) ?? 0) - 60_000)).toBeLessThan(2_000);
    await one.setMulti({ a: 1, b: null, c: "" });
    expect(await two.getMulti(["a", "b", "c", "d"])).toEqual(
      new Map<string, unknown>([
        ["a", 1],
        ["b", null],
        ["c", ""],
      ]),
    );
    expect(await two.deleteMulti(["a", "b", "d"])).toBe(2);
    expect(await one.expire("c", 1)).toBe(true);
  });

  it("never lose an update: counters, compareAndSet, update, setNX, getSet", async () => {
    await Promise.all(Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? one : two).increment("n")));
    expect(await one.get("n")).toBe(64);
    expect(await two.decrement("n", 100)).toBe(-36);
    await one.set("sum", 0);
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (index % 2 === 0 ? one : two).update<number>("sum", (sum) => (sum ?? 0) + 1),
      ),
    );
    expect(await one.get("sum")).toBe(12);
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).setNX("lock", index)),
    );
    expect(won.filter(Boolean).length).toBe(1);
    await one.set("slot", "first");
    expect([await two.getSet("slot", "second"), await one.get("slot")]).toEqual(["first", "second"]);
    const entry = await one.getEntry("slot");
    await two.set("slot", "third");
    expect((await one.compareAndSet("slot", entry?.version ?? 0, "late")).ok).toBe(false);
  });

  it("change one key in a transaction, and refuse two with what to do instead", async () => {
    await one.set("balance", 10);
    const take = (cache: Cache): Promise<void> =>
      cache.transaction(["balance"], (tx) => tx.set("balance", (tx.get<number>("balance") ?? 0) - 1));
    await Promise.all([take(one), take(two), take(one)]);
    expect(await two.get("balance")).toBe(7);
    const both = one.transaction(["balance", "other"], (tx) => tx.set("other", 1));
    await expect(both).rejects.toMatchObject({ code: "GCX_OPERATION_UNSUPPORTED" });
    await expect(one.lock("x", { ttl: "1s" })).rejects.toMatchObject({ code: "GCX_OPERATION_UNSUPPORTED" });
  });

  it("end by tag and by namespace what either wrote, and store loads again afterwards", async () => {
    let loads = 0;
    const loader = (): string => {
      loads += 1;
      return `load ${loads}`;
    };
    const load = (cache: Cache): Promise<string> => cache.getOrSet("page", loader, { ttl: "1m", tags: ["pages"] });
    expect([await load(one), await load(two), await load(one)]).toEqual(["load 1", "load 1", "load 1"]);
    await two.invalidateTags(["pages"]);
    expect([await load(one), await load(two)]).toEqual(["load 2", "load 2"]);
    await one.set("kept", 1);
    await one.namespace("inner").set("gone", 1);
    await two.namespace("inner").clear();
    expect(await one.namespace("inner").get("gone")).toBeUndefined();
    expect(await one.get("kept")).toBe(1);
    await two.clear();
    expect(await one.get("kept")).toBeUndefined();
  });

  it("store no load whose tag the other invalidated while it ran", async () => {
    let finish: (value: string) => void = () => undefined;
    const result = new Promise<string>((resolve) => {
      finish = resolve;
    });
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const load = (): Promise<string> => {
      begin();
      return result;
    };
    const loading = one.getOrSet("key", load, { ttl: "1m", tags: ["t"] });
    await begun;
    await two.invalidateTags(["t"]);
    finish("old");
    expect(await loading).toBe("old");
    expect(await two.get("key")).toBeUndefined();
  });
});

describe("a plain entry that is written with the rest of its TTL again and again", () => {
  it("ends all the same, though the server counts whole seconds", async () => {
    const { host, port } = server;
    const cache = createCache({
      backend: "memcached",
      consistency: { mode: "plain" },
      memcached: { servers: [`${host}:${port}`], timeout: "2s" },
    });
    const startedAt = performance.now();
    await cache.set("busy", 1, "2s");
    let last = 1;
    do {
      await delay(100);
      // `update` keeps the TTL; nothing to begin with means that it is over.
      last = await cache.update<number>("busy", (value) => (value === undefined ? -1 : value + 1));
    } while (last > 0 && performance.now() - startedAt < 15_000);
    expect(last).toBe(-1);
    await cache.close();
  });
});
