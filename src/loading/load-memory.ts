import { isWithinNamespace, type NamespacePath, namespaceOf } from "../entry/namespace-path.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { ChangeListener } from "./load-table.ts";

/** Keys that are remembered of each kind. What is forgotten costs a load, or an early refresh, and nothing else. */
const MAX_KEY_COUNT = 8_192;

/** A load that failed, as it is remembered. */
export interface FailedLoad {
  readonly error: unknown;
  /** Monotonic instant until which it counts. */
  readonly untilMs: number;
  /** Tags that its result would have had, as far as it came, and those of the data that it should have replaced. */
  readonly tags: readonly string[];
}

interface OthersRefresh {
  readonly version: number;
  /** Monotonic instant until which it counts. */
  readonly untilMs: number;
}

interface PastLoad {
  readonly durationMs: number;
  readonly ttlMs: number;
}

/**
 * What a process remembers of loads that are over: failures for as long as `errorTtl` says, and how long the last good load of a key took and which TTL it gave,
 * for early refreshes, and what another process refreshes. A failure is forgotten with every change of its key, and of its tags: what failed before it says nothing about what comes after.
 */
export class LoadMemory implements ChangeListener {
  readonly #failures = new BoundedMap<FailedLoad>(MAX_KEY_COUNT);
  readonly #refreshesElsewhere = new BoundedMap<OthersRefresh>(MAX_KEY_COUNT);
  readonly #loads = new BoundedMap<PastLoad>(MAX_KEY_COUNT);

  /** Remembers the failure of the last load of a key. */
  noteFailure(storedKey: string, failure: FailedLoad): void {
    this.#failures.set(storedKey, failure);
  }

  /** The failure that still counts at a monotonic instant. */
  findFailure(storedKey: string, nowMs: number): { readonly error: unknown } | undefined {
    if (this.#failures.size === 0) return undefined;
    const failure = this.#failures.get(storedKey);
    if (failure === undefined) return undefined;
    if (failure.untilMs > nowMs) return failure;
    this.#failures.delete(storedKey);
    return undefined;
  }

  /** Forgets the failure of a key: somebody with more patience than the one who failed tries on. */
  forgetFailure(storedKey: string): void {
    this.#failures.delete(storedKey);
  }

  /** Remembers a load that brought a value, and forgets failures before it. */
  noteLoad(storedKey: string, durationMs: number, ttlMs: number): void {
    this.#failures.delete(storedKey);
    this.#loads.set(storedKey, { durationMs, ttlMs });
  }

  /** The last good load of a key in this process. */
  findLoad(storedKey: string): PastLoad | undefined {
    return this.#loads.get(storedKey);
  }

  /** Remembers until a monotonic instant that another process refreshes a version of an entry. */
  noteRefreshElsewhere(storedKey: string, version: number, untilMs: number): void {
    this.#refreshesElsewhere.set(storedKey, { version, untilMs });
  }

  /** Whether another process refreshes a version of an entry, as far as is known at a monotonic instant. Says nothing of any other version: that one may be due, and nobody's yet. */
  isRefreshedElsewhere(storedKey: string, version: number, nowMs: number): boolean {
    if (this.#refreshesElsewhere.size === 0) return false;
    const noted = this.#refreshesElsewhere.get(storedKey);
    if (noted === undefined) return false;
    if (noted.untilMs > nowMs && noted.version === version) return true;
    this.#refreshesElsewhere.delete(storedKey);
    return false;
  }

  keyChanged(storedKey: string): void {
    if (this.#failures.size > 0) this.#failures.delete(storedKey);
  }

  tagsInvalidated(tags: readonly string[]): void {
    this.#failures.deleteWhere((_, failure) => failure.tags.some((tag) => tags.includes(tag)));
  }

  prefixChanged(storedPrefix: string): void {
    this.#failures.deleteWhere((key) => key.startsWith(storedPrefix));
  }

  namespaceCleared(path: NamespacePath): void {
    this.#failures.deleteWhere((key) => isWithinNamespace(namespaceOf(key), path));
  }
}
