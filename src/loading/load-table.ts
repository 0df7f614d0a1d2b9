import { isWithinNamespace, type NamespacePath, namespaceOf } from "../entry/namespace-path.ts";
import { waitWithin } from "../foundation/deadline.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import type { Load } from "./load.ts";

/** Is told of changes by key, prefix and namespace. */
export interface ChangeListener {
  /** Tags were invalidated. Optional: which data that ends is the store's own to know; see `Backend.stamp`. */
  tagsInvalidated?(tags: readonly string[]): void;
  keyChanged(storedKey: string): void;
  prefixChanged(storedPrefix: string): void;
  namespaceCleared(path: NamespacePath): void;
}

/** What a change does to what stands in for a load. */
type StandInChange = (load: Load) => void;
const END: StandInChange = (load) => load.endStandIns();
const KEEP: StandInChange = () => undefined;

/**
 * The running loads: at most one per key that later callers may join, plus those that were detached and still run.
 *
 * The race it closes: a load reads the source, then a write or invalidation of its key is committed, then the load
 * would store what it read before. Whoever writes or invalidates calls a `detach…` method in the same synchronous step
 * as the change; the load checks `isDetached` in the same synchronous step as its store.
 */
export class LoadTable {
  readonly #joinable = new Map<string, Load>();
  readonly #running = new Set<Load>();
  readonly #watches = new Set<ChangeListener>();
  /** Loads that nobody joins any more, and that are told of changes: those that are over but whose write may still arrive at the store, and detached ones that run. */
  readonly #unsettled = new Map<string, Set<{ readonly load: Load }>>();

  /** The load of this key that a new caller may join, or `undefined`. */
  find(storedKey: string): Load | undefined {
    return this.#joinable.get(storedKey);
  }

  /** Registers a load. It takes the place of the key's joinable load, which is detached. */
  add(load: Load): void {
    // What is there stands in for those who wait for the other one, as before.
    this.#detachKey(load.storedKey, KEEP);
    this.#joinable.set(load.storedKey, load);
    this.#running.add(load);
  }

  /** Forgets a load that is over. */
  remove(load: Load): void {
    this.#running.delete(load);
    if (this.#joinable.get(load.storedKey) === load) this.#joinable.delete(load.storedKey);
  }

  /**
   * Keeps watching a load whose write was given up at its deadline: it may still arrive, and by then its key, tags or
   * namespace may have been invalidated.
   *
   * @returns a function that stops watching, to be called when the store has answered after all
   */
  watchUnsettled(load: Load): () => void {
    // An object for each watch: a load that was given up at its hard timeout, and then its write at the store's deadline, has two, and the end of the first must not be that of the other.
    const watch = { load };
    const watches = this.#unsettled.get(load.storedKey) ?? new Set();
    watches.add(watch);
    this.#unsettled.set(load.storedKey, watches);
    return () => {
      watches.delete(watch);
      if (watches.size === 0 && this.#unsettled.get(load.storedKey) === watches) {
        this.#unsettled.delete(load.storedKey);
      }
    };
  }

  /** Tells a listener of every change from now on. @returns a function that stops it */
  watchChanges(listener: ChangeListener): () => void {
    this.#watches.add(listener);
    return () => void this.#watches.delete(listener);
  }

  /** A key was written or deleted. */
  detachKey(storedKey: string): void {
    this.#detachKey(storedKey, END);
  }

  /** Tags were invalidated. O(running loads). */
  detachTags(tags: readonly string[]): void {
    for (const watch of this.#watches) watch.tagsInvalidated?.(tags);
    for (const load of this.#joinable.values()) load.endStandInsWith(tags);
    for (const watches of this.#unsettled.values()) for (const { load } of watches) load.endStandInsWith(tags);
    this.#detachWhere((load) => tags.some((tag) => load.tags.has(tag)), KEEP);
  }

  /** Every key that begins with a stored prefix was deleted. O(running loads). */
  detachPrefix(storedPrefix: string): void {
    for (const watch of this.#watches) watch.prefixChanged(storedPrefix);
    this.#detachWhere((load) => load.storedKey.startsWith(storedPrefix), END);
  }

  /** A namespace was cleared. O(running loads). */
  detachNamespace(path: NamespacePath): void {
    for (const watch of this.#watches) watch.namespaceCleared(path);
    this.#detachWhere((load) => isWithinNamespace(namespaceOf(load.storedKey), path), END);
  }

  /** Resolves when no load runs any more, or after `timeoutMs`. */
  async drain(timeoutMs: number, scheduler: Scheduler): Promise<void> {
    const all = Promise.allSettled([...this.#running].map((load) => load.settled));
    await waitWithin(all, { timeoutMs, onTimeout: () => undefined, scheduler }).catch(() => undefined);
  }

  /** All running loads, detached ones too. */
  get running(): ReadonlySet<Load> {
    return this.#running;
  }

  #detachKey(storedKey: string, change: StandInChange): void {
    if (this.#watches.size > 0) for (const watch of this.#watches) watch.keyChanged(storedKey);
    const late = this.#unsettled.get(storedKey);
    if (late !== undefined) for (const { load } of late) this.#outdate(load, change);
    const load = this.#joinable.get(storedKey);
    if (load !== undefined) this.#detach(load, change);
  }

  #detachWhere(isOutdated: (load: Load) => boolean, change: StandInChange): void {
    for (const watches of this.#unsettled.values())
      for (const { load } of watches) if (isOutdated(load)) this.#outdate(load, change);
    for (const load of this.#joinable.values()) if (isOutdated(load)) this.#detach(load, change);
  }

  #detach(load: Load, change: StandInChange): void {
    this.#outdate(load, change);
    // Later callers must start a new load: joining this one would give them a value from before the change.
    this.#joinable.delete(load.storedKey);
    // Those who wait for it may still be given what stands in, until something ends that.
    const stop = this.watchUnsettled(load);
    load.settled.then(stop, stop);
  }

  #outdate(load: Load, change: StandInChange): void {
    change(load);
    load.detach();
  }
}
