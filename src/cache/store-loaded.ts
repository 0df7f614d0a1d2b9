import type { Backend, MaybePromise, OperationContext } from "../backend/backend.ts";
import type { LoadToken } from "../backend/load-tier.ts";
import type { EntryWrite, WriteResult } from "../backend/stored-entry.ts";
import { fromStoredKey } from "../entry/namespace-path.ts";
import { jitterTtlMs } from "../entry/ttl.ts";
import { EntryTooLargeError, SerializationError } from "../foundation/errors.ts";
import type { LoadedValue, StoreVerdict } from "../loading/load-runner.ts";
import { absorbStoreError } from "./absorb-store-error.ts";
import { completeOnBackend } from "./call-backend.ts";
import { staleMsOf } from "./load-policy.ts";
import { type RefreshClaim, releaseClaim } from "./refresh-claims.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";
import { removeVersion, withdrawLateWrite } from "./withdraw-load.ts";
import { recordRefusal, recordSet, slidingTtlOf } from "./writes.ts";

/** What a load knows of the place where its result goes. */
export interface LoadTarget {
  /** Version of the live entry that was found before the load; 0 for none. */
  replacedVersion: number;
  /** The fleet's leave to load, if there is one. */
  token: LoadToken | undefined;
  /** The fleet's leave to refresh the live entry, if it was asked for and given. */
  claim: RefreshClaim | undefined;
  /** Whether the load left it to another process to refresh. */
  isLeftToOthers: boolean;
  /** Whether the store did not answer: nothing is stored then. */
  isStoreAway: boolean;
  /** Whether the result is stored; not when somebody else has the leave. */
  isStored: boolean;
}

/** A result with its target. */
export interface ReplacingValue extends LoadedValue {
  readonly target: LoadTarget;
}

/**
 * Stores the result of a load that is not detached. For a local store the look at the load and the write are one synchronous step. At a remote one a change can
 * come while the write is on its way: what is then found outdated is removed again, and only that.
 */
export function storeLoaded(
  scope: ViewScope,
  resolved: ResolvedGetOrSet,
  result: ReplacingValue,
): MaybePromise<StoreVerdict> {
  const { core } = scope;
  const { target, load } = result;
  const { storedKey } = load;
  // Looked at for each by itself: whoever is told of one result of a batch may change the key of the next.
  if (load.isDetached) return { outcome: "detached" };
  if (target.isStoreAway || !target.isStored) return { outcome: "unstored" };
  const write = toWrite(scope, resolved, result);
  if (write === undefined) return endReplaced(scope, result, { outcome: "returned" });
  // Without a stamp nobody can say that no tag was invalidated meanwhile.
  if (write.tags.length > 0 && result.stamp === undefined) return { outcome: "unstored" };
  const startedAtMs = core.clock.monotonicMs();
  core.loadMemory.noteLoad(storedKey, startedAtMs - load.startedAtMs, write.ttlMs);
  const { token, claim } = target;
  target.token = undefined;
  // Once stored it is kept to its end: who still sees the old version need not load it again.
  target.claim = undefined;
  let stopWatching: (() => void) | undefined;
  const onLateAnswer = (): void => {
    stopWatching?.();
    if (result.load.isDetached) void withdrawLateWrite(core, storedKey);
  };
  try {
    const written = completeOnBackend<WriteResult>(
      core,
      "set",
      "write",
      // A load that was outdated meanwhile takes back what it stored, by its version.
      { signal: undefined, onLateAnswer, isCommitAwaited: true, onAsked: (leave) => load.onUnstored(leave) },
      (backend, context) => put(backend, { ...result, token }, write, context),
    );
    if (!(written instanceof Promise)) return settle(scope, result, written);
    return written.then(
      (answer) => {
        // Accepted: nothing had changed until then.
        if (answer.stored) load.confirm(startedAtMs);
        return settleRemote(scope, result, answer);
      },
      (error: unknown) => {
        stopWatching = core.loads.watchUnsettled(result.load);
        // The entry may be as old as it was: the next process need not wait for the claim's end.
        if (claim !== undefined) void releaseClaim(scope, load, claim);
        return absorbFailure(scope, result, error);
      },
    );
  } catch (error) {
    return absorbFailure(scope, result, error);
  }
}

