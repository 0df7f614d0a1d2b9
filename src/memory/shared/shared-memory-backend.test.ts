import { describe, expect, it, vi } from "vitest";
import type { SharedSlabHandle } from "../../backend/shared-slab-handle.ts";
import type { RemovalCause } from "../../entry/removal.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import type { ThreadExits } from "../../foundation/thread-exits.ts";
import { createFakeTime, type FakeTime } from "../../testing/fake-clock.ts";
import { BucketChain } from "./bucket-chain.ts";
import { RECORD } from "./record-format.ts";
import { SEGMENT_STATE, SegmentTable } from "./segment-table.ts";
import { createSharedMemoryBackend, type SharedMemoryBackend } from "./shared-memory-backend.ts";
import { createSharedSlab, SharedSlab } from "./shared-slab.ts";
import type { SharedSlabOptions } from "./slab-layout.ts";

const MEBIBYTE = 2 ** 20;

interface Fixture {
  readonly slab: SharedSlabHandle;
  readonly time: FakeTime;
  readonly left: [key: string, cause: RemovalCause][];
  readonly store: SharedMemoryBackend;
  attach(threads?: ThreadExits): SharedMemoryBackend;
}

function open(options: Partial<SharedSlabOptions> = {}): Fixture {
  const time = createFakeTime();
  const left: [string, RemovalCause][] = [];
  const host = {
    ...time,
    random: createSeededRandom(7),
    onRemoval: (key: string, cause: RemovalCause) => void left.push([key, cause]),
  };
  const slab = createSharedSlab({ sizeBytes: MEBIBYTE, ...options }, host);
  const attach = (threads?: ThreadExits): SharedMemoryBackend => createSharedMemoryBackend({ slab, threads }, host);
  return { slab, time, left, attach, store: attach() };
}

const write = (value: unknown, ttlMs = Number.POSITIVE_INFINITY) => ({ value, ttlMs, tags: [] });

function thread(currentThreadId: number): ThreadExits & { end(threadId: number): void } {
  let told: (threadId: number) => void = () => undefined;
  return {
    currentThreadId,
    watch(onExit) {
      told = onExit;
      return () => undefined;
    },
    end: (threadId) => told(threadId),
  };
}

describe("shared memory that other threads change meanwhile", () => {
  const original = BucketChain.prototype.holds;

  it("empties a bucket that leads nowhere, instead of searching it for ever", () => {
    const { slab, store } = open();
    for (let index = 0; index < 100; index += 1) store.set(`k${index}`, write(index));
    // As if their places had been written over.
    const { dataAt } = new SharedSlab(slab).layout;
    new Int32Array(slab.buffer).fill(-1, dataAt * 2);
    for (let index = 0; index < 100; index += 1) expect(store.get(`k${index}`)).toBeUndefined();
    for (let index = 0; index < 100; index += 1) store.set(`k${index}`, write(-index));
    expect(store.get("k7")?.value).toBe(-7);
  });

  it("does not leave an entry behind in a segment that is given out, whatever is read of a bucket that changes", () => {
    const { slab, store } = open();
    const { i32, layout } = new SharedSlab(slab);
    const holds = vi.spyOn(BucketChain.prototype, "holds");
    let callCount = 0;
    holds.mockImplementation(function answer(this: BucketChain, address: number) {
      callCount += 1;
      if (callCount % 2 === 0) return original.call(this, address);
      // Another thread changed the bucket, and what its former head said is written over.
      const sequenceWord = (layout.headAt + this.bucket) * 2 + 1;
      i32[sequenceWord] = ((i32[sequenceWord] as number) + 1) | 0;
      return false;
    });
    const value = "v".repeat(300);
    for (let index = 0; index < 10_000; index += 1) store.set(`k${index}`, write(value));
    holds.mockRestore();
    expect(callCount).toBeGreaterThan(1_000);
    const segments = new SegmentTable(new SharedSlab(slab));
    for (let bucket = 0; bucket < layout.bucketCount; bucket += 1) {
      const head = i32[(layout.headAt + bucket) * 2] as number;
      if (head === 0) continue;
      expect(segments.stateOf(segments.of(head)), `bucket ${bucket}`).not.toBe(SEGMENT_STATE.free);
      expect(i32[head * 2 + RECORD.bucket], `bucket ${bucket}`).toBe(bucket);
    }
  });
});

