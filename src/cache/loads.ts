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
import { recordRead } from "./reads.ts";
import { type ResolvedGetOrSet, resolveGetOrSet } from "./resolve-options.ts";
import { storeLoaded } from "./store-loaded.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";
import { assertTagsSupported } from "./writes.ts";

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
  core.lifecycle.assertOpen();
  resolved.signal?.throwIfAborted();
  const storedKey = storedKeyOf(scope, key);
  const running = resolved.isForced ? undefined : core.loads.find(storedKey);
  if (running !== undefined && !core.backend.capabilities.local) {
    recordRead(scope, key, false);
    return waitFor<T>(scope, running, resolved);
  }
  const read = readOrMiss(scope, storedKey, resolved);
  // A local read answers at once, so that nothing can happen between a miss and the start of its load.
  const entry = read instanceof Promise ? await read : read;
  recordRead(scope, key, entry !== undefined && !resolved.isForced);
  if (entry !== undefined && !resolved.isForced) return entry.value as T;
  const load =
    (resolved.isForced ? undefined : core.loads.find(storedKey)) ??
    startLoad(
      {
        storedKey,
        key,
        tags: resolved.tags,
        hardTimeoutMs: resolved.hardTimeoutMs,
        stale: entry && { value: entry.value as T, version: entry.version },
      },
      loader,
      portsFor(scope, resolved),
    );
  return waitFor<T>(scope, load, resolved);
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
  scope.core.lifecycle.assertOpen();
  resolved.signal?.throwIfAborted();
  const found = new Map<string, T>();
  if (wanted.length === 0) return found;
  const read = readAllOrMiss(scope, wanted, resolved);
  const entries = read instanceof Promise ? await read : read;
  const missing: string[] = [];
  for (const [index, key] of wanted.entries()) {
    const entry = resolved.isForced ? undefined : entries[index];
    recordRead(scope, key, entry !== undefined);
    if (entry === undefined) missing.push(key);
    else found.set(key, entry.value as T);
  }
  const loads = joinOrStart(scope, missing, loader, resolved);
  const values = await Promise.all(loads.map((load) => waitFor<T | undefined>(scope, load, resolved)));
  for (const [index, value] of values.entries()) {
    if (value !== undefined) found.set(missing[index] as string, value);
  }
  return found;
}

/** Ports through which loads of one call reach the store and its events. */
function portsFor(scope: ViewScope, resolved: ResolvedGetOrSet): LoadPorts {
  const { core } = scope;
  return {
    clock: core.clock,
    scheduler: core.scheduler,
    table: core.loads,
    takeStamp: () => takeStamp(scope),
    store: (results) => storeLoaded(scope, resolved, results),
    onEnd: (load, outcome, error) => recordLoad(scope, load, outcome, error),
  };
}

function joinOrStart<T>(
  scope: ViewScope,
  keys: readonly string[],
  loader: BatchLoader<T>,
  resolved: ResolvedGetOrSet,
): Load[] {
  const loads = new Map<string, Load>();
  const unclaimed: string[] = [];
  for (const key of keys) {
    const running = resolved.isForced ? undefined : scope.core.loads.find(storedKeyOf(scope, key));
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
    const started = startBatchLoad(requests, loader, portsFor(scope, resolved));
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
  const read = callBackend(scope.core, "get", "read", resolved.signal, (backend, context) =>
    backend.get(storedKey, context),
  );
  return read instanceof Promise ? read.catch((error: unknown) => missOnFailure(scope, resolved, error)) : read;
}

function readAllOrMiss(
  scope: ViewScope,
  keys: readonly string[],
  resolved: ResolvedGetOrSet,
): MaybePromise<ReadonlyArray<StoredEntry | undefined>> {
  const storedKeys = keys.map((key) => storedKeyOf(scope, key));
  const read = callBackend(scope.core, "getMulti", "read", resolved.signal, (backend, context) =>
    backend.getMulti(storedKeys, context),
  );
  if (!(read instanceof Promise)) return read;
  return read.catch((error: unknown) => {
    missOnFailure(scope, resolved, error);
    return [];
  });
}

function missOnFailure(scope: ViewScope, resolved: ResolvedGetOrSet, error: unknown): undefined {
  if (resolved.signal?.aborted) throw error;
  absorbStoreError(scope.core, "get", error);
  return undefined;
}

/** Never fails: without a stamp the write is made without the check, and detaching still guards this process. */
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
