import type { BackendHost } from "../../backend/registry.ts";
import { EntryTooLargeError } from "../../foundation/errors.ts";
import { createSeededRandom } from "../../foundation/random-source.ts";
import type { EvictionPolicyName } from "../../memory/eviction/eviction-policies.ts";
import { NO_SLOT } from "../../memory/eviction/eviction-policy.ts";
import { MemoryStore } from "../../memory/memory-store.ts";

/** What the bound of a cache counts. */
export type CapacityUnit = "entries" | "bytes";

/** Nothing expires, nothing is told, and chance is the same every time. */
function createStillHost(): BackendHost {
  const task = { cancel: () => undefined };
  return {
    clock: { wallMs: () => 0, monotonicMs: () => 0 },
    scheduler: { after: () => task, soon: () => undefined },
    random: createSeededRandom(1),
    onRemoval: () => undefined,
    wantsRemovals: () => false,
  };
}

/**
 * A memory cache without values: the engine that caches run on, with its policy and its bound, given a trace. Every miss stores. Each entry's value is its size, so that it weighs
 * what the trace says.
 */
export class SimulatedCache {
  readonly #store: MemoryStore;
  #hitCount = 0;
  #hitBytes = 0;

  /** @param capacity at least 1; `Infinity`: nothing ever leaves */
  constructor(policy: EvictionPolicyName, capacity: number, unit: CapacityUnit) {
    const isBytes = unit === "bytes";
    this.#store = new MemoryStore(
      {
        maxKeys: isBytes ? Number.POSITIVE_INFINITY : capacity,
        maxSizeBytes: isBytes ? capacity : Number.POSITIVE_INFINITY,
        evictionPolicy: policy,
        cleanupIntervalMs: Number.POSITIVE_INFINITY,
        weigh: (_key, sizeBytes) => sizeBytes as number,
      },
      createStillHost(),
    );
  }

  /** Requests that found their key. */
  get hitCount(): number {
    return this.#hitCount;
  }

  /** Bytes of those. */
  get hitBytes(): number {
    return this.#hitBytes;
  }

  /** One request of the trace. */
  request(key: string, sizeBytes: number): void {
    if (this.#store.read(key) !== NO_SLOT) {
      this.#hitCount += 1;
      this.#hitBytes += sizeBytes;
      return;
    }
    try {
      this.#store.set(key, sizeBytes);
    } catch (error) {
      // Larger than the whole cache: such an entry is never stored, in a real cache neither.
      if (!(error instanceof EntryTooLargeError)) throw error;
    }
  }

  /** Frees the memory. */
  close(): void {
    this.#store.close();
  }
}
