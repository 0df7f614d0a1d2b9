import type { MaybePromise } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import { assertKey } from "../entry/cache-key.ts";
import { fromStoredKey } from "../entry/namespace-path.ts";
import type { LoadOutcome } from "../events/cache-events.ts";
import { LoaderError } from "../foundation/errors.ts";
import type { Load } from "../loading/load.ts";
import { type LoadPorts, startBatchLoad, startLoad } from "../loading/load-runner.ts";
import type { BatchLoader, Loader } from "../loading/loader.ts";
import { absorbStoreError } from "./absorb-store-error.ts";
import { collectKeys } from "./batches.ts";
import { callBackend } from "./call-backend.ts";
import type { GetOrSetOptions } from "./options.ts";
import { recordRead } from "./record-read.ts";
import { type ResolvedGetOrSet, resolveGetOrSet } from "./resolve-options.ts";
import { storeLoaded } from "./store-loaded.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";
import { removeVersion } from "./withdraw-load.ts";
import { assertSlidingSupported, assertTagsSupported } from "./writes.ts";

/** `Cache.getOrSet`. */
export async function getOrLoad<T>(
  scope: ViewScope,
  key: string,
  loader: Loader<T>,
  options: GetOrSetOptions | undefined,
): Promise<T> {
  assertKey(key);
  assertLoader(loader);
  const resolved = resolveGetOrSet(options, scope.defaults);
  const { core } = scope;
  assertTagsSupported(core, resolved.tags);
  assertSlidingSupported(core, resolved.sliding);
  core.lifecycle.assertOpen();
  resolved.signal?.throwIfAborted();
  const storedKey = storedKeyOf(scope, key);
  const running = findJoinable(scope, storedKey, resolved);
  if (running !== undefined && !core.backend.capabilities.local) {
    recordRead(scope, key, false);
    return join(scope, key, loader, running, resolved);
  }
  const read = readOrMiss(scope, storedKey, resolved);
  // A local read answers at once, so that nothing can happen between a miss and the start of its load.
  const entry = read instanceof Promise ? await read : read;
  recordRead(scope, key, entry !== undefined && !resolved.isForced);
  if (entry !== undefined && !resolved.isForced) return entry.value as T;
  // The cache may have been closed while the store was asked.
  core.lifecycle.assertOpen();
  const joinable = findJoinable(scope, storedKey, resolved);
  if (joinable !== undefined) return join(scope, key, loader, joinable, resolved);
  const stale = entry && { value: entry.value as T, version: entry.version };
  const { tags, hardTimeoutMs } = resolved;
  const ports = portsFor(scope, resolved, [entry?.version ?? 0]);
  const load = startLoad({ storedKey, key, tags, hardTimeoutMs, stale }, loader, ports);
  return waitFor<T>(scope, load, resolved);
}

/** The running load that this call may join: not when fresh is forced, nor when its result would lack the call's tags. */
function findJoinable(scope: ViewScope, storedKey: string, resolved: ResolvedGetOrSet): Load | undefined {
  if (resolved.isForced) return undefined;
  const load = scope.core.loads.find(storedKey);
  return load?.addTags(resolved.tags) ? load : undefined;
}

/**
 * Waits for somebody else's load. When that passes its own hard timeout and this caller has patience left, the caller
 * takes over: it reads again and loads with its own loader for the rest of its time.
 */
async function join<T>(
  scope: ViewScope,
  key: string,
  loader: Loader<T>,
  load: Load,
  resolved: ResolvedGetOrSet,
): Promise<T> {
  const { clock } = scope.core;
  const untilMs = clock.monotonicMs() + resolved.hardTimeoutMs;
  try {
    return isolate(scope, await waitFor<T>(scope, load, resolved));
  } catch (error) {
    const remainingMs = untilMs - clock.monotonicMs();
    const isOthersTimeout = error instanceof LoaderError && error.code === "GCX_LOADER_TIMEOUT" && remainingMs > 0;
    if (!isOthersTimeout) throw error;
    return getOrLoad(scope, key, loader, { ...optionsOf(resolved), hardTimeout: remainingMs });
  }
}

