import { describe, expect, it } from "vitest";
import type { EntryWrite } from "../backend/stored-entry.ts";
import type { RemovalCause } from "../entry/removal.ts";
import { createSeededRandom } from "../foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../testing/fake-clock.ts";
import { EVICTION_POLICY_NAMES } from "./eviction/eviction-policies.ts";
import { createMemoryBackend, type MemoryBackend, type MemoryBackendOptions } from "./memory-backend.ts";

interface Fixture {
  readonly backend: MemoryBackend;
  readonly time: FakeTime;
  readonly left: string[];
}

function open(options: Partial<MemoryBackendOptions> = {}): Fixture {
  const time = createFakeTime();
  const left: string[] = [];
  const onRemoval = (key: string, cause: RemovalCause): void => void left.push(`${key} ${cause}`);
  const backend = createMemoryBackend(
    { maxSizeBytes: 1e8, maxKeys: Infinity, evictionPolicy: "lru", cleanupIntervalMs: 60_000, copy: false, ...options },
    { ...time, random: createSeededRandom(5), onRemoval },
  );
  return { backend, time, left };
}

/** A second to live and ten to stand in. */
function write(value: unknown, rest: Partial<EntryWrite> = {}): EntryWrite {
  return { value, ttlMs: 1_000, staleMs: 10_000, tags: [], ...rest };
}

function staleValue(backend: MemoryBackend, key: string): unknown {
  return backend.getStale([key])[0]?.value;
}

const counter = { delta: 1n, initial: 0n, ttlMs: Infinity, minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n };

