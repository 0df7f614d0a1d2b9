import { describe, expect, it } from "vitest";
import { assembleCache } from "../../src/cache/assemble-cache.ts";
import type { Cache } from "../../src/cache/cache.ts";
import type { CacheAttachment } from "../../src/cache/cache-attachment.ts";
import { observeCache } from "../../src/cache/observe-cache.ts";
import type { CacheEventMap } from "../../src/events/cache-events.ts";
import type { CallSpan, CallTracer } from "../../src/events/call-tracer.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import { DependencyError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";
import { createMapBackend } from "../../src/testing/map-backend/map-backend.ts";

const DEADLINES = { connectMs: 5_000, readMs: 1_000, writeMs: 1_000, healthMs: 1_000, closeMs: 10_000 };

interface Opened {
  readonly cache: Cache;
  readonly time: FakeTime;
}

function open(isRemote: boolean, extra: object = {}, attachments: readonly CacheAttachment[] = []): Opened {
  const time = createFakeTime();
  const backend = { ...createMapBackend({ async: isRemote, clock: time.clock }), ...extra };
  const cache = assembleCache({
    ...{ clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(1) },
    ...{ backend, events: new EventHub(""), deadlines: DEADLINES, attachments },
    ...{ defaultTtlMs: Number.POSITIVE_INFINITY, rootPath: "" },
  });
  return { cache, time };
}

/** A store's read whose promises are of another library. */
function readLate(entry: unknown): unknown {
  // biome-ignore lint/suspicious/noThenProperty: a promise that is no Promise is the point.
  return { then: (resolve: (found: unknown) => void) => queueMicrotask(() => resolve(entry)) };
}

describe.each([true, false])("a local store with promises of another library, observed: %s", (isObserved) => {
  it("is waited for", async () => {
    const entry = { value: 1, version: 3, expiresAt: Number.POSITIVE_INFINITY, tags: [] };
    const get = (key: string): unknown => readLate(key === "there" ? entry : undefined);
    const { cache } = open(false, { get });
    const operations = isObserved ? operationsOf(cache) : [];
    expect(await cache.getEntry("there")).toMatchObject({ value: 1, version: 3 });
    expect(await cache.getEntry("absent")).toBeUndefined();
    expect(await cache.exists("there")).toBe(true);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1 });
    expect(operations.map(({ outcome }) => outcome)).toEqual(isObserved ? ["ok", "ok", "ok"] : []);
  });
});

function operationsOf(cache: Cache): CacheEventMap["operation"][] {
  const all: CacheEventMap["operation"][] = [];
  cache.on("operation", (event) => all.push(event));
  return all;
}

/** A tracer that keeps what it is told, innermost span last. */
class ListTracer implements CallTracer {
  readonly lines: string[] = [];
  readonly active: string[] = [];
  startCall({ operation, backend }: { operation: string; backend: string }): CallSpan {
    return this.#start(`${backend} ${operation}`);
  }
  startLoad(keyCount: number): CallSpan {
    return this.#start(`load ${keyCount}`);
  }
  startRequest(): undefined {
    return undefined;
  }
  startServed(operation: string): CallSpan {
    return this.#start(`served ${operation}`);
  }
  note(event: string): void {
    this.lines.push(`${this.active.at(-1) ?? "nothing"} noted ${event}`);
  }
  carry(): undefined {
    return undefined;
  }
  #start(name: string): CallSpan {
    this.lines.push(`${name} in ${this.active.at(-1) ?? "nothing"}`);
    return {
      run: (work) => {
        this.active.push(name);
        try {
          return work();
        } finally {
          this.active.pop();
        }
      },
      note: () => undefined,
      end: (outcome, error) => this.lines.push(`${name} ${outcome}${error instanceof Error ? ` ${error.name}` : ""}`),
    };
  }
}

describe.each([
  ["memory", false],
  ["a remote store", true],
])("calls to %s that somebody watches", (_name, isRemote) => {
  it("are told of with their operation, outcome and duration", async () => {
    const { cache } = open(isRemote);
    const operations = operationsOf(cache);
    await cache.set("k", 1);
    await cache.getMulti(["k", "other"]);
    await cache.increment("n");
    expect(operations.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      "set ok",
      "getMulti ok",
      "increment ok",
    ]);
    expect(operations[0]).toMatchObject({ backend: "map", durationMs: expect.any(Number) });
  });

  it("are told of as errors when the store throws", async () => {
    const set = (): never => {
      throw new Error("broken");
    };
    const { cache } = open(isRemote, { set });
    const operations = operationsOf(cache);
    await expect(cache.set("k", 1)).rejects.toThrow("set");
    expect(operations).toMatchObject([{ operation: "set", outcome: "error" }]);
  });

  it("cost no event when nobody listens any more", async () => {
    const { cache } = open(isRemote);
    const operations: unknown[] = [];
    const stop = cache.on("operation", (event) => operations.push(event));
    await cache.set("k", 1);
    stop();
    await cache.set("k", 2);
    expect(operations.length).toBe(1);
  });
});

