import { describe, expect, it } from "vitest";
import { defineBackend } from "../../src/backend/define-backend.ts";
import { assembleCache } from "../../src/cache/assemble-cache.ts";
import type { Cache } from "../../src/cache/cache.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import { BackendError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { defer, openMemoryCache, openRemoteCache, settle } from "../support/open-cache.ts";

type Definition = Parameters<typeof defineBackend>[0];

/** A cache over a store that a test defines. */
function openPlugin(definition: Partial<Definition>): { cache: Cache; time: FakeTime } {
  const time = createFakeTime();
  const backend = defineBackend({
    name: "plug-in",
    get: () => undefined,
    set: () => ({ stored: true, version: 1 }),
    delete: () => false,
    ...definition,
  });
  const cache = assembleCache({
    backend,
    events: new EventHub(""),
    clock: time.clock,
    scheduler: time.scheduler,
    random: createSeededRandom(1),
    deadlines: { connectMs: 500, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 1_000 },
    defaultTtlMs: Number.POSITIVE_INFINITY,
    rootPath: "",
  });
  return { cache, time };
}

const disk = (): never => {
  throw new Error("disk");
};

describe("a store that throws", () => {
  it.each([true, false])("has its errors translated, and getOrSet goes on without it (local: %s)", async (local) => {
    const { cache } = openPlugin({ capabilities: { local }, peek: disk, get: disk, set: disk, delete: disk });
    const errors: string[] = [];
    cache.on("error", (event) => errors.push(event.operation));
    for (const call of [
      cache.get("k"),
      cache.set("k", 1),
      cache.delete("k"),
      cache.exists("k"),
      cache.getMulti(["k"]),
    ]) {
      await expect(call).rejects.toBeInstanceOf(BackendError);
    }
    expect(await cache.getOrSet("k", () => "loaded")).toBe("loaded");
    expect((await cache.getOrSetMulti(["k"], () => new Map([["k", 1]]))).get("k")).toBe(1);
    expect(errors.length).toBeGreaterThanOrEqual(2);
  });

  it("while closing does not keep the cache from closing", async () => {
    const { cache } = openPlugin({ close: disk });
    const seen: string[] = [];
    cache.on("close", () => seen.push("close"));
    cache.on("error", (event) => seen.push(event.operation));
    await cache.close();
    expect(seen).toEqual(["close", "close"]);
  });
});

describe("closing at a bad moment", () => {
  it("starts no load for a caller whose read was still running", async () => {
    const read = defer<undefined>();
    let calls = 0;
    const { cache, time } = openPlugin({ get: () => read.promise });
    const loading = expect(
      cache.getOrSet("k", () => {
        calls += 1;
        return 1;
      }),
    ).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
    await settle();
    const closing = cache.close();
    read.resolve(undefined);
    await loading;
    await closing;
    expect(calls).toBe(0);
    expect(time.pendingCount()).toBe(0);
  });

  it("aborts an attempt to connect and waits for it before the store is closed", async () => {
    const log: string[] = [];
    const { cache } = openPlugin({
      connect: ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener("abort", () => {
            log.push("aborted");
            reject(signal.reason);
          });
        }),
      close: () => void log.push("closed"),
    });
    const reading = expect(cache.get("k")).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
    await settle();
    await cache.close();
    await reading;
    expect(log).toEqual(["aborted", "closed"]);
  });

  it("waits for a write that is running", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const held = store.hold("set", { calls: 1 });
    const writing = cache.set("k", 1);
    await held.arrived();
    let isClosed = false;
    const closing = cache.close().then(() => {
      isClosed = true;
    });
    await settle();
    expect(isClosed).toBe(false);
    held.release();
    await writing;
    await closing;
  });

  it("tells the holders of locks", async () => {
    const { cache, time } = openMemoryCache();
    const lock = await cache.lock("l", { ttl: "1m" });
    await cache.close();
    expect(lock.signal.aborted).toBe(true);
    expect(time.pendingCount()).toBe(0);
  });
});

describe("calls before the first connection", () => {
  it("reach the store in their order", async () => {
    const { cache } = openRemoteCache();
    const first = cache.set("k", "first");
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
    const second = cache.set("k", "second");
    await Promise.all([first, second]);
    expect(await cache.get("k")).toBe("second");
  });
});

describe("listeners", () => {
  it("that throw the unprintable or reject change nothing and end nothing", async () => {
    const { cache } = openMemoryCache();
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", onWarning);
    cache.on("set", () => {
      throw Object.create(null);
    });
    cache.on("set", () => Promise.reject(new Error("later")) as never);
    cache.on("hit", () => {
      throw Object.create(null);
    });
    await cache.set("k", 1);
    expect(await cache.get("k")).toBe(1);
    expect(cache.peek("k")).toBe(1);
    await settle();
    process.off("warning", onWarning);
    expect(warnings).toEqual([
      'A listener of "set" threw: object',
      'A listener of "set" threw: later',
      'A listener of "hit" threw: object',
      'A listener of "hit" threw: object',
    ]);
  });

  it("must be functions, of events that exist", () => {
    const { cache } = openMemoryCache();
    expect(() => cache.on("hitt" as "hit", () => undefined)).toThrow("no such event");
    expect(() => cache.on("hit", undefined as never)).toThrow("must be a function");
  });
});

