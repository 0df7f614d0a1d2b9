import type { Ttl } from "../entry/ttl.ts";
import type { Duration } from "../foundation/duration.ts";

/** What every method takes. */
export interface CallOptions {
  /** Leaves the call at once when aborted; the call rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of one write. */
export interface SetOptions extends CallOptions {
  /** Time to live. Default: the namespace's, then the cache's `defaultTtl`, then `memory.defaultTtl`, then never. `0` leaves the key absent. */
  readonly ttl?: Ttl | undefined;
  /**
   * Whether each read of the value starts the TTL anew, so that an entry ends when nobody asked for it that long: sessions, for
   * example. Reads of `getEntry`, `exists` and `ttl` count too. Without a TTL it says nothing. Default: the namespace's, then false.
   * Stores without the capability `slidingTtl` refuse it.
   */
  readonly sliding?: boolean | undefined;
  /** Labels for `invalidateTags`, at most 128 of up to 1,024 characters. Default: the namespace's tags, then none. */
  readonly tags?: readonly string[] | undefined;
  /** Ratio 0…1 of the TTL that is taken away at random, so that entries written together do not expire together. Default: 0. */
  readonly jitter?: number | undefined;
  /**
   * `"all"`: resolve only when no process can serve the old value any more (the receipt's `coherent` says so).
   * `"store"`: resolve when the store has committed. Default: `"store"`. With one process and one store both are the same.
   */
  readonly ack?: "store" | "all" | undefined;
}

/** A TTL, or all options of a write. */
export type TtlOrSetOptions = Ttl | SetOptions;

/** Defaults of a namespace; a call's own options win over them. */
export interface NamespaceDefaults {
  /** Default TTL of writes. */
  readonly ttl?: Ttl | undefined;
  /** Whether reads start the TTL of entries anew, by default. */
  readonly sliding?: boolean | undefined;
  /** Default jitter of writes, a ratio 0…1. */
  readonly jitter?: number | undefined;
  /** Tags of every entry written through the view, in addition to the call's own. */
  readonly tags?: readonly string[] | undefined;
  /** Default hard timeout of loads. */
  readonly hardTimeout?: Duration | false | undefined;
}

/** Options of `increment` and `decrement`. */
export interface CounterOptions extends CallOptions {
  /** TTL of a counter that this call creates; an existing one keeps its own. Default: as for writes. */
  readonly ttl?: Ttl | undefined;
  /** Value before the addition when the key is absent; an integer. Default: 0. */
  readonly initial?: number | bigint | undefined;
  /** Makes the call repeatable: the same id within 10 minutes counts once and returns the first result. Default: none. */
  readonly opId?: string | undefined;
}

/** Options of `update` and `transaction`. */
export interface OptimisticOptions extends CallOptions {
  /** Attempts before `TransactionConflictError`; 1 to 1,000. Default: 16. */
  readonly maxAttempts?: number | undefined;
}

/** Options of `update`: those of the write, and how often to try. */
export interface UpdateOptions extends SetOptions, OptimisticOptions {}

/** Options of `lock`. */
export interface LockOptions extends CallOptions {
  /** How long the lease lasts unless extended; above 0. Required: a lock without an end is a hang. */
  readonly ttl: Duration;
  /** How long to wait while somebody else holds it. Default: 0, one try. */
  readonly wait?: Duration | undefined;
}

/** Options of `keys`. */
export interface KeysOptions extends CallOptions {
  /** Only keys that begin with this. Default: all of the view. */
  readonly prefix?: string | undefined;
}

/** Options of `getOrSet` and `getOrSetMulti`. */
export interface GetOrSetOptions extends SetOptions {
  /** How long a caller waits for the loader before `LoaderError` `GCX_LOADER_TIMEOUT`; `false`: for ever. Default: 30 s. */
  readonly hardTimeout?: Duration | false | undefined;
  /** Load even when a live entry is there, and replace it. A running load is not joined. Default: false. */
  readonly forceFresh?: boolean | undefined;
}
