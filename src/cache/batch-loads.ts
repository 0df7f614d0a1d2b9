import { waitUnlessAborted } from "../foundation/deadline.ts";
import type { BatchLoader } from "../loading/loader.ts";
import { BatchRetry } from "./batch-retry.ts";
import { collectKeys } from "./batches.ts";
import { answerKeys, findKeys, type KeyOutcome, type KeySearch } from "./key-search.ts";
import { assertLoader, isolate, mayTake, mayTakeOver, resolveForLoads, waitForCaller } from "./loads.ts";
import type { GetOrSetOptions } from "./options.ts";
import type { ViewScope } from "./view-scope.ts";

/** One call that asks for many keys. */
export interface BatchCall<T> extends KeySearch<T> {
  /** For keys whose loads were begun by others and brought nothing that this call may take. */
  readonly retry: BatchRetry<T>;
}

/**
 * `Cache.getOrSetMulti`: one read, one loader call for what is missing, each key's single flight shared with `getOrSet`.
 *
 * Rejects with the failure of the first key, in the order of the keys, once all of them are settled; what was loaded is stored all the same, so that the next call has it.
 */
export async function getOrLoadMulti<T>(
  scope: ViewScope,
  keys: Iterable<string>,
  loader: BatchLoader<T>,
  options: GetOrSetOptions | undefined,
): Promise<Map<string, T>> {
  const wanted = collectKeys(keys);
  assertLoader(loader);
  const resolved = resolveForLoads(scope, options);
  const { core } = scope;
  const values = new Map<string, T>();
  if (wanted.length === 0) return values;
  const beganAtMs = core.clock.monotonicMs();
  const untilMs = beganAtMs + resolved.load.hardTimeoutMs;
  const call = toBatchCall({ scope, loader, resolved, beganAtMs, untilMs });
  const reading = findKeys(call, wanted);
  const found = reading instanceof Promise ? await reading : reading;
  core.lifecycle.assertOpen();
  const outcomes = answerKeys(call, found);
  const settled = await Promise.allSettled(
    outcomes.map((outcome, index) => settleKey(call, wanted[index] as string, outcome)),
  );
  for (const [index, result] of settled.entries()) {
    if (result.status === "rejected") throw result.reason;
    // A batch has no entry for what has no value.
    if (result.value !== undefined) values.set(wanted[index] as string, result.value as T);
  }
  return values;
}

/** A search that may have to be made again for some of its keys. */
export function toBatchCall<T>(search: KeySearch<T>): BatchCall<T> {
  return { ...search, retry: new BatchRetry(search) };
}

/** Waits for a key as the call wants to. */
export async function settleKey<T>(call: BatchCall<T>, key: string, outcome: KeyOutcome): Promise<unknown> {
  if (outcome.kind === "value") return outcome.value;
  if (outcome.kind === "failure") throw outcome.error;
  const { scope, resolved, beganAtMs, untilMs, retry } = call;
  const { load, isJoined, found } = outcome;
  try {
    const { value, isStandIn } = await waitForCaller({ scope, key, resolved, beganAtMs, untilMs }, load, found);
    const { signal } = resolved;
    if (isStandIn || load.isCurrentAt(beganAtMs) || (await mayTake({ scope, load, beganAtMs, untilMs, signal }))) {
      return isolate(scope, value);
    }
    // Somebody else's load, from before a change that may have been over when this call came: once more, by a load that began after the call.
  } catch (error) {
    // Or somebody with less patience gave up on it.
    if (!isJoined || !mayTakeOver(scope, load, error, untilMs)) throw error;
  }
  return waitUnlessAborted(
    retry.ask(key, (next) => settleKey(call, key, next)),
    resolved.signal,
  );
}