describe("arguments that look right", () => {
  it("are refused where something else was meant", async () => {
    const { cache } = openMemoryCache();
    for (const options of [new Date(), Promise.resolve(), new Map(), [], () => undefined]) {
      await expect(cache.set("k", 1, options as never)).rejects.toMatchObject({ name: "InvalidArgumentError" });
    }
    for (const items of [Promise.resolve({ k: 1 }), new Date(), "ab"]) {
      await expect(cache.setMulti(items as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_VALUE" });
    }
    for (const delta of ["5", null, true, [7], new Date()]) {
      await expect(cache.decrement("n", delta as never)).rejects.toMatchObject({ code: "GCX_ARGUMENT_COUNTER" });
    }
    expect(() => cache.keys({ prefix: null as never })).toThrow("prefix");
    await expect(cache.lock("l", { ttl: 100, wait: false as never })).rejects.toMatchObject({
      code: "GCX_ARGUMENT_OPTION",
    });
    await (await cache.lock("l", { ttl: 100, wait: "0s" })).release();
    await expect(cache.getMulti([], { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
    const tooMany = cache.getOrSet("k", (context) => {
      for (let index = 0; index <= 128; index += 1) context.addTags(`t${index}`);
      return 1;
    });
    await expect(tooMany).rejects.toMatchObject({ code: "GCX_ARGUMENT_TAG" });
  });
});

describe("facts and numbers", () => {
  it("count and tell every write, also of counters, and only deletes that removed something", async () => {
    const { cache } = openMemoryCache();
    const sets: string[] = [];
    cache.on("set", (event) => sets.push(event.key));
    await cache.increment("n");
    await cache.decrement("n", 2n);
    await cache.set("k", 1);
    await cache.delete("absent");
    await cache.transaction(["absent"], (tx) => tx.delete("absent"));
    await cache.delete("k");
    expect(sets).toEqual(["n", "n", "k"]);
    expect(cache.stats()).toMatchObject({ sets: 3, deletes: 1 });
  });

  it("have the hit ratio of hits", async () => {
    const { cache } = openMemoryCache();
    await cache.set("k", 1);
    for (const key of ["k", "k", "absent"]) await cache.get(key);
    expect(cache.stats().hitRatio).toBeCloseTo(2 / 3, 10);
    expect(openMemoryCache().cache.stats().hitRatio).toBe(0);
  });

  it("draw jitter for every entry of a batch by itself", async () => {
    const { cache } = openMemoryCache();
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    await cache.setMulti(
      keys.map((key) => [key, 1] as const),
      { ttl: "1h", jitter: 0.5 },
    );
    expect(new Set(await Promise.all(keys.map((key) => cache.ttl(key)))).size).toBeGreaterThan(15);
  });

  it("of a batch up to a value that is too large are right, and name it", async () => {
    const { cache } = openMemoryCache({ maxSizeBytes: 3_000 });
    const seen: string[] = [];
    cache.on("set", (event) => seen.push(`set ${event.key}`));
    cache.on("refuse", (event) => seen.push(`refuse ${event.key}`));
    await expect(cache.setMulti({ a: 1, huge: Buffer.alloc(9_000), b: 2 })).rejects.toMatchObject({
      code: "GCX_ENTRY_TOO_LARGE",
    });
    expect(seen).toEqual(["set a", "refuse huge"]);
    const loaded = await cache.getOrSetMulti(
      ["c", "large", "d"],
      () =>
        new Map<string, unknown>([
          ["c", 1],
          ["large", Buffer.alloc(9_000)],
          ["d", 2],
        ]),
    );
    expect([...loaded.keys()].sort()).toEqual(["c", "d", "large"]);
    expect([await cache.exists("c"), await cache.exists("large"), await cache.exists("d")]).toEqual([
      true,
      false,
      true,
    ]);
    expect(seen.slice(2)).toEqual(["set c", "refuse large", "set d"]);
  });

  it("leave nothing old behind when a forced load's value cannot be kept", async () => {
    const { cache } = openMemoryCache({ maxSizeBytes: 3_000 });
    const force = { forceFresh: true };
    await cache.set("k", "old");
    await cache.getOrSet("k", () => Buffer.alloc(9_000), force);
    expect(await cache.exists("k")).toBe(false);
    await cache.set("k", "old");
    await cache.getOrSet("k", () => "new", { ...force, ttl: 0 });
    expect(await cache.exists("k")).toBe(false);
    await cache.set("k", "old");
    await cache.getOrSet("k", () => undefined, force);
    expect(await cache.exists("k")).toBe(false);
  });
});
