import type { StoredEntry } from "../backend/stored-entry.ts";
import type { CacheEntry } from "../entry/cache-entry.ts";
import { assertKey } from "../entry/cache-key.ts";
import type { CacheCore } from "./cache-core.ts";
import { completeOnBackend } from "./call-backend.ts";
import type { BackendCallOptions } from "./limited-call.ts";
import type { ReadOptions } from "./options.ts";
import { recordDirectRead, recordRead } from "./record-read.ts";
import { resolveAfter } from "./resolve-options.ts";
import { translateStoreError } from "./translate-store-error.ts";
import { ValueRead } from "./value-read.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";

const READ_VALUE: BackendCallOptions = { signal: undefined, isValueEnough: true };

/**
 * `Cache.get`. A local store that is connected answers at once, any other through one object: no async function, whose frame would cost more than
 * the lookup.
 */
export function getValue(scope: ViewScope, key: string, options: ReadOptions | undefined): Promise<unknown> {
  try {
    assertKey(key);
    const notBefore = options === undefined ? undefined : resolveAfter(key, options);
    const signal = options?.signal;
    const { core } = scope;
    if (signal === undefined && isPeekable(core) && (notBefore === undefined || core.backend.capabilities.local)) {
      const value = peekStored(scope, storedKeyOf(scope, key));
      // Where only copies are near, one that is missing says nothing.
      if (value !== undefined || core.backend.capabilities.local) {
        recordDirectRead(scope, key, value !== undefined, core.backend.nearTier);
        return Promise.resolve(value);
      }
    }
    core.lifecycle.assertOpen();
    signal?.throwIfAborted();
    const isPlain = signal === undefined && notBefore === undefined;
    const read = new ValueRead(scope, key, isPlain ? READ_VALUE : { signal, notBefore, isValueEnough: true });
    read.start();
    return read.promise;
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** `Cache.getEntry`. No async function either, for a store that answers at once. */
export function getEntry<T>(
  scope: ViewScope,
  key: string,
  options: ReadOptions | undefined,
): Promise<CacheEntry<T> | undefined> {
  try {
    const found = readEntry(scope, "getEntry", key, options);
    if (found instanceof Promise) return found.then((entry) => toCacheEntry<T>(scope, key, entry));
    return Promise.resolve(toCacheEntry<T>(scope, key, found));
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** What was found, as its reader has it; counts the read. */
function toCacheEntry<T>(scope: ViewScope, key: string, entry: StoredEntry | undefined): CacheEntry<T> | undefined {
  recordRead(scope, key, entry !== undefined, entry?.tier);
  if (entry === undefined) return undefined;
  return {
    value: entry.value as T,
    version: entry.version,
    ttl: remainingTtlMs(scope, entry),
    tags: entry.tags,
    stale: false,
    tier: entry.tier ?? scope.core.backend.name,
  };
}

/** `Cache.peek`. */
export function peekValue(scope: ViewScope, key: string): unknown {
  assertKey(key);
  if (!isPeekable(scope.core)) return undefined;
  return scope.core.backend.capabilities.local ? readLocal(scope, key) : peekLive(scope, key);
}

/**
 * Whether the store, or what it keeps near, answers synchronously, now.
 *
 * @throws CacheClosedError
 */
function isPeekable({ lifecycle, backend }: CacheCore): boolean {
  lifecycle.assertOpen();
  return (backend.capabilities.local || backend.nearTier !== undefined) && lifecycle.isReadyNow();
}

/** The live value of a key where a store that answers at once is connected, counted as a hit; `undefined` where there is none, or the store must be asked: nothing is counted then. */
export function peekLive(scope: ViewScope, key: string): unknown {
  const { core } = scope;
  if (!isPeekable(core)) return undefined;
  let value: unknown;
  try {
    value = core.backend.peek!(storedKeyOf(scope, key));
  } catch {
    // The store is asked once more, by those who know what to do about its failures.
    return undefined;
  }
  if (value !== undefined) recordDirectRead(scope, key, true, core.backend.nearTier);
  return value;
}

/** One read of a store that {@link isPeekable}. */
function readLocal(scope: ViewScope, key: string): unknown {
  const value = peekStored(scope, storedKeyOf(scope, key));
  recordDirectRead(scope, key, value !== undefined);
  return value;
}

function peekStored(scope: ViewScope, storedKey: string): unknown {
  try {
    return scope.core.backend.peek!(storedKey);
  } catch (error) {
    throw translateStoreError(scope.core, "peek", error, undefined);
  }
}

/** `Cache.exists`. */
export async function hasEntry(scope: ViewScope, key: string, options: ReadOptions | undefined): Promise<boolean> {
  return (await readEntry(scope, "exists", key, options)) !== undefined;
}

/** `Cache.ttl`. */
export async function getTtl(
  scope: ViewScope,
  key: string,
  options: ReadOptions | undefined,
): Promise<number | undefined> {
  const entry = await readEntry(scope, "ttl", key, options);
  return entry === undefined ? undefined : remainingTtlMs(scope, entry);
}

/** How long an entry still lives, in ms; `Infinity` when for ever. */
export function remainingTtlMs(scope: ViewScope, entry: StoredEntry): number {
  return entry.expiresAt === Number.POSITIVE_INFINITY
    ? Number.POSITIVE_INFINITY
    : Math.max(0, entry.expiresAt - scope.core.clock.wallMs());
}

function readEntry(
  scope: ViewScope,
  operation: string,
  key: string,
  options: ReadOptions | undefined,
): StoredEntry | undefined | Promise<StoredEntry | undefined> {
  assertKey(key);
  const notBefore = resolveAfter(key, options);
  scope.core.lifecycle.assertOpen();
  const storedKey = storedKeyOf(scope, key);
  return completeOnBackend(scope.core, operation, "read", { signal: options?.signal, notBefore }, (backend, context) =>
    backend.get(storedKey, context),
  );
}
