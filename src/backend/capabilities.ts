/**
 * What a store can do beyond reading, writing and deleting. The cache emulates what can be emulated with the same
 * guarantees, and refuses the rest with `UnsupportedOperationError`.
 */
export interface BackendCapabilities {
  /** `"values"`: keeps JavaScript values as they are. `"bytes"`: keeps `Uint8Array`s, which the cache makes of values. */
  readonly storage: "values" | "bytes";
  /** Answers synchronously from this process: `peek` works, and no deadline or breaker is needed. */
  readonly local: boolean;
  /** `set` honours `EntryWrite.condition` atomically, so `setNX`, `getSet`, `compareAndSet`, `update` work. */
  readonly conditionalWrites: boolean;
  /** `increment` is atomic. Without it the cache counts by conditional writes. */
  readonly counters: boolean;
  /**
   * Which keys one `commit` may touch: any, any that live together on one server (`Backend.areColocated` says which do), a single
   * one, or none.
   */
  readonly transactions: "any-keys" | "co-located" | "single-key" | "none";
  /** `lease` exists, with tokens that never go back. */
  readonly leases: boolean;
  /** `invalidateTags` exists and `set` keeps tags. */
  readonly tags: boolean;
  /** `set` honours `EntryWrite.slidingTtlMs`: reads of the value start its TTL anew. Default: false. */
  readonly slidingTtl?: boolean | undefined;
  /** `set` honours `EntryWrite.staleMs`, and `getStale` exists. Default: false. */
  readonly stale?: boolean | undefined;
  /** `scan` exists. */
  readonly scan: boolean;
  /** `clear` exists. Without it the cache clears by `scan`. */
  readonly clear: boolean;
}