describe("a shared memory's handle", () => {
  it("is refused when it is none, foreign, or damaged", () => {
    const { slab, store } = open();
    const host = { ...createFakeTime(), random: createSeededRandom(1), onRemoval: () => undefined };
    const use = (handle: unknown) => () => createSharedMemoryBackend({ slab: handle as SharedSlabHandle }, host);
    const refusal = expect.objectContaining({ code: "GCX_CONFIG_INVALID", field: "memory.shared" });
    for (const handle of [undefined, {}, { buffer: new ArrayBuffer(MEBIBYTE) }]) expect(use(handle)).toThrow(refusal);
    expect(use({ buffer: new SharedArrayBuffer(MEBIBYTE) })).toThrow(refusal);
    expect(use({ buffer: new SharedArrayBuffer(8) })).toThrow(refusal);
    store.set("a", write(1));
    for (const word of [1, 3, 8, 20]) {
      const words = new Int32Array(slab.buffer);
      words[word] = (words[word] as number) ^ 64;
      expect(use(slab), `word ${word}`).toThrow(refusal);
      words[word] = (words[word] as number) ^ 64;
    }
    expect(use(slab)().get("a")?.value).toBe(1);
  });

  it.each([
    ["maxSize", { sizeBytes: 1_000 }],
    ["maxSize", { sizeBytes: Number.NaN }],
    ["maxKeys", { maxKeys: 0 }],
    ["maxEntrySize", { maxEntryBytes: MEBIBYTE }],
    ["expectedKeys", { expectedKeyCount: -1 }],
  ])("is not made when %s is outside its range", (field, options) => {
    expect(() => open(options)).toThrow(expect.objectContaining({ field: `memory.shared.${field}` }));
  });
});

