import type { MaybePromise } from "../backend/backend.ts";
import type { Load } from "../loading/load.ts";
import { type LoadRequest, startBatchLoad } from "../loading/load-runner.ts";
import type { BatchLoader } from "../loading/loader.ts";
import { collectKeys } from "./batches.ts";
import { answerKey, type FoundKey, type KeyAnswer } from "./load-answer.ts";
import { createLoadPorts } from "./load-ports.ts";
import { findForLoad, type LoadFinding } from "./load-reads.ts";
import { assertLoader, isolate, resolveForLoads, toStandIn, waitForCaller } from "./loads.ts";
import type { GetOrSetOptions } from "./options.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";

/** One call that asks for many keys. */
export interface BatchCall<T> {
  readonly scope: ViewScope;
  readonly loader: BatchLoader<T>;
  readonly resolved: ResolvedGetOrSet;
  /** Monotonic instant of the call. */
  readonly beganAtMs: number;
  /** Monotonic instant at which the callers' time is over. */
  readonly untilMs: number;
}

/** What there is for a key, or the load that brings it. */
export type KeyOutcome =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "failure"; readonly error: unknown }
  | { readonly kind: "load"; readonly load: Load };

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
  const call: BatchCall<T> = { scope, loader, resolved, beganAtMs, untilMs: beganAtMs + resolved.load.hardTimeoutMs };
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

/** One read for all keys; synchronous for a local store. */
export function findKeys<T>(
  { scope, resolved, untilMs }: BatchCall<T>,
  keys: readonly string[],
): MaybePromise<readonly FoundKey[]> {
  const storedKeys = keys.map((key) => storedKeyOf(scope, key));
  const reading = findForLoad(scope, storedKeys, resolved, untilMs);
  const merge = (findings: readonly LoadFinding[]): readonly FoundKey[] =>
    keys.map((key, index) => {
      return { key, storedKey: storedKeys[index] as string, finding: findings[index] as LoadFinding };
    });
  return reading instanceof Promise ? reading.then(merge) : merge(reading);
}

/** Decides about each key and starts, synchronously, one loader call for those that nobody loads. Whoever wants a load's value must begin to wait in the same step. */
export function answerKeys<T>(call: BatchCall<T>, found: readonly FoundKey[]): readonly KeyOutcome[] {
  const { scope, resolved } = call;
  const decided = found.map((one) => answerKey(scope, one, resolved));
  const refreshed = found.filter((_, index) => {
    const answer = decided[index] as KeyAnswer;
    return answer.kind === "value" && answer.isRefreshed && scope.core.background.tryEnter();
  });
  refreshAll(call, refreshed);
  const loaded = startAll(
    call,
    found.filter((_, index) => (decided[index] as KeyAnswer).kind === "load"),
  )[Symbol.iterator]();
  return decided.map((answer): KeyOutcome => {
    if (answer.kind === "value" || answer.kind === "failure") return answer;
    return { kind: "load", load: answer.kind === "join" ? answer.load : (loaded.next().value as Load) };
  });
}

/** Waits for a key as the call wants to. */
export async function settleKey<T>(call: BatchCall<T>, key: string, outcome: KeyOutcome): Promise<unknown> {
  if (outcome.kind === "value") return outcome.value;
  if (outcome.kind === "failure") throw outcome.error;
  const { scope, resolved, beganAtMs, untilMs } = call;
  const { load } = outcome;
  const { value, isStandIn } = await waitForCaller(scope, key, load, resolved, untilMs);
  if (isStandIn || (await load.wasCurrentAt(beganAtMs)) || scope.core.clock.monotonicMs() >= untilMs) {
    return isolate(scope, value);
  }
  // Somebody else's load, from before a change that may have been over when this call came: once more, by a load that began after the call.
  const found = await findKeys(call, [key]);
  return settleKey(call, key, answerKeys(call, found)[0] as KeyOutcome);
}

function refreshAll<T>(call: BatchCall<T>, found: readonly FoundKey[]): void {
  const { background } = call.scope.core;
  const leave = (): void => background.leave();
  for (const load of startAll(call, found)) {
    load.keep();
    load.settled.then(leave, leave);
  }
}

function startAll<T>({ scope, loader, resolved, untilMs }: BatchCall<T>, found: readonly FoundKey[]): readonly Load[] {
  if (found.length === 0) return [];
  const hardTimeoutMs = Math.max(1, untilMs - scope.core.clock.monotonicMs());
  const requests = found.map(({ key, storedKey, finding }): LoadRequest => {
    const standIn = toStandIn(finding, resolved);
    return { key, storedKey, tags: resolved.tags, hardTimeoutMs, negativeTtlMs: resolved.load.negativeTtlMs, standIn };
  });
  const findings = found.map(({ finding }) => finding);
  return startBatchLoad(requests, loader, createLoadPorts(scope, resolved, findings));
}
