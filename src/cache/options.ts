import type { Ttl } from "../entry/ttl.ts";
import type { WriteReceipt } from "../entry/write-receipt.ts";
import type { Duration } from "../foundation/duration.ts";

/** What every method takes. */
export interface CallOptions {
  /** Leaves the call at once when aborted; the call rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of reads of one key. */
export interface ReadOptions extends CallOptions {
  /**
   * The receipt of a write of this key, by this process or another: the answer is not older than that write. Where nothing else is known, the shared store is asked and not the copy in this
   * process. Default: none; a copy may be as old as `consistency.maxStaleness`.
   */
  readonly after?: WriteReceipt | undefined;
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
   * `"all"`: resolve only when no process can serve the old value any more (the receipt's `coherent` says so): when each has said so, and at the latest a little after
   * `consistency.maxStaleness`. `"store"`: resolve when the store has committed. Default: `"store"`. Where no process keeps copies both are the same.
   */
  readonly ack?: "store" | "all" | undefined;
}

/** A TTL, or all options of a write. */
export type TtlOrSetOptions = Ttl | SetOptions;

/** How values are loaded, per call and as defaults of a namespace or cache. A table of what follows from them is in `docs/guide/get-or-set.md`. */
export interface LoadOptions {
  /** How long a caller waits, from the call to its answer, before `LoaderError` `GCX_LOADER_TIMEOUT`; `false`: for ever. Default: 30 s. */
  readonly hardTimeout?: Duration | false | undefined;
  /**
   * How long a caller waits before it takes what stands in (see `grace`); the load goes on in the background. Where nothing can stand in it waits on. It also ends the
   * wait for a store that does not answer: the loader then runs without it. Default: `false`, none.
   */
  readonly softTimeout?: Duration | false | undefined;
  /**
   * How long after its TTL a value may stand in when the loader fails or is slow. It is kept that much longer, a miss for every other method, and never outlives a
   * write, a delete or an invalidation. Default: `false`, not at all. Stores without the capability `stale` refuse it, and so do entries with `sliding`.
   */
  readonly grace?: Duration | false | undefined;
  /** How long after its TTL a value is served at once while one caller loads it anew in the background. Default: `false`, not at all. As `grace` otherwise. */
  readonly staleWhileRevalidate?: Duration | false | undefined;
  /** Share of the TTL, above 0 and below 1, after which the next caller loads anew in the background while the value lives. Default: `false`, none. */
  readonly refreshAhead?: number | false | undefined;
  /**
   * Weight of the probabilistic early refresh (XFetch), above 0; 1 is a good value. The closer the end of the TTL and the longer a load takes, the likelier a caller loads
   * anew in the background. Needs a load in this process to know how long it takes. Default: `false`, none.
   */
  readonly earlyRefresh?: number | false | undefined;
  /**
   * TTL of "there is none": a loader's `undefined` or `null` is then stored as `null` for so long, and the call answers `null`. A TTL that the loader sets wins. Default:
   * `false`: `undefined` is not stored, and `null` is a value like others.
   */
  readonly negativeTtl?: Duration | false | undefined;
  /**
   * How long a failed load is remembered in this process: until then the key's callers get the same error, or what stands in, and the loader is not called. A change of
   * the key or of one of its tags, made by this cache, ends that early. Default: `false`.
   */
  readonly errorTtl?: Duration | false | undefined;
  /**
   * Whether one process of a fleet loads a key and the others wait for it, where the store can (Redis and Memcached in mode `coherent`); and whether one of them refreshes
   * a live value that is due, for which nobody waits. `lease`: how long a loader has before another process takes over. Default: `true`, with the hard timeout but at most 10 s.
   */
  readonly distributedSingleFlight?: boolean | { readonly lease: Duration } | undefined;
}

/** Defaults of a namespace; a call's own options win over them. */
export interface NamespaceDefaults extends LoadOptions {
  /** Default TTL of writes. */
  readonly ttl?: Ttl | undefined;
  /** Whether reads start the TTL of entries anew, by default. */
  readonly sliding?: boolean | undefined;
  /** Default jitter of writes, a ratio 0…1. */
  readonly jitter?: number | undefined;
  /** Tags of every entry written through the view, in addition to the call's own. */
  readonly tags?: readonly string[] | undefined;
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
export interface GetOrSetOptions extends Omit<SetOptions, "ack">, LoadOptions {
  /** Load even when a live entry is there, and replace it. A running load is not joined. Default: false. */
  readonly forceFresh?: boolean | undefined;
}

/** Options of loads that many callers share: those of `getOrSet` but for the signal, which is of one call. */
export interface SharedLoadOptions extends Omit<GetOrSetOptions, "signal"> {}

/** Options of `batched`. */
export interface BatchedOptions extends SharedLoadOptions {
  /** How long keys are collected, from the first that is asked for; less than the hard timeout. Default: 0, this turn of the event loop. */
  readonly window?: Duration | undefined;
  /** Keys with which a batch leaves at once; 1 to 100,000. Default: 1,000. */
  readonly maxBatch?: number | undefined;
}
