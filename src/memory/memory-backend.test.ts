import { describe, expect, it } from "vitest";
import type { EntryWrite } from "../backend/stored-entry.ts";
import type { RemovalCause } from "../entry/removal.ts";
import { CacheClosedError, EntryTooLargeError } from "../foundation/errors.ts";
import { createSeededRandom } from "../foundation/random-source.ts";
import { createFakeTime, type FakeTime } from "../testing/fake-clock.ts";
import { createMemoryBackend, type MemoryBackend, type MemoryBackendOptions } from "./memory-backend.ts";
import { weighEntry } from "./weigher.ts";

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

const write = (value: unknown, rest: Partial<EntryWrite> = {}): EntryWrite => ({
  value,
  ttlMs: Infinity,
  tags: [],
  ...rest,
});
const counter = { delta: 1n, initial: 0n, ttlMs: Infinity, minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n };

describe("expiry", () => {
  it("sets its timer with the first entry that has a TTL and takes it back with the last", () => {
    const { backend, time } = open();
    backend.set("forever", write(1));
    expect(time.pendingCount()).toBe(0);
    backend.set("a", write(1, { ttlMs: 10 }));
    backend.set("b", write(1, { ttlMs: 10 }));
    expect(time.pendingCount()).toBe(1);
    backend.delete("a");
    expect(time.pendingCount()).toBe(1);
    backend.expire("b", Infinity);
    expect(time.pendingCount()).toBe(0);
  });

  it("removes in the background what nobody asks for, within 100 ms of its end, in slices, and then rests", () => {
    const { backend, time, left } = open();
    for (let index = 0; index < 2_500; index += 1) backend.set(`k${index}`, write(index, { ttlMs: 1_000 }));
    const slices: number[] = [];
    time.advance(999);
    expect(left).toHaveLength(0);
    const { soon } = time.scheduler;
    const counting = (task: () => void): void =>
      soon(() => {
        task();
        slices.push(left.length);
      });
    Object.assign(time.scheduler, { soon: counting });
    time.advance(101);
    time.advance(0);
    expect(slices.length).toBeGreaterThanOrEqual(2);
    for (const [index, count] of slices.entries()) expect(count - (slices[index - 1] ?? 0)).toBeLessThanOrEqual(2_048);
    expect(left).toHaveLength(2_500);
    expect(time.pendingCount()).toBe(0);
    expect(backend.usage("")).toMatchObject({ keyCount: 0, memoryUsageBytes: 0 });
    backend.checkInvariants();
  });

  it("removes each entry after its own end", () => {
    const { backend, time, left } = open();
    backend.set("short", write(1, { ttlMs: 1_000 }));
    backend.set("long", write(1, { ttlMs: 90_000 }));
    time.advance(1_100);
    expect(left).toEqual(["short expired"]);
    time.advance(88_899);
    expect(left).toEqual(["short expired"]);
    time.advance(101);
    expect(left).toEqual(["short expired", "long expired"]);
    expect(time.pendingCount()).toBe(0);
  });

  it("prolongs a sliding entry with each read, and ends it when nobody reads it for its TTL", () => {
    const { backend, time, left } = open();
    backend.set("a", write(1, { ttlMs: 1_000, slidingTtlMs: 1_000 }));
    for (let read = 0; read < 5; read += 1) {
      time.advance(900);
      expect(backend.peek("a")).toBe(1);
    }
    time.advance(999);
    expect(left).toEqual([]);
    time.advance(101);
    expect(left).toEqual(["a expired"]);
    backend.checkInvariants();
  });

  it("reports an expired entry that is deleted as expired, once, and not as deleted", () => {
    const { backend, time, left } = open();
    backend.set("a", write(1, { ttlMs: 10 }));
    time.advance(10);
    expect(backend.delete("a")).toBe(false);
    expect(backend.get("a")).toBeUndefined();
    expect(left).toEqual(["a expired"]);
  });

  it("ends an entry exactly at its instant, whatever the wall clock is set to", () => {
    const { backend, time } = open();
    backend.set("a", write(1, { ttlMs: 10 }));
    time.advance(9);
    time.setWall(time.clock.wallMs() + 1e9);
    expect(backend.peek("a")).toBe(1);
    expect(backend.get("a")?.expiresAt).toBe(time.clock.wallMs() + 1);
    time.setWall(5);
    time.advance(1);
    expect(backend.peek("a")).toBeUndefined();
  });

  it("never searches when the interval is Infinity", () => {
    const { backend, time } = open({ cleanupIntervalMs: Infinity });
    backend.set("a", write(1, { ttlMs: 10 }));
    expect(time.pendingCount()).toBe(0);
  });
});

