import type { Lock } from "../atomic/lock.ts";
import type { Transaction } from "../atomic/transaction.ts";
import type { CacheEntry } from "../entry/cache-entry.ts";
import type { Ttl } from "../entry/ttl.ts";
import type { WriteReceipt } from "../entry/write-receipt.ts";
import type { CacheEventListener, CacheEventName } from "../events/cache-events.ts";
import type { BatchLoader, Loader } from "../loading/loader.ts";
import type { SnapshotSource } from "../memory/snapshot/byte-source.ts";
import type { DumpResult } from "../memory/snapshot/dump-snapshot.ts";
import type { LoadResult } from "../memory/snapshot/load-snapshot.ts";
import type { SnapshotTarget } from "../memory/snapshot/open-sink.ts";
import type { BatchedLoad } from "./batched-load.ts";
import type { AsyncFunction, CachedFunction, CachedOptions } from "./cached-function.ts";
import type { CacheHealth } from "./health.ts";
import type {
  BatchedOptions,
  CallOptions,
  CounterOptions,
  GetOrSetOptions,
  KeysOptions,
  LockOptions,
  NamespaceDefaults,
  OptimisticOptions,
  ReadOptions,
  SetOptions,
  TtlOrSetOptions,
  UpdateOptions,
} from "./options.ts";
import type { MemoryBounds } from "./resize-memory.ts";
import type { CacheStats } from "./stats.ts";

/** Many entries to write: a `Map`, an iterable of pairs, or a record. */
export type MultiItems<T> = Iterable<readonly [key: string, value: T]> | Readonly<Record<string, T>>;

/** The result of `compareAndSet`. */
export interface CompareAndSetResult {
  /** Whether the value was written. */
  readonly ok: boolean;
  /** Version of the entry now there: the new one, or the one that stood in the way (0: none). */
  readonly version: number;
}

/**
 * A cache, or a namespace of one. Every method that returns a promise rejects with `CacheClosedError` after `close`,
 * with `InvalidArgumentError` for wrong arguments, and with the reason of an aborted `signal`.
 */
export interface Cache {
  /** The value of a key, or `undefined` on a miss. A stored `null`, `0`, `""` or `false` is a hit. */
  get<T = unknown>(key: string, options?: ReadOptions): Promise<T | undefined>;

  /** The value with its version, remaining TTL, tags and tier, or `undefined` on a miss. */
  getEntry<T = unknown>(key: string, options?: ReadOptions): Promise<CacheEntry<T> | undefined>;

  /**
   * Writes a value.
   *
   * @throws InvalidArgumentError (a `TypeError`) `GCX_ARGUMENT_VALUE` for `undefined`
   * @throws EntryTooLargeError when the value alone exceeds the store; what was there stays
   * @throws SerializationError when the value has to be copied and cannot be
   */
  set<T>(key: string, value: T, ttlOrOptions?: TtlOrSetOptions): Promise<WriteReceipt>;

  /** Removes a key. @returns whether a live entry was there */
  delete(key: string, options?: CallOptions): Promise<boolean>;

  /** Whether a live entry is there. Counts as neither hit nor miss. */
  exists(key: string, options?: ReadOptions): Promise<boolean>;

  /** The live values of many keys; what misses is not in the map. One round trip per server. */
  getMulti<T = unknown>(keys: Iterable<string>, options?: CallOptions): Promise<Map<string, T>>;

  /** Writes many values with the same options. All arguments are checked before anything is written. Not atomic as a whole. */
  setMulti<T>(items: MultiItems<T>, ttlOrOptions?: TtlOrSetOptions): Promise<void>;

  /** Removes many keys. @returns how many live entries were there */
  deleteMulti(keys: Iterable<string>, options?: CallOptions): Promise<number>;

  /**
   * The value of a key; on a miss, of the loader, which runs once for all concurrent callers. A write, delete, tag
   * invalidation or clear that comes while it runs detaches it: its result goes to its own callers and is not stored.
   *
   * A loader that throws settles every waiter with its own error. A store that fails does not: the loader's value is returned.
   *
   * @throws LoaderError `GCX_LOADER_TIMEOUT` when the loader passes `hardTimeout`
   */
  getOrSet<T>(key: string, loader: Loader<T>, options?: GetOrSetOptions): Promise<T>;

