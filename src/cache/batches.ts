import type { EntryWrite, WriteResult } from "../backend/stored-entry.ts";
import { assertKey } from "../entry/cache-key.ts";
import { InvalidArgumentError } from "../foundation/errors.ts";
import { isOptionsObject } from "./assert-options.ts";
import { awaitCoherence } from "./await-coherence.ts";
import type { MultiItems } from "./cache.ts";
import { callBackend, completeOnBackend } from "./call-backend.ts";
import { changeAndDetach } from "./invalidating-write.ts";
import type { CallOptions, TtlOrSetOptions } from "./options.ts";
import { recordRead } from "./record-read.ts";
import { resolveSet, signalOf } from "./resolve-options.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";
import {
  assertSlidingSupported,
  assertTagsSupported,
  assertValue,
  recordRefusal,
  recordSet,
  slidingTtlOf,
} from "./writes.ts";

/** Checks a collection of keys and removes repetitions. @throws InvalidArgumentError `GCX_ARGUMENT_KEY` */
export function collectKeys(keys: unknown): string[] {
  // A string is iterable too; taking it apart into characters is never what was meant.
  if (
    typeof keys === "string" ||
    typeof (keys as Iterable<string> | null | undefined)?.[Symbol.iterator] !== "function"
  ) {
    throw new InvalidArgumentError("GCX_ARGUMENT_KEY", "keys", "keys must be an array or another iterable of strings.");
  }
  const unique = new Set<string>();
  for (const key of keys as Iterable<unknown>) {
    assertKey(key);
    unique.add(key);
  }
  return [...unique];
}

/** `Cache.getMulti`. */
export async function getValues(
  scope: ViewScope,
  keys: Iterable<string>,
  options: CallOptions | undefined,
): Promise<Map<string, unknown>> {
  const wanted = collectKeys(keys);
  const signal = signalOf(options);
  scope.core.lifecycle.assertOpen();
  signal?.throwIfAborted();
  const found = new Map<string, unknown>();
  if (wanted.length === 0) return found;
  const storedKeys = wanted.map((key) => storedKeyOf(scope, key));
  const entries = await completeOnBackend(
    scope.core,
    "getMulti",
    "read",
    { signal, isValueEnough: true, keyCount: storedKeys.length },
    (backend, context) => backend.getMulti(storedKeys, context),
  );
  for (const [index, key] of wanted.entries()) {
    const entry = entries[index];
    recordRead(scope, key, entry !== undefined, entry?.tier);
    if (entry !== undefined) found.set(key, entry.value);
  }
  return found;
}

/** `Cache.setMulti`. */
export async function setValues<T>(
  scope: ViewScope,
  items: MultiItems<T>,
  ttlOrOptions: TtlOrSetOptions | undefined,
): Promise<void> {
  const { core } = scope;
  const pairs = collectPairs(items);
  const resolved = resolveSet(ttlOrOptions, scope.defaults, core.random);
  assertTagsSupported(core, resolved.tags);
  assertSlidingSupported(core, resolved.sliding);
  core.lifecycle.assertOpen();
  resolved.signal?.throwIfAborted();
  if (pairs.size === 0) return;
  if (resolved.ttlMs === 0) {
    await deleteKeys(scope, pairs.keys(), { signal: resolved.signal });
    return;
  }
  const writes = [...pairs].map(([key, value]): readonly [string, EntryWrite] => {
    // Jitter is drawn per entry: that is what keeps a batch from expiring at one instant.
    const own = resolveSet(ttlOrOptions, scope.defaults, core.random);
    return [storedKeyOf(scope, key), { value, ttlMs: own.ttlMs, slidingTtlMs: slidingTtlOf(own), tags: resolved.tags }];
  });
  const keys = [...pairs.keys()];
  if (core.backend.capabilities.local && core.lifecycle.isReadyNow()) {
    // One by one: what a batch has in front of a value that is too large is written, counted and told.
    for (const [index, [storedKey, write]] of writes.entries())
      writeLocal(scope, keys[index] as string, storedKey, write);
    return;
  }
  const detach = (): void => {
    for (const [storedKey] of writes) core.loads.detachKey(storedKey);
  };
  const results: readonly WriteResult[] = await changeAndDetach(detach, () =>
    callBackend(
      core,
      "setMulti",
      "write",
      resolved.signal,
      (backend, context) => backend.setMulti(writes, context),
      resolved.waitsForAll,
      writes.length,
    ),
  );
  for (const [index, key] of keys.entries()) recordSet(scope, key, results[index]?.version ?? 0);
  if (!resolved.waitsForAll) return;
  const changes = writes.map(([storedKey], index) => ({ storedKey, version: results[index]?.version ?? 0 }));
  await awaitCoherence(core, changes, resolved);
}

function writeLocal(scope: ViewScope, key: string, storedKey: string, write: EntryWrite): void {
  const { core } = scope;
  core.loads.detachKey(storedKey);
  try {
    const result = callBackend(core, "setMulti", "write", undefined, (backend, context) =>
      backend.set(storedKey, write, context),
    ) as WriteResult;
    recordSet(scope, key, result.version);
  } catch (error) {
    recordRefusal(scope, key, error);
    throw error;
  }
}

/** `Cache.deleteMulti`. */
export async function deleteKeys(
  scope: ViewScope,
  keys: Iterable<string>,
  options: CallOptions | undefined,
): Promise<number> {
  const wanted = collectKeys(keys);
  const signal = signalOf(options);
  scope.core.lifecycle.assertOpen();
  signal?.throwIfAborted();
  if (wanted.length === 0) return 0;
  return deleteCheckedKeys(scope, wanted, signal);
}

/** Removes checked keys of a view, detaches their loads, counts. @returns how many live entries were there */
export async function deleteCheckedKeys(
  scope: ViewScope,
  keys: readonly string[],
  signal: AbortSignal | undefined,
  isCommitAwaited: boolean = false,
): Promise<number> {
  const { core } = scope;
  const storedKeys = keys.map((key) => storedKeyOf(scope, key));
  const detach = (): void => {
    for (const storedKey of storedKeys) core.loads.detachKey(storedKey);
  };
  const count = await changeAndDetach(detach, () =>
    callBackend(
      core,
      "deleteMulti",
      "write",
      signal,
      (backend, context) => backend.deleteMulti(storedKeys, context),
      isCommitAwaited,
      storedKeys.length,
    ),
  );
  scope.counters.deletes += count;
  if (core.events.wants("delete")) {
    for (const key of keys) core.events.emit("delete", { key, namespace: scope.path, existed: undefined });
  }
  return count;
}

function collectPairs<T>(items: MultiItems<T>): Map<string, T> {
  const isIterable = typeof (items as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === "function";
  if (typeof items === "string" || (!isIterable && !isOptionsObject(items))) throw pairsError();
  const pairs = new Map<string, T>();
  for (const pair of isIterable ? (items as Iterable<readonly [string, T]>) : Object.entries(items)) {
    if (!Array.isArray(pair)) throw pairsError();
    const [key, value] = pair as unknown as readonly [string, T];
    assertKey(key);
    assertValue(value);
    pairs.set(key, value);
  }
  return pairs;
}

function pairsError(): InvalidArgumentError {
  return new InvalidArgumentError(
    "GCX_ARGUMENT_VALUE",
    "items",
    "items must be a Map, an iterable of [key, value] pairs, or a plain object.",
  );
}
