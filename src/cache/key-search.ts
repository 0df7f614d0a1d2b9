import type { MaybePromise } from "../backend/backend.ts";
import { startBatchLoad } from "../loading/batch-runner.ts";
import type { Load, StandIn } from "../loading/load.ts";
import type { LoadRequest } from "../loading/load-runner.ts";
import type { BatchLoader } from "../loading/loader.ts";
import { answerKey, type FoundKey, type KeyAnswer } from "./load-answer.ts";
import { createLoadPorts } from "./load-ports.ts";
import { findForLoad, type LoadFinding } from "./load-reads.ts";
import { toStandIn } from "./loads.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";

/** What many keys are asked for with. */
export interface KeySearch<T> {
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
  | { readonly kind: "load"; readonly load: Load; readonly isJoined: boolean; readonly found: StandIn | undefined };

/** One read for all keys; synchronous for a local store. */
export function findKeys<T>(
  { scope, resolved, untilMs }: KeySearch<T>,
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
export function answerKeys<T>(call: KeySearch<T>, found: readonly FoundKey[]): readonly KeyOutcome[] {
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
    false,
  )[Symbol.iterator]();
  return decided.map((answer, index): KeyOutcome => {
    if (answer.kind === "value" || answer.kind === "failure") return answer;
    const isJoined = answer.kind === "join";
    const { finding } = found[index] as FoundKey;
    const standIn = toStandIn(finding, resolved, call.beganAtMs);
    return { kind: "load", load: isJoined ? answer.load : (loaded.next().value as Load), isJoined, found: standIn };
  });
}

function refreshAll<T>(call: KeySearch<T>, found: readonly FoundKey[]): void {
  const { background, tracing } = call.scope.core;
  if (found.length > 0) tracing.current?.note("refresh", { keyCount: found.length });
  const leave = (): void => background.leave();
  for (const load of startAll(call, found, true)) {
    load.keep();
    load.settled.then(leave, leave);
  }
}

function startAll<T>(
  { scope, loader, resolved, beganAtMs, untilMs }: KeySearch<T>,
  found: readonly FoundKey[],
  isRefresh: boolean,
): readonly Load[] {
  if (found.length === 0) return [];
  const hardTimeoutMs = Math.max(1, untilMs - scope.core.clock.monotonicMs());
  const requests = found.map(({ key, storedKey, finding }): LoadRequest => {
    const standIn = toStandIn(finding, resolved, beganAtMs);
    return { key, storedKey, tags: resolved.tags, hardTimeoutMs, negativeTtlMs: resolved.load.negativeTtlMs, standIn };
  });
  const findings = found.map(({ finding }) => finding);
  return startBatchLoad(requests, loader, createLoadPorts(scope, resolved, findings, isRefresh));
}
