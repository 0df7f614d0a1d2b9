/** A live entry as a store returns it. May be an instance whose fields are computed when they are read: read them, do not spread it. */
export interface StoredEntry {
  /** The value (`storage: "values"`) or its bytes (`storage: "bytes"`). Never `undefined`. */
  readonly value: unknown;
  /** Grows with every write of the key. */
  readonly version: number;
  /** Wall-clock instant at which the entry expires, ms since the epoch; `Infinity` when never. */
  readonly expiresAt: number;
  /** The tags it was written with. */
  readonly tags: readonly string[];
  /** The TTL in ms that each read of its value starts anew. Default: none does. */
  readonly slidingTtlMs?: number | undefined;
  /** Name of the store that answered, where one is made of several. Default: the store's own name. */
  readonly tier?: string | undefined;
  /**
   * How long beyond its TTL the data is kept, in ms, as the entry was written. Read by the `expire` that `defineBackend` fills in, and by nobody else: a store with an
   * `expire` of its own need not say it. Default: no longer.
   */
  readonly staleMs?: number | undefined;
}

/** What must hold for a conditional write to happen; checked and applied in one atomic step. */
export type WriteCondition =
  /** No live entry. */
  | { readonly kind: "absent" }
  /** A live entry with exactly this version. */
  | { readonly kind: "version"; readonly version: number };

/** An entry to be written. */
export interface EntryWrite {
  /** The value or its bytes. Never `undefined`. */
  readonly value: unknown;
  /** Time to live in ms, > 0; `Infinity` for never. The cache turns a TTL of 0 into a delete. */
  readonly ttlMs: number;
  /** A TTL in ms, finite, that each read of the value starts anew. Default: none; reads change nothing. Capability `slidingTtl`. */
  readonly slidingTtlMs?: number | undefined;
  /**
   * How long beyond its TTL the data is kept to stand in, in ms: a miss for everybody, and found by `Backend.getStale`. Ends early when the key is written,
   * deleted, cleared, or one of its tags is invalidated, and may end early to make room. Default 0. Capability `stale`. Not with `slidingTtlMs`.
   */
  readonly staleMs?: number | undefined;
  /** Tags, without repetitions. Empty unless the store has the capability. */
  readonly tags: readonly string[];
  /** Write only if this holds. Capability `conditionalWrites`. */
  readonly condition?: WriteCondition | undefined;
  /** Also return the live entry that was replaced, read in the same atomic step. Capability `conditionalWrites`. */
  readonly returnPrevious?: boolean | undefined;
  /**
   * For results of loads: refuse the write when one of `tags` was invalidated after this version stamp, which the
   * store gave out by `stamp()` before the load began. Capability `tags`.
   */
  readonly tagsUnchangedSince?: number | undefined;
}

/** What became of a write. */
export interface WriteResult {
  /** False when the condition or the tag stamp refused it; then nothing changed. */
  readonly stored: boolean;
  /** Version of the new entry; when refused, of the live entry found (0: none). 0 of what was stored: it waits to be written behind, and has none yet. */
  readonly version: number;
  /** With `returnPrevious`: the live entry that was there. */
  readonly previous?: StoredEntry | undefined;
}