describe("a shared memory", () => {
  it("refuses an entry that is larger than a segment, and keeps the rest", () => {
    const { store } = open();
    store.set("a", write("kept"));
    expect(() => store.set("a", write("x".repeat(20_000)))).toThrow(
      expect.objectContaining({ code: "GCX_ENTRY_TOO_LARGE" }),
    );
    expect(store.get("a")?.value).toBe("kept");
    store.set("b", write("x".repeat(15_000)));
    expect(store.get("b")?.value).toBe("x".repeat(15_000));
  });

  it.each([
    ["a function", { f: () => 1 }, "$.f"],
    ["an instance of a class", [1, new (class Own {})()], "$[1]"],
    ["an object without a prototype", { a: { b: Object.create(null) } }, "$.a.b"],
    ["a regular expression in the middle of a search", { x: [Object.assign(/a/g, { lastIndex: 2 })] }, "$.x[0]"],
    ["bytes with a name of their own", Object.assign(Buffer.from("x"), { own: 1 }), "$"],
  ])("refuses %s, which would not come back equal", (_, value, path) => {
    const { store } = open();
    expect(() => store.set("a", write(value))).toThrow(
      expect.objectContaining({ code: "GCX_SERIALIZATION_VALUE", path }),
    );
    expect(store.get("a")).toBeUndefined();
  });

  it("takes a value whose getter uses the same cache", () => {
    const { store } = open();
    const value = {
      get inner() {
        store.set("other", write("written meanwhile"));
        return 5;
      },
    };
    store.set("a", write(value));
    expect([store.get("a")?.value, store.get("other")?.value]).toEqual([{ inner: 5 }, "written meanwhile"]);
  });

  it("takes equal keys for equal however the engine keeps them", () => {
    const { store } = open();
    const wideSource = "żkey";
    store.set(wideSource.slice(1), write("narrow text in a wide string"));
    expect(store.get("key")?.value).toBe("narrow text in a wide string");
    store.set("\ud800", write("lone"));
    expect([store.get("\ud800")?.value, store.get("\ufffd")]).toEqual(["lone", undefined]);
  });

  it("holds maxKeys after every write and keeps what is read", () => {
    const { store } = open({ maxKeys: 50 });
    for (let index = 0; index < 1_000; index += 1) {
      store.set(`key ${index}`, write(index));
      store.get("key 3");
      expect(store.usage("").keyCount).toBeLessThanOrEqual(50);
    }
    expect([store.usage("").keyCount, store.get("key 3")?.value, store.get("key 999")?.value]).toEqual([50, 3, 999]);
  });

  it("keeps what is read while many times its size is written through it", () => {
    const { store, left } = open();
    for (let index = 0; index < 20_000; index += 1) {
      store.set(`cold ${index}`, write("x".repeat(200)));
      for (let hot = 0; hot < 3; hot += 1) {
        if (store.peek(`hot ${hot}`) === undefined) store.set(`hot ${hot}`, write(hot));
      }
    }
    expect([0, 1, 2].map((hot) => store.peek(`hot ${hot}`))).toEqual([0, 1, 2]);
    expect(left.filter(([key]) => key.startsWith("hot"))).toEqual([]);
    expect(store.usage("").evictions).toBe(left.length);
  });

  it("evicts nothing that lives while the space is full of what was overwritten", () => {
    const { store } = open();
    for (let index = 0; index < 30_000; index += 1) {
      if (index < 5_000 && index % 5 === 0) store.set(`still ${index / 5}`, write("x".repeat(100)));
      store.set(`busy ${(index * 7_919) % 601}`, write("y".repeat(200)));
    }
    const left = Array.from({ length: 1_000 }, (_, index) => store.peek(`still ${index}`)).filter(Boolean);
    expect(left.length).toBeGreaterThan(990);
  });

  it("counts nothing when all is deleted, and can be filled again", () => {
    const { store } = open();
    const fill = (): number => {
      for (let index = 0; index < 10_000; index += 1) store.set(`fill ${index}`, write("z".repeat(100)));
      return store.usage("").keyCount as number;
    };
    const first = fill();
    for (let index = 0; index < 10_000; index += 1) store.delete(`fill ${index}`);
    expect(store.usage("")).toMatchObject({ keyCount: 0, memoryUsageBytes: 0 });
    expect(fill()).toBeGreaterThan(first * 0.97);
  });
});

describe("a thread that ended", () => {
  it("holds segments until it is reported, and then no more", () => {
    const { slab, attach, store } = open();
    const watcher = thread(1);
    const watching = attach(watcher);
    watching.connect();
    for (let id = 2; id < 8; id += 1) attach(thread(id)).set(`of ${id}`, write(id));
    expect(() => {
      for (let id = 8; id < 40; id += 1) attach(thread(id));
    }).toThrow(expect.objectContaining({ field: "memory.shared" }));
    for (let id = 2; id < 40; id += 1) watcher.end(id);
    for (let id = 40; id < 44; id += 1) expect(attach(thread(id)).get("of 3")?.value).toBe(3);
    expect(store.get("of 7")?.value).toBe(7);
    expect(slab.buffer.byteLength).toBe(MEBIBYTE);
  });
});

describe("loads and other threads", () => {
  it.each<[string, (store: SharedMemoryBackend) => void]>([
    ["wrote the key", (store) => void store.set("a", write("newer"))],
    ["deleted the key, which was there", (store) => void store.delete("a")],
    ["cleared everything", (store) => store.clear("")],
  ])("refuses the result of a load when another thread %s after the load began", (_, act) => {
    const { store, attach } = open();
    store.set("a", write("old"));
    const tagsUnchangedSince = store.stamp();
    act(attach(thread(2)));
    expect(store.set("a", { ...write("loaded"), tagsUnchangedSince }).stored).toBe(false);
    expect(store.set("b", { ...write("loaded"), tagsUnchangedSince: store.stamp() }).stored).toBe(true);
  });

  it("refuses it also when the key was not there", () => {
    const { store, attach } = open();
    const tagsUnchangedSince = store.stamp();
    attach(thread(2)).delete("a");
    expect(store.set("a", { ...write("loaded"), tagsUnchangedSince }).stored).toBe(false);
  });
});