describe("calls to a remote store", () => {
  it("say how they ended: late reads, late writes, and callers who left", async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const { cache, time } = open(true, { get: never, set: never });
    const operations = operationsOf(cache);
    const leaving = new AbortController();
    const calls = Promise.allSettled([cache.get("k"), cache.set("k", 1), cache.get("k", { signal: leaving.signal })]);
    await time.advanceAsync(10);
    leaving.abort();
    await time.advanceAsync(2_000);
    await calls;
    expect(operations.map(({ operation, outcome, durationMs }) => [operation, outcome, durationMs])).toEqual([
      ["get", "aborted", 10],
      ["get", "timeout", 1_000],
      ["set", "unknown", 1_000],
    ]);
  });

  it("are one span each, in the caller's context, also when they fail", async () => {
    const { cache } = open(true, { delete: () => Promise.reject(new Error("broken")) });
    const tracer = new ListTracer();
    observeCache(cache).tracing.current = tracer;
    await cache.set("k", 1);
    await cache.delete("k").catch(() => undefined);
    expect(tracer.lines).toEqual([
      "map set in nothing",
      "map set ok",
      "map delete in nothing",
      "map delete error BackendError",
    ]);
    observeCache(cache).tracing.current = undefined;
    await cache.set("k", 2);
    expect(tracer.lines.length).toBe(4);
  });

  it("of a loader are inside the load's span", async () => {
    const { cache } = open(true);
    const tracer = new ListTracer();
    observeCache(cache).tracing.current = tracer;
    await cache.getOrSet("k", () => cache.get("other"));
    await cache.getOrSet("failing", () => Promise.reject(new Error("no"))).catch(() => undefined);
    expect(tracer.lines).toContain("map get in load 1");
    expect(tracer.lines).toContain("load 1 ok");
    expect(tracer.lines).toContain("load 1 error Error");
    await cache.getOrSetMulti(["a", "b"], (keys) => new Map(keys.map((key) => [key, 1])));
    expect(tracer.lines).toContain("load 2 ok");
  });
});

describe("reads of a cache that is observed", () => {
  it("are counted by who answered, without an event", async () => {
    const local = open(false).cache;
    await local.set("k", 1);
    await local.get("k");
    await local.get("none");
    local.peek("k");
    await local.getOrSet("k", () => 2);
    await local.getMulti(["k", "none"]);
    expect(observeCache(local)).toMatchObject({ name: "", backend: "map", nearTier: "map", isLocal: true });
    expect(observeCache(local).reads).toEqual({ directHits: 3, directMisses: 1, hitsByTier: new Map([["map", 1]]) });
    const remote = open(true).cache;
    await remote.set("k", 1);
    await remote.get("k");
    expect(observeCache(remote.namespace("n")).reads.hitsByTier).toEqual(new Map([["map", 1]]));
    expect(observeCache(remote).nearTier).toBeUndefined();
  });

  it("knows running loads, and refuses what is no cache", async () => {
    const { cache } = open(false);
    let finish: (value: number) => void = () => undefined;
    const source = new Promise<number>((resolve) => {
      finish = resolve;
    });
    const loading = cache.getOrSet("k", () => source);
    expect(observeCache(cache).runningLoadCount()).toBe(1);
    finish(1);
    await loading;
    expect(observeCache(cache).runningLoadCount()).toBe(0);
    expect(() => observeCache({} as Cache)).toThrow(TypeError);
  });
});

describe.each([
  ["memory", false],
  ["a remote store", true],
])("what is attached to a cache on %s", (_name, isRemote) => {
  it("is open before the first call is answered, and closed once, at the end", async () => {
    const told: string[] = [];
    const attachment: CacheAttachment = {
      name: "Metrics",
      open: async () => void told.push("open"),
      close: async () => void told.push("close"),
    };
    const { cache } = open(isRemote, {}, [attachment]);
    expect(told).toEqual([]);
    expect(cache.peek("k")).toBeUndefined();
    await cache.set("k", 1);
    told.push("answered");
    expect(await cache.get("k")).toBe(1);
    cache.on("close", () => told.push("event"));
    await cache.close();
    await cache.close();
    expect(told).toEqual(["open", "answered", "event", "close"]);
  });

  it("fails calls with its reason until it opens, and is tried again by the next one", async () => {
    let isThere = false;
    const attachment: CacheAttachment = {
      name: "Metrics",
      open: async () => {
        if (!isThere) throw new DependencyError("prom-client", "Metrics need the package prom-client.");
      },
      close: async () => undefined,
    };
    const { cache } = open(isRemote, {}, [attachment]);
    await expect(cache.ready()).rejects.toMatchObject({ code: "GCX_DEPENDENCY_MISSING" });
    await expect(cache.set("k", 1)).rejects.toMatchObject({ code: "GCX_DEPENDENCY_MISSING" });
    isThere = true;
    await cache.set("k", 1);
    expect(await cache.get("k")).toBe(1);
  });

  it("cannot hold up the end of a cache for longer than the close deadline", async () => {
    const attachment: CacheAttachment = {
      name: "Traces",
      open: async () => undefined,
      close: () => new Promise(() => undefined),
    };
    const { cache, time } = open(isRemote, {}, [attachment]);
    const closing = cache.close();
    await time.advanceAsync(DEADLINES.closeMs);
    await closing;
  });
});
