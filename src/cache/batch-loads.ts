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

/** One call of `getOrSetMulti`. */
interface BatchCall<T> {
  readonly scope: ViewScope;
  readonly loader: BatchLoader<T>;
  readonly resolved: ResolvedGetOrSet;
  readonly beganAtMs: number;
  readonly untilMs: number;
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
  const storedKeys = wanted.map((key) => storedKeyOf(scope, key));
  const reading = findForLoad(scope, storedKeys, resolved, untilMs);
  const findings = reading instanceof Promise ? await reading : reading;
  core.lifecycle.assertOpen();
  const found = wanted.map((key, index): FoundKey => {
    return { key, storedKey: storedKeys[index] as string, finding: findings[index] as LoadFinding };
  });
  const answers = answerAll({ scope, loader, resolved, beganAtMs, untilMs }, found);
  const settled = await Promise.allSettled(answers);
  for (const [index, result] of settled.entries()) {
    if (result.status === "rejected") throw result.reason;
    // A batch has no entry for what has no value.
    if (result.value !== undefined) values.set(wanted[index] as string, result.value as T);
  }
  return values;
}

/** The answer, or its promise, of every key; synchronous up to the start of all loads. */
function answerAll<T>(call: BatchCall<T>, found: readonly FoundKey[]): unknown[] {
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
  return found.map((one, index) => {
    const answer = decided[index] as KeyAnswer;
    if (answer.kind === "value") return answer.value;
    if (answer.kind === "failure") return Promise.reject(answer.error);
    return waitForKey(call, one, answer.kind === "join" ? answer.load : (loaded.next().value as Load));
  });
}

async function waitForKey<T>(call: BatchCall<T>, found: FoundKey, load: Load): Promise<unknown> {
  const { scope, resolved, beganAtMs, untilMs } = call;
  const { key, storedKey } = found;
  const value = await waitForCaller(scope, key, load, resolved, untilMs);
  if ((await load.wasCurrentAt(beganAtMs)) || scope.core.clock.monotonicMs() >= untilMs) return isolate(scope, value);
  // Somebody else's load, from before a change that may have been over when this call came: once more, by a load that began after the call.
  const [finding] = (await findForLoad(scope, [storedKey], resolved, untilMs)) as readonly [LoadFinding];
  const [answer] = answerAll(call, [{ ...found, finding }]);
  return answer;
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
