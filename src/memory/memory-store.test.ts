import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../foundation/random-source.ts";
import { createFakeTime } from "../testing/fake-clock.ts";
import { MAX_ENTRY_COUNT } from "./capacity-estimate.ts";
import { KeyIndex } from "./index/key-index.ts";
import { MemoryStore } from "./memory-store.ts";

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
