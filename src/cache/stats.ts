import type { CoherenceStatus } from "../backend/coherence-status.ts";
import type { TierCopyCounts } from "../backend/tier-copy-counts.ts";

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
  /** Of a tier between the nearest and the last, which keeps copies: what became of them. */
  readonly copies?: TierCopyCounts | undefined;
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
  /** Writes of all views that wait to reach a tier which is written behind; `undefined` where none is. */
  readonly pendingWrites: number | undefined;
  /** What is known of the freshness of copies in this process; `undefined` where there are none. */
  readonly coherence: CoherenceStatus | undefined;
}