  /** As `getOrSet` for many keys: one read, one loader call for what is missing and not being loaded already, one write. */
  getOrSetMulti<T>(keys: Iterable<string>, loader: BatchLoader<T>, options?: GetOrSetOptions): Promise<Map<string, T>>;

  /**
   * A function whose results come from the cache: `getOrSet` of this view around each call. It keeps its type, its `this`, its name and its errors, and has
   * `invalidate`, `refresh` and `key`, each of the same arguments. Callers at the same time share one call. What it returns as `undefined` is not stored.
   *
   * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` for wrong options, and a constant `key` of a function with arguments; LoaderError `GCX_LOADER_INVALID` for what is
   * no function. A `key` function that throws rejects the call with its error.
   *
   * @example
   * ```ts
   * const findUser = cache.cached((id: number) => database.user(id), { key: (id) => `user:${id}`, ttl: "5m" });
   * await findUser(7);
   * await findUser.invalidate(7);
   * ```
   */
  cached<Fn extends AsyncFunction>(fn: Fn, options: CachedOptions<Fn>): CachedFunction<Fn>;

  /**
   * A function that asks for one key at a time and loads many at once: keys that are asked for within `window` (by default, in the same turn of the event loop) are
   * read together, and one call of the loader brings what is missing, as in `getOrSetMulti`. Each call has its own signal, and fails with its own key alone. A key's
   * load is shared with `getOrSet`. Each function made here has batches of its own: make it once. Closing the cache rejects what still waits.
   *
   * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` for wrong options; LoaderError `GCX_LOADER_INVALID`
   */
  batched<T>(loader: BatchLoader<T>, options?: BatchedOptions): BatchedLoad<T>;

  /**
   * Adds to an integer, atomically. An absent key starts from `initial`.
   *
   * @param delta an integer; a `bigint` makes the result a `bigint`
   * @throws CounterError `GCX_COUNTER_TYPE` for a value that is no integer, `GCX_COUNTER_RANGE` when a `number` result would
   * leave ±(2^53 − 1) or any result 64 bits; nothing changes then
   */
  increment(key: string, delta?: number, options?: CounterOptions): Promise<number>;
  increment(key: string, delta: bigint, options?: CounterOptions): Promise<bigint>;

  /** `increment` by `-delta`. */
  decrement(key: string, delta?: number, options?: CounterOptions): Promise<number>;
  decrement(key: string, delta: bigint, options?: CounterOptions): Promise<bigint>;

  /** Writes only when the key is absent, atomically. @returns whether it was written */
  setNX<T>(key: string, value: T, ttlOrOptions?: TtlOrSetOptions): Promise<boolean>;

  /** Writes and returns what was there before, atomically. */
  getSet<T = unknown>(key: string, value: T, ttlOrOptions?: TtlOrSetOptions): Promise<T | undefined>;

  /** Writes only when the entry still has `expectedVersion` (0: the key is absent), atomically. */
  compareAndSet<T>(key: string, expectedVersion: number, value: T, options?: SetOptions): Promise<CompareAndSetResult>;

  /**
   * Replaces a value by a function of it; runs again when another writer was faster. Returning `undefined` leaves the
   * key as it is. An entry keeps its remaining TTL and tags unless the options say otherwise.
   *
   * @returns the value now there
   * @throws TransactionConflictError after `maxAttempts`
   */
  update<T>(key: string, change: (current: T | undefined) => T | Promise<T>, options?: UpdateOptions): Promise<T>;

  /**
   * Reads and writes the declared keys, all or nothing, serializable over them. `body` may run several times.
   *
   * @throws TransactionConflictError after `maxAttempts`; TransactionKeyError for a key that was not declared
   * @throws UnsupportedOperationError when the store cannot do it over these keys
   */
  transaction<R>(
    keys: Iterable<string>,
    body: (tx: Transaction) => R | Promise<R>,
    options?: OptimisticOptions,
  ): Promise<R>;

