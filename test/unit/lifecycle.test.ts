import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { DIAGNOSTICS_CHANNEL } from "../../src/events/event-hub.ts";
import { BackendUnavailableError } from "../../src/foundation/errors.ts";
import { collect, defer, openMemoryCache, openRemoteCache, settle, type TestCache } from "../support/open-cache.ts";

const stores: ReadonlyArray<readonly [string, () => TestCache]> = [
  ["memory", () => openMemoryCache()],
  ["a remote store", () => openRemoteCache()],
];

/** Every method that returns a promise. */
function everyCall(cache: Cache): Promise<unknown>[] {
  return [
    cache.get("k"),
    cache.getEntry("k"),
    cache.set("k", 1),
    cache.delete("k"),
    cache.exists("k"),
    cache.getMulti(["k"]),
    cache.getMulti([]),
    cache.setMulti({ k: 1 }),
    cache.setMulti({}),
    cache.deleteMulti(["k"]),
    cache.deleteMulti([]),
    cache.getOrSet("k", () => 1),
    cache.getOrSetMulti(["k"], () => new Map()),
    cache.increment("k"),
    cache.decrement("k"),
    cache.setNX("k", 1),
    cache.getSet("k", 1),
    cache.compareAndSet("k", 0, 1),
    cache.update("k", () => 1),
    cache.transaction(["k"], () => 1),
    cache.lock("k", { ttl: 100 }),
    cache.expire("k", 1),
    cache.ttl("k"),
    cache.invalidateTags(["t"]),
    cache.invalidateTags([]),
    collect(cache.keys()),
    cache.deleteByPrefix("k"),
    cache.clear(),
    cache.ready(),
  ];
}

describe.each(stores)("closing a cache on %s", (_name, open) => {
  it("refuses every later call with one typed error", async () => {
    const { cache } = open();
    await cache.set("k", 1);
    await cache.close();
    await cache.close();
    for (const result of await Promise.allSettled([...everyCall(cache), ...everyCall(cache.namespace("n"))])) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { name: "CacheClosedError", code: "GCX_CACHE_CLOSED" },
      });
    }
    expect(() => cache.peek("k")).toThrowError(expect.objectContaining({ code: "GCX_CACHE_CLOSED" }));
    expect(await cache.health()).toMatchObject({ status: "down" });
    expect(cache.stats().sets).toBe(1);
  });

  it("lets a running load finish for its callers", async () => {
    const { cache, time } = open();
    const source = defer<string>();
    const loading = cache.getOrSet("k", () => source.promise);
    await settle();
    const closing = cache.close();
    await expect(cache.get("k")).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
    source.resolve("v");
    expect(await loading).toBe("v");
    await closing;
    expect(time.pendingCount()).toBe(0);
  });

  it("gives up on a hung load after the close deadline and aborts its loader", async () => {
    const { cache, time } = open();
    let loaderSignal: AbortSignal | undefined;
    const hung = cache.getOrSet("k", ({ signal }) => {
      loaderSignal = signal;
      return new Promise<string>(() => undefined);
    });
    const verdict = expect(hung).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
    await settle();
    const closing = cache.close();
    await settle();
    await time.advanceAsync(10_000);
    await closing;
    await verdict;
    expect(loaderSignal?.aborted).toBe(true);
    expect(time.pendingCount()).toBe(0);
  });

  it("leaves no timer behind, with TTLs, locks and loads in use before", async () => {
    const { cache, time } = open();
    await cache.set("k", 1, "1m");
    await (await cache.lock("l", { ttl: "1m" })).release();
    await cache.getOrSet("m", () => 1, { ttl: "1h" });
    await cache.close();
    expect(time.pendingCount()).toBe(0);
  });

  it("happens at the end of an await using block", async () => {
    const { cache } = open();
    await cache[Symbol.asyncDispose]();
    await expect(cache.get("k")).rejects.toMatchObject({ code: "GCX_CACHE_CLOSED" });
  });
});