describe("data that stands in", () => {
  it("is a miss for everybody but getStale, and leaves as expired, once, when its second end has come", () => {
    const { backend, time, left } = open();
    backend.set("a", write("value", { tags: ["t"] }));
    time.advance(1_000);
    expect([backend.get("a"), backend.peek("a"), backend.inspect("a")]).toEqual([undefined, undefined, undefined]);
    expect(backend.getStale(["a"])).toEqual([
      { value: "value", version: expect.any(Number), expiresAt: time.clock.wallMs(), tags: ["t"] },
    ]);
    time.advance(9_999);
    expect(staleValue(backend, "a")).toBe("value");
    expect(left).toEqual([]);
    backend.checkInvariants();
    time.advance(1);
    expect(staleValue(backend, "a")).toBeUndefined();
    time.advance(100);
    expect(left).toEqual(["a expired"]);
    expect(time.pendingCount()).toBe(0);
    backend.checkInvariants();
  });

  it("leaves in the background when nobody asks for it, with one timer for both of its ends", () => {
    const { backend, time, left } = open();
    for (let index = 0; index < 2_500; index += 1) backend.set(`k${index}`, write(index));
    backend.set("without", write(1, { staleMs: 0 }));
    time.advance(0);
    expect(time.pendingCount()).toBe(1);
    time.advance(1_100);
    expect(left).toEqual(["without expired"]);
    expect(time.pendingCount()).toBe(1);
    backend.checkInvariants();
    time.advance(10_100);
    expect(left).toHaveLength(2_501);
    expect(time.pendingCount()).toBe(0);
    expect(backend.usage("")).toMatchObject({ keyCount: 0, memoryUsageBytes: 0 });
    backend.checkInvariants();
  });

  it("is no key of the usage once somebody or the schedule has met it, and takes memory until it leaves", () => {
    const { backend, time } = open();
    backend.set("@shop/eu:a", write("x".repeat(1_000)));
    backend.set("@shop:b", write(1, { ttlMs: Infinity }));
    const { memoryUsageBytes } = backend.usage("shop");
    time.advance(1_100);
    expect(backend.usage("shop")).toMatchObject({ keyCount: 1, memoryUsageBytes });
    expect(backend.usage("shop/eu").keyCount).toBe(0);
    backend.set("@shop/eu:a", write(2));
    expect(backend.usage("").keyCount).toBe(2);
    backend.checkInvariants();
  });

  it("says an end that has come, although the store's time is finer than the wall clock's", () => {
    const time = createFakeTime();
    let monotonicMs = 5_000;
    const clock = { monotonicMs: () => monotonicMs, wallMs: () => Math.floor(monotonicMs) };
    const backend = createMemoryBackend(
      { maxSizeBytes: 1e8, maxKeys: Infinity, evictionPolicy: "lru", cleanupIntervalMs: 60_000, copy: false },
      { clock, scheduler: time.scheduler, random: createSeededRandom(5), onRemoval: () => undefined },
    );
    monotonicMs += 0.7;
    backend.set("a", write(1));
    monotonicMs += 1_000;
    expect(backend.get("a")).toBeUndefined();
    expect(backend.getStale(["a"])[0]?.expiresAt).toBeLessThanOrEqual(clock.wallMs());
    backend.close();
  });

  it("is handed out as get hands out: as a copy where values are copied", () => {
    const { backend, time } = open({ copy: true });
    const value = { list: [1] };
    backend.set("a", write(value));
    time.advance(1_000);
    const first = staleValue(backend, "a");
    expect(first).toEqual(value);
    expect(first).not.toBe(value);
    expect(staleValue(backend, "a")).not.toBe(first);
  });

  it("is replaced in its place by a write, which tells of it as expired", () => {
    const { backend, time, left } = open();
    backend.set("a", write("old", { tags: ["t"] }));
    const { version } = backend.getStale(["a"])[0] ?? { version: NaN };
    time.advance(1_000);
    const result = backend.set("a", write("new", { staleMs: undefined, returnPrevious: true }));
    expect(result.previous).toBeUndefined();
    expect(result.version).toBeGreaterThan(version);
    expect(left).toEqual(["a expired"]);
    expect(backend.get("a")).toMatchObject({ value: "new", tags: [] });
    backend.checkInvariants();
    time.advance(1_000);
    expect(staleValue(backend, "a")).toBeUndefined();
    backend.checkInvariants();
  });

  it.each<[string, (backend: MemoryBackend) => unknown]>([
    ["a delete", (backend) => backend.delete("@ns:a")],
    ["a delete of many", (backend) => backend.deleteMulti(["@ns:a"]) > 0],
    ["expire with 0", (backend) => backend.expire("@ns:a", 0)],
    ["a transaction", (backend) => backend.commit([], [{ key: "@ns:a", write: undefined }]).versions[0] !== 0],
    ["an invalidation of its tag", (backend) => backend.invalidateTags(["t"]) ?? false],
    ["a clear", (backend) => backend.clear("ns") ?? false],
    ["a clear of all", (backend) => backend.clear("") ?? false],
  ])("ends with %s, which finds no live entry", (_, end) => {
    for (const isMetBefore of [true, false]) {
      const { backend, time, left } = open({ cleanupIntervalMs: Infinity });
      backend.set("@ns:a", write(1, { tags: ["t"] }));
      backend.set("other", write(1));
      time.advance(1_000);
      if (isMetBefore) backend.get("@ns:a");
      expect(end(backend)).toBe(false);
      expect(staleValue(backend, "@ns:a")).toBeUndefined();
      time.advance(10);
      expect(left[0]).toBe("@ns:a expired");
      expect(backend.usage("ns").keyCount).toBe(0);
      backend.checkInvariants();
    }
  });

  it("does not begin for what was ended before its TTL was over", () => {
    const { backend, time } = open();
    for (const key of ["@ns:a", "@ns:b", "@ns:c"]) backend.set(key, write(1, { tags: [key] }));
    backend.delete("@ns:a");
    backend.expire("@ns:b", 0);
    backend.invalidateTags(["@ns:c"]);
    expect(backend.getStale(["@ns:a", "@ns:b", "@ns:c"])).toEqual([undefined, undefined, undefined]);
    time.advance(1_000);
    expect(backend.getStale(["@ns:a", "@ns:b", "@ns:c"])).toEqual([undefined, undefined, undefined]);
    backend.checkInvariants();
  });

  it("is removed by the sweep that an invalidation starts, also when nobody asks for it", () => {
    const { backend, time, left } = open();
    for (let index = 0; index < 3_000; index += 1) backend.set(`k${index}`, write(index, { tags: ["t"] }));
    time.advance(1_100);
    expect(left).toEqual([]);
    backend.invalidateTags(["t"]);
    time.advance(10);
    expect(left).toHaveLength(3_000);
    expect(time.pendingCount()).toBe(0);
    backend.checkInvariants();
  });

  it("is absent for conditions, counters, checks and new TTLs, and stays when they refuse", () => {
    const { backend, time } = open();
    const { version } = backend.set("a", write(5));
    time.advance(1_000);
    const stamp = backend.stamp();
    backend.set("tagged", write(1, { tags: ["t"] }));
    backend.invalidateTags(["t"]);
    expect(backend.set("a", write(6, { condition: { kind: "version", version } }))).toEqual({
      stored: false,
      version: 0,
    });
    expect(backend.set("a", write(6, { tags: ["t"], tagsUnchangedSince: stamp })).stored).toBe(false);
    expect(backend.commit([{ key: "a", version }], []).committed).toBe(false);
    expect(backend.expire("a", 5_000)).toBe(false);
    expect(() => backend.increment("a", { ...counter, initial: 9n, maximum: 5n })).toThrow();
    expect(staleValue(backend, "a")).toBe(5);
    backend.checkInvariants();
    expect(backend.increment("a", counter).value).toBe(1n);
    expect(backend.get("a")).toMatchObject({ value: 1, expiresAt: Infinity });
    backend.checkInvariants();
  });

  it("keeps its time beyond an end that expire moves, takes away and gives back", () => {
    const { backend, time, left } = open();
    backend.set("a", write(1));
    expect(backend.expire("a", Infinity)).toBe(true);
    expect(time.pendingCount()).toBe(0);
    backend.checkInvariants();
    expect(backend.expire("a", 5_000)).toBe(true);
    time.advance(5_000);
    expect(backend.get("a")).toBeUndefined();
    time.advance(9_999);
    expect(staleValue(backend, "a")).toBe(1);
    time.advance(101);
    expect(left).toEqual(["a expired"]);
    backend.set("b", write(1, { ttlMs: Infinity }));
    backend.checkInvariants();
    backend.expire("b", 1_000);
    time.advance(1_000);
    expect(staleValue(backend, "b")).toBe(1);
    backend.checkInvariants();
  });

  it("keeps its time when a counter counts on", () => {
    const { backend, time } = open();
    backend.set("n", write(1));
    backend.increment("n", counter);
    time.advance(1_000);
    expect([backend.get("n"), staleValue(backend, "n")]).toEqual([undefined, 2]);
  });

  it("may have no second end: it then stays, without a timer, until it is written, ended or evicted", () => {
    const { backend, time, left } = open({ maxKeys: 2 });
    backend.set("a", write(1, { staleMs: Infinity }));
    time.advance(1_100);
    expect(time.pendingCount()).toBe(0);
    time.advance(1e9);
    expect(staleValue(backend, "a")).toBe(1);
    backend.checkInvariants();
    backend.set("b", write(1, { ttlMs: Infinity }));
    backend.set("c", write(1, { ttlMs: Infinity }));
    expect(left).toEqual(["a expired"]);
    backend.checkInvariants();
  });

  it("takes the timer back when the last end to wait for is met before it fires", () => {
    const { backend, time } = open();
    backend.set("a", write(1, { staleMs: 0 }));
    backend.set("b", write(1, { ttlMs: 1_050, staleMs: Infinity }));
    time.advance(1_060);
    expect(time.pendingCount()).toBe(1);
    expect([backend.get("b"), staleValue(backend, "b")]).toEqual([undefined, 1]);
    expect(time.pendingCount()).toBe(0);
    backend.checkInvariants();
  });

  it("stays until it is met when nothing is removed in the background", () => {
    const { backend, time, left } = open({ cleanupIntervalMs: Infinity });
    backend.set("a", write(1));
    time.advance(10_999);
    expect([backend.get("a"), staleValue(backend, "a")]).toEqual([undefined, 1]);
    time.advance(1);
    expect([left, staleValue(backend, "a"), left]).toEqual([["a expired"], undefined, ["a expired"]]);
    expect(time.pendingCount()).toBe(0);
  });

  it("is not listed and not counted as a use", async () => {
    const { backend, time, left } = open({ maxKeys: 2 });
    backend.set("a", write(1, { ttlMs: 2_000 }));
    backend.set("b", write(1, { ttlMs: 1_000 }));
    backend.getStale(["a"]);
    time.advance(1_000);
    const listed: string[] = [];
    const listing = (async () => {
      for await (const keys of backend.scan("")) listed.push(...keys);
    })();
    time.advance(10);
    await listing;
    expect(listed).toEqual(["a"]);
    backend.set("c", write(1));
    expect(left).toEqual(["a evicted"]);
  });

  it("leaves nothing behind in slots that others take", () => {
    const { backend, time, left } = open({ maxKeys: 3 });
    for (const key of ["@x:a", "@x:b", "@y:c"]) backend.set(key, write(key));
    time.advance(1_100);
    for (const key of ["@z:d", "@z:e", "@z:f"]) {
      backend.set(key, write(key, { staleMs: undefined }));
      backend.checkInvariants();
    }
    expect(left).toEqual(["@x:a expired", "@x:b expired", "@y:c expired"]);
    time.advance(1_000);
    expect(backend.getStale(["@z:d", "@z:e", "@z:f"])).toEqual([undefined, undefined, undefined]);
    backend.checkInvariants();
  });

  it("counts towards new bounds", () => {
    const { backend, time, left } = open();
    for (let index = 0; index < 10; index += 1) backend.set(`k${index}`, write(index));
    time.advance(1_100);
    backend.resize({ maxKeys: 4 });
    expect(left).toEqual(Array.from({ length: 6 }, (_, index) => `k${index} expired`));
    expect(backend.usage("")).toMatchObject({ keyCount: 0, evictions: 0 });
    backend.checkInvariants();
  });

  it("ends with the store, without a timer", () => {
    const { backend, time } = open();
    backend.set("a", write(1));
    time.advance(1_100);
    backend.close();
    expect(time.pendingCount()).toBe(0);
    expect(() => backend.getStale(["a"])).toThrow();
  });

  it("can begin in a store that has entries, with and without an end, and freed slots", () => {
    const { backend, time } = open();
    for (let index = 0; index < 200; index += 1) {
      backend.set(`k${index}`, { value: index, ttlMs: index % 2 === 0 ? Infinity : 2_000, tags: [] });
    }
    for (let index = 0; index < 200; index += 3) backend.delete(`k${index}`);
    backend.set("a", write(1));
    backend.checkInvariants();
    time.advance(1_000);
    expect([backend.get("k1")?.value, backend.get("a"), staleValue(backend, "a")]).toEqual([1, undefined, 1]);
    time.advance(1_100);
    expect([backend.get("k1"), backend.get("k2")?.value, staleValue(backend, "k1")]).toEqual([undefined, 2, undefined]);
    backend.checkInvariants();
  });
});