  /**
   * Takes a lease on a name. Locks live apart from entries: `lock("a")` and `get("a")` do not meet.
   *
   * @throws LockNotAcquiredError when it is held by somebody else for all of `wait`
   */
  lock(key: string, options: LockOptions): Promise<Lock>;

  /** Gives a live entry a new TTL; `0` ends it. @returns whether a live entry was there */
  expire(key: string, ttl: Ttl, options?: CallOptions): Promise<boolean>;

  /** Remaining TTL in ms, `Infinity` when it never expires, `undefined` when there is no live entry. */
  ttl(key: string, options?: ReadOptions): Promise<number | undefined>;

  /** Makes every entry with one of the tags a miss, in the whole cache, and detaches running loads that carry one. O(number of tags). */
  invalidateTags(tags: readonly string[], options?: CallOptions): Promise<void>;

  /** The keys of this view that begin with `prefix`. Tolerates changes; a key that is there throughout is listed once. O(n). */
  keys(options?: KeysOptions): AsyncIterable<string>;

  /** Removes the keys of this view that begin with `prefix`. @returns how many. O(n) */
  deleteByPrefix(prefix: string, options?: CallOptions): Promise<number>;

  /** Ends every entry of this view and of the namespaces inside it. O(1). */
  clear(options?: CallOptions): Promise<void>;

  /**
   * A view with its own keys, defaults, `clear()` and `stats()`. Keys of different views never meet. Cheap; asking twice
   * for the same name gives views of the same entries. Its counters (some 140 bytes a name) live as long as the cache: use
   * namespaces for kinds of things, not one for every user.
   */
  namespace(name: string, defaults?: NamespaceDefaults): Cache;

  /** The value in the memory tier, synchronously, without waiting and without asking any other tier. */
  peek<T = unknown>(key: string): T | undefined;

  /**
   * Writes every live entry of this view and of the namespaces inside it to a stream, then ends the stream; see {@link Cache.load}. For a
   * warm restart: dump after the last write. Each entry is as of some moment of the dump; what would not read back equal is skipped and
   * counted. Works in slices of half a millisecond and waits for a slow stream. O(n)
   *
   * @throws SnapshotError `GCX_SNAPSHOT_STREAM` when the stream fails; it is destroyed then
   * @throws UnsupportedOperationError when the store is not in memory
   */
  dump(writable: SnapshotTarget, options?: CallOptions): Promise<DumpResult>;

  /**
   * Loads what {@link Cache.dump} wrote into this view, whatever the name of the one that was dumped. TTLs go on: what was left, minus the
   * time since; what is over is skipped. Everything in the cache, and every change from this call on, is newer and wins. Versions
   * are new. What was deleted or invalidated after the dump comes back until its TTL ends. All or nothing: on any error nothing
   * loaded stays. O(n)
   *
   * @throws SnapshotError `GCX_SNAPSHOT_CORRUPT`, `GCX_SNAPSHOT_UNSUPPORTED`, `GCX_SNAPSHOT_STREAM`
   * @throws UnsupportedOperationError when the store is not in memory
   */
  load(readable: SnapshotSource, options?: CallOptions): Promise<LoadResult>;

  /**
   * Gives the memory tier other bounds while it runs, those of the whole cache; a bound that is left out stays. What is above them
   * is evicted before the call returns, in O(evicted).
   *
   * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION`; UnsupportedOperationError when the store has no such bounds; CacheClosedError
   */
  resize(bounds: MemoryBounds): void;

  /** Counters since the start, and what is stored now. A snapshot; no I/O. A namespace counts what went through its own views. */
  stats(): CacheStats;

  /** How the cache and its stores are. Never rejects; answers within `deadlines.health`, or at once when the signal is aborted. */
  health(options?: CallOptions): Promise<CacheHealth>;

  /** Listens to an event of the whole cache. @returns a function that stops listening */
  on<Name extends CacheEventName>(event: Name, listener: CacheEventListener<Name>): () => void;

  /** Connects now instead of with the first operation. Rejects clearly when a store cannot be reached. */
  ready(options?: CallOptions): Promise<void>;

  /** Waits for running loads and writes (up to `deadlines.close`), then frees every socket and timer. Closing a namespace closes the cache. Repeatable. */
  close(): Promise<void>;

  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