describe("events", () => {
  it("tell every fact once, with the view's own keys", async () => {
    const { cache } = openMemoryCache({ maxKeys: 2 });
    const seen: unknown[] = [];
    for (const name of ["hit", "miss", "set", "delete", "remove", "invalidate", "clear", "close"] as const) {
      cache.on(name, (event) => seen.push([name, event]));
    }
    const view = cache.namespace("n");
    const { version } = await view.set("k", 1, { tags: ["t"] });
    await view.get("k");
    await view.get("absent");
    await view.delete("k");
    await cache.set("@a", 1, { tags: ["t"] });
    await cache.invalidateTags(["t"]);
    await cache.get("@a");
    await view.clear();
    await cache.close();
    expect(seen).toEqual([
      ["set", { key: "k", namespace: "n", version }],
      ["hit", { key: "k", namespace: "n", tier: "memory" }],
      ["miss", { key: "absent", namespace: "n" }],
      ["remove", { key: "k", namespace: "n", cause: "deleted" }],
      ["delete", { key: "k", namespace: "n", existed: true }],
      ["set", { key: "@a", namespace: "", version: expect.any(Number) }],
      ["invalidate", { tags: ["t"], namespace: "" }],
      ["remove", { key: "@a", namespace: "", cause: "invalidated" }],
      ["miss", { key: "@a", namespace: "" }],
      ["clear", { namespace: "n" }],
      ["close", {}],
    ]);
  });

  it("of a listener that throws change no result and reach the other listeners", async () => {
    const { cache } = openMemoryCache();
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", onWarning);
    let told = 0;
    cache.on("set", () => {
      throw new Error("listener");
    });
    const stop = cache.on("set", () => {
      told += 1;
    });
    await cache.set("k", 1);
    stop();
    await cache.set("k", 2);
    await settle();
    process.off("warning", onWarning);
    expect(await cache.get("k")).toBe(2);
    expect(told).toBe(1);
    expect(warnings).toEqual(["GocachexListenerWarning", "GocachexListenerWarning"]);
  });

  it("reach the diagnostics channel", async () => {
    const { cache } = openMemoryCache({}, { rootPath: "app" });
    const seen: unknown[] = [];
    const listen = (message: unknown): void => void seen.push(message);
    subscribe(DIAGNOSTICS_CHANNEL, listen);
    await cache.get("k");
    unsubscribe(DIAGNOSTICS_CHANNEL, listen);
    await cache.get("k");
    expect(seen).toEqual([{ cache: "app", name: "miss", event: { key: "k", namespace: "app" } }]);
  });
});

describe("memory limits", () => {
  it("refuse one value larger than everything, tell it, and keep what was there", async () => {
    const { cache } = openMemoryCache({ maxSizeBytes: 10_000 });
    const refused: unknown[] = [];
    cache.on("refuse", (event) => refused.push(event));
    await cache.set("k", "small");
    const large = Buffer.alloc(20_000);
    await expect(cache.set("k", large)).rejects.toMatchObject({
      name: "EntryTooLargeError",
      code: "GCX_ENTRY_TOO_LARGE",
      limitBytes: 10_000,
    });
    expect(await cache.get("k")).toBe("small");
    expect(await cache.getOrSet("loaded", () => large)).toBe(large);
    expect(await cache.exists("loaded")).toBe(false);
    expect(await cache.get("k")).toBe("small");
    expect(refused).toHaveLength(2);
  });

  it("of a copying cache give callers who share a load objects of their own", async () => {
    const { cache } = openMemoryCache({ copy: true });
    const source = defer<{ list: number[] }>();
    const first = cache.getOrSet("k", () => source.promise);
    const second = cache.getOrSet("k", () => source.promise);
    await settle();
    source.resolve({ list: [1] });
    (await second).list.push(2);
    expect((await first).list).toEqual([1]);
    expect(await cache.get("k")).toEqual({ list: [1] });
  });

  it("of a copying cache refuse values that cannot be copied, by path, and lose nothing", async () => {
    const { cache } = openMemoryCache({ copy: true });
    await cache.set("k", "kept");
    const uncloneable = { user: { onClick: () => undefined } };
    const typed = { name: "SerializationError", code: "GCX_SERIALIZATION_VALUE", path: "$.user.onClick" };
    await expect(cache.set("k", uncloneable)).rejects.toMatchObject(typed);
    await expect(cache.getOrSet("n", () => uncloneable)).rejects.toMatchObject(typed);
    expect(await cache.get("k")).toBe("kept");
    expect(await cache.exists("n")).toBe(false);
  });
});

