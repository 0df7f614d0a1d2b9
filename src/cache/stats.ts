/** What one tier holds. */
export interface TierStats {
  /** The tier's store, for example `"memory"`. */
  readonly name: string;
  /** Keys, or `undefined` when only a server knows. An expired entry counts until it is met or swept. */
  readonly keyCount: number | undefined;
  /** Bytes in use, or `undefined` when only a server knows. */
  readonly memoryUsage: number | undefined;
  /** Entries removed to make room. */
  readonly evictions: number;
  /** Connections to its servers that are open now, or `undefined` for a store without a network. */
  readonly connections: number | undefined;
}

/** Counters of a view since the cache was created. */
export interface CacheStats {
  /** Reads that found a live entry; every key of a batch counts. */
  readonly hits: number;
  /** Reads that found none. */
  readonly misses: number;
  /** Accepted writes. */
  readonly sets: number;
  /** Deletes that removed a live entry. */
  readonly deletes: number;
  /** Entries removed to make room, by all views. */
  readonly evictions: number;
  /** Loader calls. */
  readonly loads: number;
  /** Loader calls that threw or timed out. */
  readonly loadFailures: number;
  /** Answers of `getOrSet` and `getOrSetMulti` with an entry whose TTL was over. */
  readonly staleServed: number;
  /**
   * Keys of this view and the namespaces inside it, in the nearest tier that knows; 0 when none does. An expired entry
   * counts until it is met or swept.
   */
  readonly keyCount: number;
  /** Bytes held by the memory tier for this view and the namespaces inside it. */
  readonly memoryUsage: number;
  /** Time since the cache was created, in ms. */
  readonly uptime: number;
  /** `hits / (hits + misses)`; 0 before the first read. */
  readonly hitRatio: number;
  /** What each tier holds for this view, nearest first. */
  readonly tiers: readonly TierStats[];
}