/** What a key is, as plainly as it can be said. */
interface Model {
  readonly value: number;
  readonly endsAt: number;
  readonly goneAt: number;
}

describe.each(EVICTION_POLICY_NAMES)("data that stands in, policy %s", (evictionPolicy) => {
  it.each([Infinity, 12])("is what a plain model says it is, in random order, with room for %s keys", (maxKeys) => {
    const seed = 20_260_301;
    const random = createSeededRandom(seed);
    const { backend, time } = open({ evictionPolicy, maxKeys });
    const model = new Map<string, Model>();
    const below = (count: number): number => Math.floor(random.next() * count);
    const nowMs = (): number => time.clock.monotonicMs();
    const set = (key: string, step: number): void => {
      const staleMs = [0, 50, 400, Infinity][below(4)] as number;
      const ttlMs = [30, 200, Infinity][below(3)] as number;
      backend.set(key, { value: step, ttlMs, staleMs, tags: [`t${below(3)}`] });
      model.set(key, { value: step, endsAt: nowMs() + ttlMs, goneAt: nowMs() + ttlMs + staleMs });
    };
    for (let step = 0; step < 3_000; step += 1) {
      const key = `@n${below(3)}:k${below(8)}`;
      const choice = below(12);
      if (choice < 4) set(key, step);
      else if (choice === 4) {
        const known = model.get(key);
        const ttlMs = [20, 150, Infinity][below(3)] as number;
        if (backend.expire(key, ttlMs) && known !== undefined && known.endsAt !== Infinity) {
          model.set(key, {
            ...known,
            endsAt: nowMs() + ttlMs,
            goneAt: nowMs() + ttlMs + (known.goneAt - known.endsAt),
          });
        } else model.delete(key);
      } else if (choice === 5) {
        backend.delete(key);
        model.delete(key);
      } else if (choice === 6 && below(10) === 0) {
        const namespace = `n${below(3)}`;
        backend.clear(namespace);
        for (const known of [...model.keys()]) if (known.startsWith(`@${namespace}:`)) model.delete(known);
      } else if (choice === 7 && below(10) === 0) {
        backend.resize({ maxKeys: maxKeys === Infinity ? Infinity : 8 + below(8) });
      } else if (choice < 10) time.advance(below(60));
      const found = [backend.peek(key), staleValue(backend, key)];
      const known = model.get(key);
      const isLive = known !== undefined && nowMs() < known.endsAt;
      const isThere = known !== undefined && nowMs() < known.goneAt;
      const expected = [isLive ? known.value : undefined, isThere ? known.value : undefined];
      const isEvicted = maxKeys !== Infinity && found[0] === undefined && found[1] === undefined;
      if (known !== undefined && !isEvicted) expect(found, `seed ${seed}, step ${step}`).toEqual(expected);
      if (known === undefined && !backend.getStale([key])[0]) expect(found).toEqual([undefined, undefined]);
      if (step % 10 === 0) backend.checkInvariants();
    }
    backend.close();
    expect(time.pendingCount()).toBe(0);
  });
});
