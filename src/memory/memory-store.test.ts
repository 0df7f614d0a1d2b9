import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../foundation/random-source.ts";
import { createFakeTime } from "../testing/fake-clock.ts";
import { MAX_ENTRY_COUNT } from "./capacity-estimate.ts";
import { NO_SLOT } from "./eviction/eviction-policy.ts";
import { MemoryStore } from "./memory-store.ts";

describe("memory store at the limit of the platform's Map", () => {
  it.each([Infinity, 2 ** 30, MAX_ENTRY_COUNT])("evicts although maxKeys is %d", (maxKeys) => {
    const left: string[] = [];
    const store = new MemoryStore(
      { maxKeys, maxSizeBytes: Infinity, evictionPolicy: "lru", cleanupIntervalMs: 60_000 },
      {
        ...createFakeTime(),
        random: createSeededRandom(1),
        onRemoval: (key, cause) => void left.push(`${key} ${cause}`),
      },
    );
    // As if the store held so many more: 8 million entries would take 2 GB.
    const missingCount = MAX_ENTRY_COUNT - 3;
    Object.defineProperty(store.slots, "size", { get: () => store.slots.index.size + missingCount });
    for (const key of ["a", "b", "c", "d"]) {
      store.put(key, NO_SLOT, { kept: key, weightBytes: 1, expiresAt: Infinity, tags: [] });
      store.removals.flush();
    }
    expect(left).toEqual(["a evicted"]);
    expect(store.slots.size).toBe(MAX_ENTRY_COUNT);
    expect(MAX_ENTRY_COUNT).toBeLessThanOrEqual(2 ** 23);
  });
});