/** Callers who share a load must not share an object where the store promises copies. */
function isolate<T>(scope: ViewScope, value: T): T {
  const { backend } = scope.core;
  return backend.isolate === undefined || value === undefined ? value : (backend.isolate(value) as T);
}

/** Resolved options as options; the view's own tags are in them already and merge without repetition. */
function optionsOf({ ttlMs, sliding, jitter, tags, signal }: ResolvedGetOrSet): GetOrSetOptions {
  return { ttl: ttlMs, sliding, jitter, tags, signal };
}

/** `Cache.getOrSetMulti`. */
export async function getOrLoadMulti<T>(
  scope: ViewScope,
  keys: Iterable<string>,
  loader: BatchLoader<T>,
  options: GetOrSetOptions | undefined,
): Promise<Map<string, T>> {
  const wanted = collectKeys(keys);
  assertLoader(loader);
  const resolved = resolveGetOrSet(options, scope.defaults);
  assertTagsSupported(scope.core, resolved.tags);
  assertSlidingSupported(scope.core, resolved.sliding);
  scope.core.lifecycle.assertOpen();
  resolved.signal?.throwIfAborted();
  const found = new Map<string, T>();
  if (wanted.length === 0) return found;
  const read = readAllOrMiss(scope, wanted, resolved);
  const entries = read instanceof Promise ? await read : read;
  scope.core.lifecycle.assertOpen();
  const missing: string[] = [];
  for (const [index, key] of wanted.entries()) {
    const entry = resolved.isForced ? undefined : entries[index];
    recordRead(scope, key, entry !== undefined);
    if (entry === undefined) missing.push(key);
    else found.set(key, entry.value as T);
  }
  const versions = new Map(wanted.map((key, index) => [key, entries[index]?.version ?? 0]));
  const loads = joinOrStart(scope, missing, versions, loader, resolved);
  const values = await Promise.all(loads.map((load) => waitFor<T | undefined>(scope, load, resolved)));
  for (const [index, value] of values.entries()) {
    if (value !== undefined) found.set(missing[index] as string, isolate(scope, value));
  }
  return found;
}

/**
 * Ports through which loads of one call reach the store and its events.
 *
 * @param replacedVersions versions of the live entries found before each load, in the order of the loads; 0 for none
 */
function portsFor(scope: ViewScope, resolved: ResolvedGetOrSet, replacedVersions: readonly number[]): LoadPorts {
  const { core } = scope;
  const versionOf = new Map<Load, number>();
  return {
    clock: core.clock,
    scheduler: core.scheduler,
    table: core.loads,
    takeStamp: () => takeStamp(scope),
    onStart: (load) => void versionOf.set(load, replacedVersions[versionOf.size] ?? 0),
    store: (results) =>
      storeLoaded(
        scope,
        resolved,
        results.map((result) => ({ ...result, replacedVersion: versionOf.get(result.load) ?? 0 })),
      ),
    forget: (load) => {
      const version = versionOf.get(load) ?? 0;
      if (version > 0) void removeVersion(core, load.storedKey, version);
    },
    onEnd: (load, outcome, error) => recordLoad(scope, load, outcome, error),
  };
}

function joinOrStart<T>(
  scope: ViewScope,
  keys: readonly string[],
  versions: ReadonlyMap<string, number>,
  loader: BatchLoader<T>,
  resolved: ResolvedGetOrSet,
): Load[] {
  const loads = new Map<string, Load>();
  const unclaimed: string[] = [];
  for (const key of keys) {
    const running = findJoinable(scope, storedKeyOf(scope, key), resolved);
    if (running === undefined) unclaimed.push(key);
    else loads.set(key, running);
  }
  if (unclaimed.length > 0) {
    const requests = unclaimed.map((key) => ({
      storedKey: storedKeyOf(scope, key),
      key,
      tags: resolved.tags,
      hardTimeoutMs: resolved.hardTimeoutMs,
    }));
    const ports = portsFor(
      scope,
      resolved,
      unclaimed.map((key) => versions.get(key) ?? 0),
    );
    const started = startBatchLoad(requests, loader, ports);
    for (const [index, key] of unclaimed.entries()) loads.set(key, started[index] as Load);
  }
  return keys.map((key) => loads.get(key) as Load);
}