describe("bounds", () => {
  it("refuses an entry that is larger than the store, and keeps what was there", () => {
    const { backend } = open({ maxSizeBytes: 2_000 });
    backend.set("a", write("small"));
    backend.set("b", write("other"));
    const huge = write("x".repeat(5_000));
    const attempts = [
      () => backend.set("a", huge),
      () => backend.set("a", { ...huge, condition: { kind: "absent" } }),
      () => backend.setMulti([["a", huge]]),
      () =>
        backend.commit(
          [],
          [
            { key: "b", write: undefined },
            { key: "c", write: write(1) },
            { key: "a", write: huge },
          ],
        ),
      () => backend.increment("n".repeat(5_000), counter),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(EntryTooLargeError);
    expect([backend.peek("a"), backend.peek("b"), backend.peek("c")]).toEqual(["small", "other", undefined]);
  });

  it("writes the items of a batch before the one that is too large", () => {
    const { backend } = open({ maxSizeBytes: 1_000 });
    expect(() =>
      backend.setMulti([
        ["a", write(1)],
        ["b", write("x".repeat(2_000))],
        ["c", write(1)],
      ]),
    ).toThrow(EntryTooLargeError);
    expect([backend.peek("a"), backend.peek("b"), backend.peek("c")]).toEqual([1, undefined, undefined]);
  });

  it("keeps a rewritten entry that the policy itself would have chosen to make room for it", () => {
    for (const evictionPolicy of ["fifo", "lfu", "random", "w-tinylfu"] as const) {
      const { backend, left } = open({ maxSizeBytes: 1_000, evictionPolicy });
      for (const key of ["a", "b", "c", "d"]) backend.set(key, write(1));
      backend.set("a", write("x".repeat(700)));
      expect(backend.peek("a")).toHaveLength(700);
      expect(left.filter((text) => text.startsWith("a "))).toEqual(["a replaced"]);
      backend.checkInvariants();
    }
  });

  it("makes room from dead entries before it evicts live ones", () => {
    const { backend, left } = open({ maxKeys: 4 });
    for (const key of ["dead 1", "dead 2"]) backend.set(key, write(1, { tags: ["t"] }));
    for (const key of ["a", "b"]) backend.set(key, write(1));
    for (const key of ["dead 1", "dead 2"]) backend.get(key);
    backend.invalidateTags(["t"]);
    for (const key of ["c", "d"]) backend.set(key, write(1));
    expect(left).toEqual(["dead 1 invalidated", "dead 2 invalidated"]);
    expect(backend.usage("").evictions).toBe(0);
  });

  it("tells removals when the new state stands: a listener sees the new value and free room", () => {
    const seen: unknown[] = [];
    const time = createFakeTime();
    const backend: MemoryBackend = createMemoryBackend(
      { maxSizeBytes: Infinity, maxKeys: 1, evictionPolicy: "lru", cleanupIntervalMs: 60_000, copy: false },
      { ...time, random: createSeededRandom(5), onRemoval: (key, cause) => seen.push([key, cause, backend.peek("b")]) },
    );
    backend.set("a", write(1));
    backend.set("b", write(2));
    backend.set("b", write(3));
    expect(seen).toEqual([
      ["a", "evicted", 2],
      ["b", "replaced", 3],
    ]);
  });
});

describe("namespaces", () => {
  it("counts a cleared namespace and its parents right at once, and frees it in the background", () => {
    const { backend, time, left } = open();
    for (const key of ["root", "@shop:a", "@shop/eu:a", "@shopping:a"]) backend.set(key, write(1));
    backend.clear("shop");
    expect(["", "shop", "shop/eu", "shopping"].map((path) => backend.usage(path).keyCount)).toEqual([2, 0, 0, 1]);
    expect(backend.peek("@shop/eu:a")).toBeUndefined();
    backend.set("@shop/eu:b", write(2));
    time.advance(0);
    expect(left.sort()).toEqual(["@shop/eu:a invalidated", "@shop:a invalidated"]);
    expect(backend.peek("@shop/eu:b")).toBe(2);
    expect(time.pendingCount()).toBe(0);
    backend.checkInvariants();
  });

  it("gives the memory of a cleared store back and stays usable", () => {
    const { backend, time, left } = open();
    for (let index = 0; index < 3_000; index += 1) backend.set(`k${index}`, write(index));
    backend.clear("");
    expect(backend.usage("")).toMatchObject({ keyCount: 0, memoryUsageBytes: 0 });
    backend.set("new", write(1));
    time.advance(0);
    expect(left).toHaveLength(3_000);
    expect(backend.peek("new")).toBe(1);
    backend.checkInvariants();
  });
});

describe("counters", () => {
  it("count from what is there after the caller's weigher has written", () => {
    let isWriting = false;
    const weigher = (): number => {
      if (isWriting) {
        isWriting = false;
        backend.set("other", write("other's value"));
      }
      return 1;
    };
    const { backend } = open({ maxKeys: 1, weigher });
    backend.set("n", write(5));
    // The other entry takes the counter's slot while the counter is weighed.
    isWriting = true;
    expect(backend.increment("n", counter).value).toBe(1n);
    expect([backend.peek("n"), backend.peek("other")]).toEqual([1, undefined]);
    backend.checkInvariants();
  });

  it("returns the first result for a repeated id, also when the entry is gone, until the window is over", () => {
    const { backend, time } = open();
    const request = { ...counter, opId: "op" };
    const first = backend.increment("n", request);
    expect(backend.increment("n", request)).toEqual(first);
    backend.delete("n");
    expect(backend.increment("n", request)).toEqual(first);
    expect(backend.peek("n")).toBeUndefined();
    expect(backend.increment("m", request).value).toBe(1n);
    time.advance(599_999);
    expect(backend.increment("n", request)).toEqual(first);
    time.advance(1);
    expect(backend.increment("n", request).version).toBeGreaterThan(first.version);
  });

  it("refuses to repeat a result that is outside the asked range", () => {
    const { backend } = open();
    backend.increment("n", { ...counter, delta: 2n ** 60n + 1n, opId: "op" });
    const narrow = { ...counter, maximum: BigInt(Number.MAX_SAFE_INTEGER), opId: "op" };
    expect(() => backend.increment("n", narrow)).toThrow(expect.objectContaining({ code: "GCX_COUNTER_RANGE" }));
    expect(backend.peek("n")).toBe(2n ** 60n + 1n);
  });

  it("leaves no timer of remembered results behind when it is closed", () => {
    const { backend, time } = open();
    backend.increment("n", { ...counter, opId: "op" });
    expect(time.pendingCount()).toBe(1);
    backend.close();
    expect(time.pendingCount()).toBe(0);
  });

  it("keeps every digit beyond 2^53, and returns to a number within", () => {
    const { backend } = open();
    backend.set("n", write(Number.MAX_SAFE_INTEGER));
    expect(backend.increment("n", counter).value).toBe(2n ** 53n);
    expect(backend.peek("n")).toBe(2n ** 53n);
    backend.increment("n", { ...counter, delta: -1n });
    expect(backend.peek("n")).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("refuses what is no integer and what leaves the range, and changes nothing", () => {
    const { backend } = open();
    for (const value of ["1", 1.5, 2 ** 53, null, {}]) {
      const { version } = backend.set("n", write(value));
      expect(() => backend.increment("n", counter)).toThrow(expect.objectContaining({ code: "GCX_COUNTER_TYPE" }));
      expect(backend.get("n")?.version).toBe(version);
    }
    backend.set("n", write(9));
    const narrow = { ...counter, maximum: 9n, opId: "refused" };
    expect(() => backend.increment("n", narrow)).toThrow(expect.objectContaining({ code: "GCX_COUNTER_RANGE" }));
    expect(backend.peek("n")).toBe(9);
  });
});

describe("leases", () => {
  it("end by the monotonic clock, and their tokens grow for ever", () => {
    const { backend, time } = open();
    const acquire = (owner: string): ReturnType<MemoryBackend["lease"]> =>
      backend.lease({ kind: "acquire", key: "l", owner, ttlMs: 100 });
    const first = acquire("a");
    time.setWall(time.clock.wallMs() + 1_000_000);
    expect(acquire("b")).toEqual({ kind: "busy", remainingMs: 100 });
    expect(acquire("a")).toEqual(first);
    backend.clear("");
    expect(acquire("b").kind).toBe("busy");
    time.advance(100);
    const second = acquire("b");
    expect(backend.lease({ kind: "extend", key: "l", owner: "a", ttlMs: 100 })).toEqual({ kind: "lost" });
    expect(second).toMatchObject({ kind: "held" });
    expect((second as { token: number }).token).toBeGreaterThan((first as { token: number }).token);
  });
});

describe("scan", () => {
  it("lists a key once although it is rewritten and others come and go between slices", async () => {
    const { backend, time } = open();
    const stable = Array.from({ length: 1_500 }, (_, index) => `stable ${index}`);
    for (const [index, key] of stable.entries()) {
      backend.set(key, write(1));
      if (index % 2 === 0) backend.set(`other ${index}`, write(1));
    }
    const found: string[] = [];
    const reading = (async () => {
      for await (const slice of backend.scan("stable")) {
        found.push(...slice);
        for (let index = 0; index < 1_500; index += 2) backend.delete(`other ${index}`);
        for (const key of stable) backend.set(key, write("rewritten"));
        backend.set(`other ${found.length}`, write(1));
      }
    })();
    for (let turn = 0; turn < 10; turn += 1) await time.advanceAsync(0);
    await reading;
    expect(found.sort()).toEqual([...stable].sort());
  });

  it("stops with the signal's reason, and when the store is closed", async () => {
    const { backend, time } = open();
    for (let index = 0; index < 2_500; index += 1) backend.set(`k${index}`, write(index));
    const controller = new AbortController();
    const aborted = backend.scan("", { signal: controller.signal })[Symbol.asyncIterator]();
    const closed = backend.scan("")[Symbol.asyncIterator]();
    await Promise.all([aborted.next(), closed.next()]);
    controller.abort(new Error("enough"));
    const outcomes = Promise.allSettled([aborted.next(), closed.next()]);
    backend.close();
    await time.advanceAsync(0);
    expect((await outcomes).map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([
      new Error("enough"),
      new CacheClosedError(),
    ]);
  });
});

describe("lifetime", () => {
  it("starts nothing when it is made, and leaves nothing behind when it is closed", () => {
    const { backend, time } = open();
    expect(time.pendingCount()).toBe(0);
    backend.set("a", write(1, { ttlMs: 10 }));
    backend.close();
    backend.close();
    expect(time.pendingCount()).toBe(0);
    expect(() => backend.get("a")).toThrow(CacheClosedError);
    expect(() => backend.set("a", write(1))).toThrow(CacheClosedError);
    expect(backend.usage("").keyCount).toBe(0);
  });

  it("survives a write to the same key by a getter of the value that is being copied", () => {
    const { backend, left } = open({ copy: true });
    backend.set("a", write("before"));
    const value = {
      get part(): number {
        backend.delete("a");
        return 7;
      },
    };
    backend.set("a", write(value));
    expect(backend.peek("a")).toEqual({ part: 7 });
    expect(left).toEqual(["a deleted"]);
    backend.checkInvariants();
  });

  it("freezes what it stores, and leaves what it refuses as it was", () => {
    const { backend } = open({ copy: "freeze" });
    const [stored, refused] = [{ list: [1] }, { list: [1] }];
    backend.set("a", write(stored));
    expect(backend.set("a", write(refused, { condition: { kind: "absent" } })).stored).toBe(false);
    const writes = [{ key: "a", write: write(refused) }];
    expect(backend.commit([{ key: "a", version: 1 }], writes).committed).toBe(false);
    expect([Object.isFrozen(stored.list), Object.isFrozen(refused), Object.isFrozen(refused.list)]).toEqual([
      true,
      false,
      false,
    ]);
    const { version } = backend.get("a") ?? { version: 0 };
    expect(backend.commit([{ key: "a", version }], writes).committed).toBe(true);
    expect(Object.isFrozen(refused.list)).toBe(true);
  });

  it("isolates shared results as its mode does, and hands them out as they are by reference", () => {
    const value = { list: [1] };
    expect(open({ copy: false }).backend.isolate).toBeUndefined();
    expect(open({ copy: true }).backend.isolate?.(value)).not.toBe(value);
    expect(open({ copy: "freeze" }).backend.isolate?.(value)).toBe(value);
    expect(Object.isFrozen(value.list)).toBe(true);
  });

  it("weighs what it stores", () => {
    const { backend } = open();
    backend.set("a", write("text", { tags: ["t"] }));
    expect(backend.usage("").memoryUsageBytes).toBe(weighEntry("a", "text", 1));
  });
});
