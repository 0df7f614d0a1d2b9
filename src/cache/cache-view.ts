import type { Lock } from "../atomic/lock.ts";
import type { Transaction } from "../atomic/transaction.ts";
import type { CacheEntry } from "../entry/cache-entry.ts";
import { joinNamespace } from "../entry/namespace-path.ts";
import type { Ttl } from "../entry/ttl.ts";
import type { WriteReceipt } from "../entry/write-receipt.ts";
import type { CacheEventListener, CacheEventName } from "../events/cache-events.ts";
import type { BatchLoader, Loader } from "../loading/loader.ts";
import type { SnapshotSource } from "../memory/snapshot/byte-source.ts";
import type { DumpResult } from "../memory/snapshot/dump-snapshot.ts";
import type { LoadResult } from "../memory/snapshot/load-snapshot.ts";
import type { SnapshotTarget } from "../memory/snapshot/open-sink.ts";
import { assertListener } from "./assert-listener.ts";
import { moveCounterBy, runCacheTransaction, takeLock, updateValue } from "./atomics.ts";
import { getOrLoadMulti } from "./batch-loads.ts";
import { batchKeys } from "./batched-keys.ts";
import type { BatchedLoad } from "./batched-load.ts";
import { deleteKeys, getValues, setValues } from "./batches.ts";
import type { Cache, CompareAndSetResult, MultiItems } from "./cache.ts";
import type { AsyncFunction, CachedFunction, CachedOptions } from "./cached-function.ts";
import { checkHealth } from "./check-health.ts";
import { closeCache } from "./close-cache.ts";
import type { CacheHealth } from "./health.ts";
import { clearView, deleteByPrefix, invalidateTags, listKeys } from "./invalidations.ts";
import { getOrLoad } from "./loads.ts";
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
import { getEntry, getTtl, getValue, hasEntry, peekValue } from "./reads.ts";
import { type MemoryBounds, resizeMemory } from "./resize-memory.ts";
import { resolveNamespaceDefaults, signalOf } from "./resolve-options.ts";
import { dumpView, loadView } from "./snapshots.ts";
import type { CacheStats } from "./stats.ts";
import { rememberCore } from "./view-cores.ts";
import { createViewScope, type ViewScope } from "./view-scope.ts";
import { readStats } from "./view-stats.ts";
import { wrapFunction } from "./wrap-function.ts";
import { compareAndSetValue, deleteKey, expireKey, replaceValue, setIfAbsent, setValue } from "./writes.ts";

/** The facade: one method per operation, each handing over to the file that carries it out. */
export class CacheView implements Cache {
  readonly #scope: ViewScope;

  constructor(scope: ViewScope) {
    this.#scope = scope;
    rememberCore(this, scope.core);
  }

