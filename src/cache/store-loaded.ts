import type { MaybePromise } from "../backend/backend.ts";
import type { EntryWrite, WriteResult } from "../backend/stored-entry.ts";
import { fromStoredKey } from "../entry/namespace-path.ts";
import { jitterTtlMs } from "../entry/ttl.ts";
import { EntryTooLargeError, SerializationError } from "../foundation/errors.ts";
import type { LoadedValue, StoreVerdict } from "../loading/load-runner.ts";
import { absorbStoreError } from "./absorb-store-error.ts";
import { completeOnBackend } from "./call-backend.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";
import { removeVersion, withdrawLateWrite } from "./withdraw-load.ts";
import { recordRefusal, recordSet, slidingTtlOf } from "./writes.ts";

/** A result with the version of the live entry that was found before its load; 0 for none. */
export interface ReplacingValue extends LoadedValue {
  readonly replacedVersion: number;
}

/**
 * Stores the results of loads that are not detached, each by itself: one that cannot be stored does not keep the others
 * from it. For a local store the look at the load and the write are one synchronous step. At a remote one a change can
 * come while the write is on its way: what is then found outdated is removed again, and only that.
 */
export function storeLoaded(
  scope: ViewScope,
  resolved: ResolvedGetOrSet,
  results: readonly ReplacingValue[],
): MaybePromise<readonly StoreVerdict[]> {
  const verdicts = results.map((result) => storeOne(scope, resolved, result));
  return verdicts.some((verdict) => verdict instanceof Promise) ? Promise.all(verdicts) : (verdicts as StoreVerdict[]);
}

function storeOne(scope: ViewScope, resolved: ResolvedGetOrSet, result: ReplacingValue): MaybePromise<StoreVerdict> {
  const { core } = scope;
  const write = toWrite(scope, resolved, result);
  if (write === undefined) return endReplaced(scope, result, { outcome: "returned" });
  // Without a stamp nobody can say that no tag was invalidated meanwhile.
  if (write.tags.length > 0 && result.stamp === undefined) return { outcome: "unstored" };
  const { storedKey } = result.load;
  let stopWatching: (() => void) | undefined;
  const onLateAnswer = (): void => {
    stopWatching?.();
    if (result.load.isDetached) void withdrawLateWrite(core, storedKey);
  };
  try {
    const written = completeOnBackend(core, "set", "write", { signal: undefined, onLateAnswer }, (backend, context) =>
      backend.set(storedKey, write, context),
    );
    if (!(written instanceof Promise)) return settle(scope, result, written);
    return written.then(
      (answer) => settleRemote(scope, result, answer),
      (error: unknown) => {
        stopWatching = core.loads.watchUnsettled(result.load);
        return absorbFailure(scope, result, error);
      },
    );
  } catch (error) {
    return absorbFailure(scope, result, error);
  }
}

/** `undefined`: a TTL of 0, "return it, keep nothing". */
function toWrite({ core }: ViewScope, resolved: ResolvedGetOrSet, result: ReplacingValue): EntryWrite | undefined {
  const ttlMs = jitterTtlMs(result.plan.ttlMs ?? resolved.ttlMs, resolved.jitter, core.random);
  if (ttlMs === 0) return undefined;
  const { capabilities } = core.backend;
  const { replacedVersion, stamp, value, load } = result;
  return {
    value,
    ttlMs,
    slidingTtlMs: slidingTtlOf({ sliding: resolved.sliding, ttlMs }),
    tags: [...load.tags],
    tagsUnchangedSince: stamp,
    // Somebody else's newer write must not be overwritten. In a local store the load would be detached by it.
    condition:
      capabilities.local || !capabilities.conditionalWrites
        ? undefined
        : replacedVersion === 0
          ? { kind: "absent" }
          : { kind: "version", version: replacedVersion },
  };
}

function settle(scope: ViewScope, result: ReplacingValue, written: WriteResult): StoreVerdict {
  // Refused: one of its tags was invalidated, or somebody else wrote the key, while the loader ran.
  if (!written.stored) return { outcome: "detached" };
  recordSet(scope, fromStoredKey(result.load.storedKey), written.version);
  return { outcome: "stored" };
}

async function settleRemote(scope: ViewScope, result: ReplacingValue, written: WriteResult): Promise<StoreVerdict> {
  const verdict = settle(scope, result, written);
  if (!written.stored || !result.load.isDetached) return verdict;
  await removeVersion(scope.core, result.load.storedKey, written.version);
  return { outcome: "detached" };
}

function absorbFailure(scope: ViewScope, result: ReplacingValue, error: unknown): MaybePromise<StoreVerdict> {
  // A value that cannot be kept at all is the loader's mistake, not the store's.
  if (error instanceof SerializationError) return { error };
  if (error instanceof EntryTooLargeError) {
    recordRefusal(scope, fromStoredKey(result.load.storedKey), error);
    return endReplaced(scope, result, { outcome: "unstored" });
  }
  try {
    absorbStoreError(scope.core, "set", error);
    return { outcome: "unstored" };
  } catch (unexpected) {
    return { error: unexpected };
  }
}

/** A forced load replaces what was there also when its own result cannot be kept. */
function endReplaced(scope: ViewScope, result: ReplacingValue, verdict: StoreVerdict): MaybePromise<StoreVerdict> {
  if (result.replacedVersion === 0) return verdict;
  const removed = removeVersion(scope.core, result.load.storedKey, result.replacedVersion);
  return removed instanceof Promise ? removed.then(() => verdict) : verdict;
}
