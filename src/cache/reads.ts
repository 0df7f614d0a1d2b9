import type { StoredEntry } from "../backend/stored-entry.ts";
import type { CacheEntry } from "../entry/cache-entry.ts";
import { assertKey } from "../entry/cache-key.ts";
import type { CacheCore } from "./cache-core.ts";
import { callBackend } from "./call-backend.ts";
import type { BackendCallOptions } from "./limited-call.ts";
import type { CallOptions } from "./options.ts";
import { recordRead } from "./record-read.ts";
import { signalOf } from "./resolve-options.ts";
import { translateStoreError } from "./translate-store-error.ts";
import { ValueRead } from "./value-read.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";

const READ_VALUE: BackendCallOptions = { signal: undefined, isValueEnough: true };

/**
 * `Cache.get`. A local store that is connected answers at once, any other through one object: no async function, whose frame would cost more than
 * the lookup.
 */
export function getValue(scope: ViewScope, key: string, options: CallOptions | undefined): Promise<unknown> {
  try {
    assertKey(key);
    const signal = options === undefined ? undefined : signalOf(options);
    const { core } = scope;
    if (signal === undefined && isPeekable(core)) return Promise.resolve(readLocal(scope, key));
    core.lifecycle.assertOpen();
    signal?.throwIfAborted();
    const read = new ValueRead(scope, key, signal === undefined ? READ_VALUE : { signal, isValueEnough: true });
    read.start();
    return read.promise;
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** `Cache.getEntry`. */
export async function getEntry<T>(
  scope: ViewScope,
  key: string,
  options: CallOptions | undefined,
): Promise<CacheEntry<T> | undefined> {
  assertKey(key);
  const entry = await readEntry(scope, "getEntry", key, signalOf(options));
  recordRead(scope, key, entry !== undefined);
  if (entry === undefined) return undefined;
  return {
    value: entry.value as T,
    version: entry.version,
    ttl: remainingTtlMs(scope, entry),
    tags: entry.tags,
    stale: false,
    tier: scope.core.backend.name,
  };
}

/** `Cache.peek`. */
export function peekValue(scope: ViewScope, key: string): unknown {
  assertKey(key);
  return isPeekable(scope.core) ? readLocal(scope, key) : undefined;
}

/**
 * Whether the store answers synchronously, now.
 *
 * @throws CacheClosedError
 */
function isPeekable({ lifecycle, backend }: CacheCore): boolean {
  lifecycle.assertOpen();
  return backend.capabilities.local && lifecycle.isReadyNow();
}

/** The live value of a key where a local store is connected, counted as a hit; `undefined` where there is none, or the store must be asked: nothing is counted then. */
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
  if (value !== undefined) recordRead(scope, key, true);
  return value;
}

/** One read of a store that {@link isPeekable}. */
function readLocal(scope: ViewScope, key: string): unknown {
  const value = peekStored(scope, storedKeyOf(scope, key));
  recordRead(scope, key, value !== undefined);
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
export async function hasEntry(scope: ViewScope, key: string, options: CallOptions | undefined): Promise<boolean> {
  assertKey(key);
  return (await readEntry(scope, "exists", key, signalOf(options))) !== undefined;
}

/** `Cache.ttl`. */
export async function getTtl(
  scope: ViewScope,
  key: string,
  options: CallOptions | undefined,
): Promise<number | undefined> {
  assertKey(key);
  const entry = await readEntry(scope, "ttl", key, signalOf(options));
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
  signal: AbortSignal | undefined,
): StoredEntry | undefined | Promise<StoredEntry | undefined> {
  const storedKey = storedKeyOf(scope, key);
  return callBackend(scope.core, operation, "read", signal, (backend, context) => backend.get(storedKey, context));
}
