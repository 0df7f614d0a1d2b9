import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { HotKeyWatch } from "../../src/observability/live/hot-key-watch.ts";
import type { LiveSecond } from "../../src/observability/live/live-document.ts";
import { LiveRecorder } from "../../src/observability/live/live-recorder.ts";
import { createFakeTime, type FakeTime } from "../../src/testing/fake-clock.ts";

describe("a live recorder", () => {
  let cache: Cache;
  let time: FakeTime;
  let recorder: LiveRecorder;

  beforeEach(() => {
    cache = createCache();
    time = createFakeTime();
    const { clock, scheduler } = time;
    recorder = new LiveRecorder({ cache, clock, scheduler, random: createSeededRandom(3) });
  });
  afterEach(async () => {
    recorder.close();
    await cache.close();
  });

  function history(): readonly LiveSecond[] {
    return recorder.document(true).history as readonly LiveSecond[];
  }

  it("starts nothing before it is started, and leaves nothing when it is closed", () => {
    expect(time.pendingCount()).toBe(0);
    recorder.start();
    recorder.start();
    expect(time.pendingCount()).toBe(1);
    recorder.close();
    recorder.close();
    expect(time.pendingCount()).toBe(0);
  });

  it("counts what happened in each second", async () => {
    await cache.set("before", 1);
    recorder.start();
    await cache.set("a", 1);
    await cache.get("a");
    await cache.get("none");
    time.advance(1_000);
    await cache.delete("a");
    time.advance(1_000);
    expect(history()).toHaveLength(2);
    expect(history()[0]).toMatchObject({ hits: 1, misses: 1, sets: 1, deletes: 0, durationMs: 1_000, keyCount: 2 });
    expect(history()[1]).toMatchObject({ hits: 0, misses: 0, sets: 0, deletes: 1, keyCount: 1 });
    expect(recorder.document(false).history).toBeUndefined();
    expect(recorder.document(false).second).toEqual(history()[1]);
  });

  it("keeps five minutes and no more", () => {
    recorder.start();
    time.advance(400_000);
    expect(history()).toHaveLength(300);
    expect((history().at(-1)?.at ?? 0) - (history()[0]?.at ?? 0)).toBe(299_000);
  });

  it("times calls to the store by kind, and forgets them after a minute", async () => {
    recorder.start();
    await cache.set("a", 1);
    await cache.set("b", 1);
    time.advance(1_000);
    const [sets] = recorder.document(false).operations;
    expect(sets).toMatchObject({ operation: "set", backend: "memory", count: 2, errorCount: 0, perSecond: 2 });
    expect(history()[0]?.latency?.count).toBe(2);
    expect(recorder.document(false).slowCalls).toHaveLength(2);
    time.advance(60_000);
    expect(recorder.document(false).operations).toEqual([]);
    expect(history().at(-1)?.latency).toBeNull();
  });

  it("tells of loads, with the keys of the slow ones and what the loader threw", async () => {
    recorder.start();
    const shop = cache.namespace("shop");
    await shop.getOrSet("good", () => 1);
    const broken = shop.getOrSet("bad", () => {
      throw new Error("the database is away");
    });
    await expect(broken).rejects.toThrow();
    time.advance(1_000);
    const { loads, slowLoads, events } = recorder.document(false);
    expect(loads).toMatchObject({ runningCount: 0, latency: { count: 2, errorCount: 1 } });
    expect(slowLoads.map(({ namespace, key, outcome }) => [namespace, key, outcome]).sort()).toEqual([
      ["shop", "bad", "failed"],
      ["shop", "good", "stored"],
    ]);
    expect(events[0]).toMatchObject({ name: "load", level: "error" });
    expect(events[0]?.text).toBe('Load of "shop: bad" failed: the database is away');
  });

  it("counts the same event again, so that it does not push out all else", async () => {
    recorder.start();
    const fail = () => cache.invalidateTags(["t"]);
    for (let call = 0; call < 50; call += 1) await fail();
    time.advance(10_000);
    await fail();
    expect(recorder.document(false).events.map(({ text, count }) => [text, count])).toEqual([
      ["Tag invalidated: t", 1],
      ["Tag invalidated: t", 50],
    ]);
  });

  it("bounds what it keeps of long keys", async () => {
    recorder.start();
    recorder.watch(() => undefined);
    const key = "k".repeat(10_000);
    await cache.getOrSet(key, () => 1);
    const { hotKeys, slowLoads } = recorder.document(false);
    expect(hotKeys.keys[0]?.key.length).toBe(257);
    expect(slowLoads[0]?.key.length).toBe(257);
  });

  it("listens to hits and misses only while somebody watches", async () => {
    recorder.start();
    await cache.set("hot", 1);
    await cache.get("hot");
    expect(recorder.document(false).hotKeys).toMatchObject({ isWatching: false, keys: [] });
    const [first, second] = [recorder.watch(() => undefined), recorder.watch(() => undefined)];
    for (let read = 0; read < 9; read += 1) await cache.get("hot");
    await cache.get("cold");
    expect(recorder.document(false).hotKeys).toMatchObject({ isWatching: true, sampledOneIn: 1, readCount: 10 });
    expect(recorder.document(false).hotKeys.keys[0]).toEqual({
      key: "hot",
      namespace: "",
      ratio: 0.9,
      errorRatio: 0,
      hitRatio: 1,
    });
    first();
    expect(recorder.document(false).hotKeys.isWatching).toBe(true);
    second();
    await cache.get("hot");
    expect(recorder.document(false).hotKeys).toMatchObject({ isWatching: false, readCount: 10 });
  });

  it("tells what it can of a cache that somebody wrapped, and outlives one that throws", () => {
    let isBroken = false;
    const wrapped = Object.create(cache, {
      stats: {
        value: () => {
          if (isBroken) throw new Error("a wrapper's own");
          return cache.stats();
        },
      },
      on: { value: cache.on.bind(cache) },
    }) as Cache;
    const { clock, scheduler } = time;
    const watching = new LiveRecorder({ cache: wrapped, clock, scheduler, random: createSeededRandom(3) });
    watching.start();
    time.advance(1_000);
    isBroken = true;
    time.advance(1_000);
    expect(watching.document(true)).toMatchObject({
      backend: "memory",
      nearTier: null,
      history: [{ hits: 0 }, { hits: 0 }],
    });
    watching.close();
  });

  it("calls watchers once a second until they leave", () => {
    recorder.start();
    let calls = 0;
    const leave = recorder.watch(() => {
      calls += 1;
    });
    time.advance(3_000);
    leave();
    time.advance(3_000);
    expect(calls).toBe(3);
  });

  it("counts fewer reads the more there are, and still knows their shares", async () => {
    const watch = new HotKeyWatch(cache, createSeededRandom(5));
    watch.start();
    await cache.set("hot", 1);
    const readMany = async () => {
      for (let read = 0; read < 20_000; read += 1) await cache.get(read % 4 === 0 ? "hot" : `k${read}`);
    };
    await readMany();
    watch.roll();
    await readMany();
    watch.roll();
    const { sampledOneIn, keys, readCount } = watch.list();
    watch.stop();
    expect(sampledOneIn).toBeGreaterThanOrEqual(8);
    expect(readCount / 40_000).toBeCloseTo(1, 1);
    expect(keys[0]?.key).toBe("hot");
    expect(keys[0]?.ratio).toBeCloseTo(0.25, 1);
    // What was read once each stands nowhere.
    expect(keys).toHaveLength(1);
  });
});
