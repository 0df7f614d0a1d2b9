import type { Lock } from "../../../src/atomic/lock.ts";
import type { Cache } from "../../../src/cache/cache.ts";

/** A cache of which some methods are others; all else is the cache's own. */
export function cacheWith(cache: Cache, own: Partial<Cache>): Cache {
  return new Proxy(cache, {
    get: (target, name) => {
      const replaced: unknown = Reflect.get(own, name);
      if (replaced !== undefined) return replaced;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A cache that gives out each lock in the very moment in which its caller leaves: it is taken, and handed over when the signal is aborted. */
export function lockingLate(cache: Cache): Cache {
  return cacheWith(cache, {
    lock: async (name, { signal, ...options }): Promise<Lock> => {
      const lock = await cache.lock(name, options);
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      return lock;
    },
  });
}

/** A cache with far more keys than are read, and what became of a listing of them. */
export interface ManyKeys {
  readonly cache: Cache;
  /** Keys that were asked for. */
  drawnCount(): number;
  /** Whether the listing has ended, at its end or before it. */
  isOver(): boolean;
}

/** Lists `count` keys of 1,000 characters, one after the other, without ever waiting for anything. */
export function withManyKeys(cache: Cache, count: number): ManyKeys {
  let drawn = 0;
  let isOver = false;
  async function* keys(): AsyncGenerator<string> {
    try {
      while (drawn < count) {
        drawn += 1;
        yield String(drawn).padStart(1_000, "k");
      }
    } finally {
      isOver = true;
    }
  }
  return { cache: cacheWith(cache, { keys }), drawnCount: () => drawn, isOver: () => isOver };
}
