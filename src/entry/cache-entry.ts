/** A value with what is known about it; what `getEntry` returns. */
export interface CacheEntry<T> {
  /** The value. */
  readonly value: T;
  /** Grows with every write of the key. Hand it to `compareAndSet`. 0: a write that waits to be written behind has none yet, and `compareAndSet` refuses. */
  readonly version: number;
  /** Remaining time to live in ms; `Infinity` when it never expires. */
  readonly ttl: number;
  /** The tags it was written with. */
  readonly tags: readonly string[];
  /** Whether its freshness is over and it is only kept to stand in. */
  readonly stale: boolean;
  /** The tier that answered, for example `"memory"`. */
  readonly tier: string;
}