/** `undefined`: a TTL of 0, "return it, keep nothing". */
function toWrite(
  { core, defaults }: ViewScope,
  resolved: ResolvedGetOrSet,
  result: ReplacingValue,
): EntryWrite | undefined {
  const fullTtlMs = Math.min(result.plan.ttlMs ?? resolved.ttlMs, defaults.maxTtlMs);
  const ttlMs = jitterTtlMs(fullTtlMs, resolved.jitter, core.random);
  if (ttlMs === 0) return undefined;
  const { capabilities } = core.backend;
  const { target, stamp, value, load } = result;
  const staleMs = staleMsOf(resolved.load);
  return {
    value,
    ttlMs,
    slidingTtlMs: slidingTtlOf({ sliding: resolved.sliding, ttlMs }),
    staleMs: staleMs > 0 && ttlMs !== Number.POSITIVE_INFINITY ? staleMs : undefined,
    tags: [...load.tags],
    tagsUnchangedSince: stamp,
    // Somebody else's newer write must not be overwritten. In a local store the load would be detached by it.
    condition:
      capabilities.local || !capabilities.conditionalWrites
        ? undefined
        : target.replacedVersion === 0
          ? { kind: "absent" }
          : { kind: "version", version: target.replacedVersion },
  };
}

/** Into the place that the fleet keeps for it, else on the conditions of the write; what the source left as it was is only given its new end, where it is still there. */
function put(
  backend: Backend,
  result: ReplacingValue & { readonly token: LoadToken | undefined },
  write: EntryWrite,
  context: OperationContext,
): MaybePromise<WriteResult> {
  const { token } = result;
  const { replacedVersion } = result.target;
  const { storedKey } = result.load;
  const kept = keptVersion(result);
  if (kept > 0 && backend.capabilities.local && replacedVersion > 0) {
    // In one step with the look at the load: it is still the entry that was found.
    const isExtended = backend.expire(storedKey, write.ttlMs, context);
    if (isExtended === true) return { stored: true, version: replacedVersion };
  }
  const renew = backend.loadTier?.renew?.bind(backend.loadTier);
  // Without a token the entry that was found is the one that is replaced; a sliding TTL goes with the value only.
  if (
    renew !== undefined &&
    kept > 0 &&
    (token !== undefined || replacedVersion === kept) &&
    write.slidingTtlMs === undefined
  ) {
    const { ttlMs, staleMs } = write;
    return renew(storedKey, { version: kept, token, ttlMs, staleMs }, context).then(
      // The token stands, and the data is gone: it is stored like any other.
      (renewed) => renewed ?? putValue(backend, storedKey, token, write, context),
    );
  }
  return putValue(backend, storedKey, token, write, context);
}

function putValue(
  backend: Backend,
  storedKey: string,
  token: LoadToken | undefined,
  write: EntryWrite,
  context: OperationContext,
): MaybePromise<WriteResult> {
  if (token === undefined) return backend.set(storedKey, write, context);
  return backend.loadTier!.fill(storedKey, { token, write: { ...write, condition: undefined } }, context);
}

/** The version of the data that the source left as it was, tags and all; 0: there is something new to be stored. */
function keptVersion({ load: { tags, standIn }, plan, value }: ReplacingValue): number {
  // Who asked for the old value and returned another one has something new after all.
  if (!plan.isUnmodified || standIn === undefined || !Object.is(value, standIn.value)) return 0;
  return [...tags].every((tag) => standIn.tags.includes(tag)) ? standIn.version : 0;
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
  const { target } = result;
  if (target.replacedVersion === 0) return verdict;
  const removed = removeVersion(scope.core, result.load.storedKey, target.replacedVersion);
  return removed instanceof Promise ? removed.then(() => verdict) : verdict;
}