describe("a remote store", () => {
  it("is connected by the first operation, once, and tried again after a failure", async () => {
    const { cache, store } = openRemoteCache();
    const held = store.hold("connect", { calls: 1 });
    const reads = [cache.get("a"), cache.get("b")];
    const verdicts = reads.map((read) => expect(read).rejects.toMatchObject({ code: "GCX_BACKEND_UNAVAILABLE" }));
    await held.arrived();
    held.fail(new Error("refused"));
    await Promise.all(verdicts);
    expect(await cache.get("a")).toBeUndefined();
  });

  it("that cannot be reached makes ready() fail within its deadline", async () => {
    const { cache, store, time } = openRemoteCache();
    const held = store.hold("connect", { heedsSignal: false });
    const verdict = expect(cache.ready()).rejects.toMatchObject({ name: "BackendUnavailableError" });
    await held.arrived();
    await time.advanceAsync(5_000);
    await verdict;
  });

  it("that hangs fails a read by its deadline and leaves a write's outcome unknown", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const gets = store.hold("get", { heedsSignal: false });
    const sets = store.hold("set", { heedsSignal: false });
    const read = expect(cache.get("k")).rejects.toMatchObject({
      name: "BackendTimeoutError",
      code: "GCX_BACKEND_TIMEOUT",
      timeoutMs: 1_000,
    });
    const write = expect(cache.set("k", 1)).rejects.toMatchObject({
      name: "OutcomeUnknownError",
      code: "GCX_BACKEND_OUTCOME_UNKNOWN",
    });
    await Promise.all([gets.arrived(), sets.arrived()]);
    await time.advanceAsync(1_000);
    await Promise.all([read, write]);
    expect(time.pendingCount()).toBe(0);
  });

  it("that fails rejects with its error as the cause", async () => {
    const { cache, store } = openRemoteCache();
    await cache.ready();
    const failure = new Error("ERR out of luck");
    const held = store.hold("get");
    const read = expect(cache.get("k")).rejects.toMatchObject({
      name: "BackendError",
      code: "GCX_BACKEND_FAILED",
      cause: failure,
    });
    await held.arrived();
    held.fail(failure);
    await read;
  });

  it("lets a caller leave a call in flight at once", async () => {
    const { cache, store, time } = openRemoteCache();
    await cache.ready();
    const held = store.hold("get", { heedsSignal: false });
    const aborting = new AbortController();
    const read = expect(cache.get("k", { signal: aborting.signal })).rejects.toThrow("left");
    await held.arrived();
    aborting.abort(new Error("left"));
    await read;
    expect(time.pendingCount()).toBe(0);
  });

  it("is reported by health, within its deadline, whatever it does", async () => {
    const { cache, store, time } = openRemoteCache();
    expect(await cache.health()).toMatchObject({ status: "up", checks: [{ name: "map", status: "up" }] });
    const failing = store.hold("ping", { calls: 1 });
    const sick = cache.health();
    await failing.arrived();
    failing.fail(new BackendUnavailableError("map", "ping", "map: away"));
    expect(await sick).toMatchObject({ status: "down", checks: [{ message: "map: away" }] });
    const hanging = store.hold("ping", { heedsSignal: false });
    const hung = cache.health();
    await hanging.arrived();
    await time.advanceAsync(1_000);
    expect(await hung).toMatchObject({ status: "down", checks: [{ message: "no answer within 1000 ms" }] });
  });

  it("has no peek", async () => {
    const { cache } = openRemoteCache();
    await cache.set("k", 1);
    expect(cache.peek("k")).toBeUndefined();
    const memory = openMemoryCache().cache;
    await memory.set("k", 1);
    expect(memory.peek("k")).toBe(1);
  });
});
