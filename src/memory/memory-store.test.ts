import { describe, expect, it, vi } from "vitest";
import { createSeededRandom } from "../foundation/random-source.ts";
import { createFakeTime } from "../testing/fake-clock.ts";
import { MAX_ENTRY_COUNT } from "./capacity-estimate.ts";
import { EVICTION_POLICY_NAMES } from "./eviction/eviction-policies.ts";
import { KeyIndex } from "./index/key-index.ts";
import { MemoryStore } from "./memory-store.ts";

/** Until `restore` is called, the platform has no room for arrays of numbers. */
function withoutMemory(): { restore: () => void } {
  const refuse = class {
    constructor() {
      throw new RangeError("Array buffer allocation failed");
    }
  };
  for (const name of ["Int32Array", "Float64Array", "Uint8Array"]) vi.stubGlobal(name, refuse);
  return { restore: () => vi.unstubAllGlobals() };
}

describe.each(EVICTION_POLICY_NAMES)("memory store without memory, policy %s", (evictionPolicy) => {
  const openStore = (maxKeys: number): MemoryStore =>
    new MemoryStore(
      { maxKeys, maxSizeBytes: 1e9, evictionPolicy, cleanupIntervalMs: 60_000, weigh: () => 1 },
      { ...createFakeTime(), random: createSeededRandom(1), onRemoval: () => undefined },
    );
  const put = (store: MemoryStore, key: string, tags: readonly string[]): void => {
    const hash = store.hash(key);
    store.put(key, hash, store.findLive(key, hash), key, 1, store.lifetimes.deadlineAfter(1_000), tags);
  };

  it("writes an entry whole or not at all while it grows", () => {
    const store = openStore(Infinity);
    let writtenCount = 0;
    let failedCount = 0;
    for (let round = 0; round < 40; round += 1) {
      // A growth every now and then, of this array or that, at every size.
      for (let index = 0; index < 50; index += 1) put(store, `@a/b:k${writtenCount++}`, ["t"]);
      const { restore } = withoutMemory();
      for (let index = 0; index < 300; index += 1) {
        try {
          put(store, `@new${round}:k${index}`, ["t"]);
          writtenCount += 1;
        } catch (error) {
          failedCount += 1;
          if (!(error instanceof RangeError)) throw error;
        }
      }
      restore();
      expect(store.slots.size).toBe(writtenCount);
      // It looks at all that is stored: while there is little, and then now and then, for what is half written stays so.
      if (round < 10 || round % 5 === 4) store.checkInvariants();
    }
    expect(failedCount).toBeGreaterThan(1_000);
  });

  it("replaces entries of a full store whole or not at all", () => {
    const store = openStore(5);
    for (let index = 0; index < 5; index += 1) put(store, `@ns:k${index}`, ["t"]);
    const { restore } = withoutMemory();
    try {
      for (let index = 0; index < 5; index += 1) {
        try {
          store.set(`new${index}`, index);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
      }
    } finally {
      restore();
    }
    store.checkInvariants();
    for (let index = 0; index < 5; index += 1) {
      const slot = store.findLive(`new${index}`, store.hash(`new${index}`));
      if (slot === -1) continue;
      expect(store.slots.tagSets.get(slot)).toBeUndefined();
      expect(store.lifetimes.expiresAt(slot)).toBe(Infinity);
    }
  });
});

describe("memory store at the limit of its index", () => {
  it.each([Infinity, 2 ** 30, MAX_ENTRY_COUNT])("evicts although maxKeys is %d", (maxKeys) => {
    const left: string[] = [];
    const store = new MemoryStore(
      { maxKeys, maxSizeBytes: Infinity, evictionPolicy: "lru", cleanupIntervalMs: 60_000, weigh: () => 1 },
      {
        ...createFakeTime(),
        random: createSeededRandom(1),
        onRemoval: (key, cause) => void left.push(`${key} ${cause}`),
      },
    );
    // As if the store held so many more: 16 million entries would take 3 GB.
    const missingCount = MAX_ENTRY_COUNT - 3;
    const { index } = store.slots;
    Object.defineProperty(index, "size", {
      get: () => (Reflect.get(KeyIndex.prototype, "size", index) as number) + missingCount,
    });
    for (const key of ["a", "b", "c", "d"]) {
      store.set(key, key);
      store.removals.flush();
    }
    expect(left).toEqual(["a evicted"]);
    expect(store.slots.size).toBe(MAX_ENTRY_COUNT);
    expect(MAX_ENTRY_COUNT).toBeLessThan(2 ** 24);
  });
});