function waitFor<T>(scope: ViewScope, load: Load, resolved: ResolvedGetOrSet): Promise<T> {
  const { core } = scope;
  const waiting = load.wait(
    { signal: resolved.signal, hardTimeoutMs: resolved.hardTimeoutMs },
    core.clock.monotonicMs(),
  );
  return waiting as Promise<T>;
}

/** A read whose failure is a miss: the loader stands in for a sick store. */
function readOrMiss(
  scope: ViewScope,
  storedKey: string,
  resolved: ResolvedGetOrSet,
): MaybePromise<StoredEntry | undefined> {
  return orMiss(scope, resolved, undefined, () =>
    callBackend(scope.core, "get", "read", resolved.signal, (backend, context) => backend.get(storedKey, context)),
  );
}

function readAllOrMiss(
  scope: ViewScope,
  keys: readonly string[],
  resolved: ResolvedGetOrSet,
): MaybePromise<ReadonlyArray<StoredEntry | undefined>> {
  const storedKeys = keys.map((key) => storedKeyOf(scope, key));
  return orMiss(scope, resolved, [], () =>
    callBackend(scope.core, "getMulti", "read", resolved.signal, (backend, context) =>
      backend.getMulti(storedKeys, context),
    ),
  );
}

function orMiss<T>(
  scope: ViewScope,
  resolved: ResolvedGetOrSet,
  miss: T,
  read: () => MaybePromise<T>,
): MaybePromise<T> {
  const survive = (error: unknown): T => {
    if (resolved.signal?.aborted) throw error;
    absorbStoreError(scope.core, "get", error);
    return miss;
  };
  try {
    const found = read();
    return found instanceof Promise ? found.catch(survive) : found;
  } catch (error) {
    return survive(error);
  }
}

/** Never fails: a result with tags is not stored without a stamp. */
function takeStamp(scope: ViewScope): MaybePromise<number | undefined> {
  const { core } = scope;
  if (core.backend.stamp === undefined) return undefined;
  try {
    const stamp = callBackend(core, "stamp", "read", undefined, (backend, context) => backend.stamp!(context));
    return stamp instanceof Promise
      ? stamp.catch((error: unknown) => {
          absorbStoreError(core, "stamp", error);
          return undefined;
        })
      : stamp;
  } catch (error) {
    absorbStoreError(core, "stamp", error);
    return undefined;
  }
}

function recordLoad(scope: ViewScope, load: Load, outcome: LoadOutcome, error: unknown): void {
  const { core, counters, path } = scope;
  counters.loads += 1;
  if (outcome === "failed" || outcome === "timed-out") counters.loadFailures += 1;
  if (!core.events.wants("load")) return;
  const key = fromStoredKey(load.storedKey);
  const durationMs = core.clock.monotonicMs() - load.startedAtMs;
  if (error === undefined && outcome !== "failed") {
    core.events.emit("load", { key, namespace: path, outcome, durationMs });
    return;
  }
  const typed =
    error instanceof LoaderError
      ? error
      : new LoaderError("GCX_LOADER_FAILED", "A loader threw; its own error is the cause.", { cause: error });
  core.events.emit("load", { key, namespace: path, outcome, durationMs, error: typed });
}

function assertLoader(loader: unknown): void {
  if (typeof loader === "function") return;
  throw new LoaderError(
    "GCX_LOADER_INVALID",
    `A loader must be a function; got ${loader === null ? "null" : typeof loader}.`,
  );
}
