import type { Ttl } from "../entry/ttl.ts";

/** What a loader is given. */
export interface LoaderContext<T = unknown> {
  /** The key, as the caller gave it. */
  readonly key: string;
  /** Aborted when every caller has left, the hard timeout passed, or the cache closes. Made when it is first read, so `{ ...context }` has no copy of it. */
  readonly signal: AbortSignal;
  /**
   * The entry that is being replaced, if one is known: a live one with `forceFresh` and in early refreshes, and one whose TTL is over where `grace` or
   * `staleWhileRevalidate` keep it.
   */
  readonly stale: { readonly value: T; readonly version: number } | undefined;
  /** Sets the TTL of the result, for example from what the source said. Wins over the call's `ttl`. */
  setTtl(ttl: Ttl): void;
  /** Adds tags to the result. */
  addTags(...tags: readonly string[]): void;
  /** Returns the result to the callers without storing it. */
  skipStore(): void;
  /**
   * Says that the source has nothing newer than {@link LoaderContext.stale}: `return context.notModified()`. The entry lives for another TTL with the value it has.
   *
   * @returns the stale value
   * @throws LoaderError `GCX_LOADER_INVALID` when there is none
   */
  notModified(): T;
}

/** Produces the value of a key. `undefined` is returned but never stored, unless there is a `negativeTtl`; `null` is a value. */
export type Loader<T> = (context: LoaderContext<T>) => T | undefined | Promise<T | undefined>;

/** What a batch loader is given besides the keys. */
export interface BatchLoaderContext {
  /** See {@link LoaderContext.signal}. */
  readonly signal: AbortSignal;
}

/** Produces the values of many keys in one call; a key that is missing in the result has no value. */
export type BatchLoader<T> = (
  keys: readonly string[],
  context: BatchLoaderContext,
) => ReadonlyMap<string, T> | Promise<ReadonlyMap<string, T>>;