  get<T>(key: string, options?: ReadOptions): Promise<T | undefined> {
    return getValue(this.#scope, key, options) as Promise<T | undefined>;
  }

  getEntry<T>(key: string, options?: ReadOptions): Promise<CacheEntry<T> | undefined> {
    return getEntry<T>(this.#scope, key, options);
  }

  set<T>(key: string, value: T, ttlOrOptions?: TtlOrSetOptions): Promise<WriteReceipt> {
    return setValue(this.#scope, key, value, ttlOrOptions);
  }

  delete(key: string, options?: CallOptions): Promise<boolean> {
    return deleteKey(this.#scope, key, options);
  }

  exists(key: string, options?: ReadOptions): Promise<boolean> {
    return hasEntry(this.#scope, key, options);
  }

  getMulti<T>(keys: Iterable<string>, options?: CallOptions): Promise<Map<string, T>> {
    return getValues(this.#scope, keys, options) as Promise<Map<string, T>>;
  }

  setMulti<T>(items: MultiItems<T>, ttlOrOptions?: TtlOrSetOptions): Promise<void> {
    return setValues(this.#scope, items, ttlOrOptions);
  }

  deleteMulti(keys: Iterable<string>, options?: CallOptions): Promise<number> {
    return deleteKeys(this.#scope, keys, options);
  }

  getOrSet<T>(key: string, loader: Loader<T>, options?: GetOrSetOptions): Promise<T> {
    return getOrLoad(this.#scope, key, loader, options);
  }

  getOrSetMulti<T>(keys: Iterable<string>, loader: BatchLoader<T>, options?: GetOrSetOptions): Promise<Map<string, T>> {
    return getOrLoadMulti(this.#scope, keys, loader, options);
  }

  cached<Fn extends AsyncFunction>(fn: Fn, options: CachedOptions<Fn>): CachedFunction<Fn> {
    return wrapFunction(this.#scope, fn, options);
  }

  batched<T>(loader: BatchLoader<T>, options?: BatchedOptions): BatchedLoad<T> {
    return batchKeys(this.#scope, loader, options);
  }

  increment(key: string, delta?: number, options?: CounterOptions): Promise<number>;
  increment(key: string, delta: bigint, options?: CounterOptions): Promise<bigint>;
  increment(key: string, delta: number | bigint = 1, options?: CounterOptions): Promise<never> {
    return moveCounterBy(this.#scope, key, delta, options, 1n) as Promise<never>;
  }

  decrement(key: string, delta?: number, options?: CounterOptions): Promise<number>;
  decrement(key: string, delta: bigint, options?: CounterOptions): Promise<bigint>;
  decrement(key: string, delta: number | bigint = 1, options?: CounterOptions): Promise<never> {
    return moveCounterBy(this.#scope, key, delta, options, -1n) as Promise<never>;
  }

  setNX<T>(key: string, value: T, ttlOrOptions?: TtlOrSetOptions): Promise<boolean> {
    return setIfAbsent(this.#scope, key, value, ttlOrOptions);
  }

  getSet<T>(key: string, value: T, ttlOrOptions?: TtlOrSetOptions): Promise<T | undefined> {
    return replaceValue(this.#scope, key, value, ttlOrOptions) as Promise<T | undefined>;
  }

  compareAndSet<T>(key: string, expectedVersion: number, value: T, options?: SetOptions): Promise<CompareAndSetResult> {
    return compareAndSetValue(this.#scope, key, expectedVersion, value, options);
  }

  update<T>(key: string, change: (current: T | undefined) => T | Promise<T>, options?: UpdateOptions): Promise<T> {
    return updateValue(this.#scope, key, change, options);
  }

  transaction<R>(
    keys: Iterable<string>,
    body: (tx: Transaction) => R | Promise<R>,
    options?: OptimisticOptions,
  ): Promise<R> {
    return runCacheTransaction(this.#scope, keys, body, options);
  }

  lock(key: string, options: LockOptions): Promise<Lock> {
    return takeLock(this.#scope, key, options);
  }

  expire(key: string, ttl: Ttl, options?: CallOptions): Promise<boolean> {
    return expireKey(this.#scope, key, ttl, options);
  }

  ttl(key: string, options?: ReadOptions): Promise<number | undefined> {
    return getTtl(this.#scope, key, options);
  }

  invalidateTags(tags: readonly string[], options?: CallOptions): Promise<void> {
    return invalidateTags(this.#scope, tags, options);
  }

  keys(options?: KeysOptions): AsyncIterable<string> {
    return listKeys(this.#scope, options);
  }

  deleteByPrefix(prefix: string, options?: CallOptions): Promise<number> {
    return deleteByPrefix(this.#scope, prefix, options);
  }

  clear(options?: CallOptions): Promise<void> {
    return clearView(this.#scope, options);
  }

  namespace(name: string, defaults?: NamespaceDefaults): Cache {
    const { core, path, defaults: own } = this.#scope;
    return new CacheView(createViewScope(core, joinNamespace(path, name), resolveNamespaceDefaults(defaults, own)));
  }

  peek<T>(key: string): T | undefined {
    return peekValue(this.#scope, key) as T | undefined;
  }

  dump(writable: SnapshotTarget, options?: CallOptions): Promise<DumpResult> {
    return dumpView(this.#scope, writable, options);
  }

  load(readable: SnapshotSource, options?: CallOptions): Promise<LoadResult> {
    return loadView(this.#scope, readable, options);
  }

  resize(bounds: MemoryBounds): void {
    resizeMemory(this.#scope.core, bounds);
  }

  stats(): CacheStats {
    return readStats(this.#scope);
  }

  health(options?: CallOptions): Promise<CacheHealth> {
    return checkHealth(this.#scope.core, options?.signal);
  }

  on<Name extends CacheEventName>(event: Name, listener: CacheEventListener<Name>): () => void {
    assertListener(event, listener);
    return this.#scope.core.events.on(event, listener);
  }

  async ready(options?: CallOptions): Promise<void> {
    const signal = signalOf(options);
    const { lifecycle } = this.#scope.core;
    lifecycle.assertOpen();
    if (!lifecycle.isReadyNow()) await lifecycle.connected(signal);
  }

  close(): Promise<void> {
    return closeCache(this.#scope.core);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
