import type { MaybePromise } from "../backend/backend.ts";
import type { EntryWrite, WriteResult } from "../backend/stored-entry.ts";
import { fromStoredKey } from "../entry/namespace-path.ts";
import { jitterTtlMs } from "../entry/ttl.ts";
import type { LoadOutcome } from "../events/cache-events.ts";
import { EntryTooLargeError, SerializationError } from "../foundation/errors.ts";
import type { LoadedValue } from "../loading/load-runner.ts";
import { absorbStoreError } from "./absorb-store-error.ts";
import { completeOnBackend } from "./call-backend.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";
import { recordRefusal, recordSet, removeStored } from "./writes.ts";

/**
 * Stores the results of loads that are not detached. For a local store the check and the store are one synchronous
 * step. For a remote one a change can come while the write is on its way; then the key is deleted again, so that the
 * outdated value cannot stay.
 *
 * @throws SerializationError when the value cannot be stored at all: that is the loader's mistake, not the store's
 */
export function storeLoaded(
  scope: ViewScope,
  resolved: ResolvedGetOrSet,
  results: readonly LoadedValue[],
): MaybePromise<readonly LoadOutcome[]> {
  const writes = results.map((result): readonly [string, EntryWrite] => [
    result.load.storedKey,
    toWrite(scope, resolved, result),
  ]);
  const ended = writes.map(([, write]) => write.ttlMs === 0);
  if (ended.some(Boolean)) return splitEnded(scope, resolved, results, ended);
  try {
    const stored = putAll(scope, writes);
    if (!(stored instanceof Promise)) return results.map((result, index) => settle(scope, result, stored[index]));
    return stored.then(
      (answers) => Promise.all(results.map((result, index) => settleRemote(scope, result, answers[index]))),
      (error: unknown) => results.map((result) => absorbFailure(scope, result, error)),
    );
  } catch (error) {
    return results.map((result) => absorbFailure(scope, result, error));
  }
}

function toWrite(scope: ViewScope, resolved: ResolvedGetOrSet, result: LoadedValue): EntryWrite {
  const { core } = scope;
  const ttlMs = result.plan.ttlMs ?? resolved.ttlMs;
  return {
    value: result.value,
    ttlMs: jitterTtlMs(ttlMs, resolved.jitter, core.random),
    tags: [...result.load.tags],
    tagsUnchangedSince: result.stamp,
  };
}

/** A TTL of 0 means "return it, keep nothing". */
function splitEnded(
  scope: ViewScope,
  resolved: ResolvedGetOrSet,
  results: readonly LoadedValue[],
  ended: readonly boolean[],
): MaybePromise<readonly LoadOutcome[]> {
  const kept = results.filter((_, index) => !ended[index]);
  const merge = (outcomes: readonly LoadOutcome[]): LoadOutcome[] => {
    let next = 0;
    return ended.map((isEnded) => (isEnded ? "returned" : (outcomes[next++] as LoadOutcome)));
  };
  if (kept.length === 0) return merge([]);
  const stored = storeLoaded(scope, resolved, kept);
  return stored instanceof Promise ? stored.then(merge) : merge(stored);
}

function putAll(
  scope: ViewScope,
  writes: ReadonlyArray<readonly [string, EntryWrite]>,
): MaybePromise<readonly WriteResult[]> {
  const [first] = writes;
  if (writes.length > 1 || first === undefined) {
    return completeOnBackend(scope.core, "setMulti", "write", undefined, (backend, context) =>
      backend.setMulti(writes, context),
    );
  }
  const [storedKey, write] = first;
  const stored = completeOnBackend(scope.core, "set", "write", undefined, (backend, context) =>
    backend.set(storedKey, write, context),
  );
  return stored instanceof Promise ? stored.then((result) => [result]) : [stored];
}

function settle(scope: ViewScope, result: LoadedValue, written: WriteResult | undefined): LoadOutcome {
  // Refused without a condition: one of its tags was invalidated while the loader ran.
  if (!written?.stored) return "detached";
  recordSet(scope, fromStoredKey(result.load.storedKey), written.version);
  return "stored";
}

async function settleRemote(
  scope: ViewScope,
  result: LoadedValue,
  written: WriteResult | undefined,
): Promise<LoadOutcome> {
  const outcome = settle(scope, result, written);
  if (outcome !== "stored" || !result.load.isDetached) return outcome;
  try {
    await removeStored(scope.core, "delete", result.load.storedKey, undefined);
  } catch (error) {
    absorbStoreError(scope.core, "delete", error);
  }
  return "detached";
}

function absorbFailure(scope: ViewScope, result: LoadedValue, error: unknown): LoadOutcome {
  if (error instanceof SerializationError) throw error;
  if (error instanceof EntryTooLargeError) {
    recordRefusal(scope, fromStoredKey(result.load.storedKey), error);
    return "unstored";
  }
  absorbStoreError(scope.core, "set", error);
  return "unstored";
}
