import type { StoredEntry } from "../backend/stored-entry.ts";
import type { Load } from "../loading/load.ts";
import { decideLoad } from "../loading/load-decision.ts";
import { type LoadFinding, standingOf } from "./load-reads.ts";
import { recordRead, recordStale } from "./record-read.ts";
import { sharesRefreshes } from "./refresh-claims.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";

/** A key that a call of `getOrSet` asks for, and what was found of it. */
export interface FoundKey {
  readonly key: string;
  readonly storedKey: string;
  readonly finding: LoadFinding;
}

/** What a call does about a key; see `LoadDecision`. */
export type KeyAnswer =
  | { readonly kind: "value"; readonly value: unknown; readonly isRefreshed: boolean }
  | { readonly kind: "failure"; readonly error: unknown }
  | { readonly kind: "join"; readonly load: Load }
  | { readonly kind: "load" };

/** The running load that a call may join: not when fresh is forced, nor when its result would lack the call's tags. */
export function findJoinable(scope: ViewScope, storedKey: string, resolved: ResolvedGetOrSet): Load | undefined {
  if (resolved.isForced) return undefined;
  const load = scope.core.loads.find(storedKey);
  return load?.addTags(resolved.tags) ? load : undefined;
}

/** Whether a live entry is left to the process that refreshes it. */
function isRefreshedElsewhere(
  scope: ViewScope,
  storedKey: string,
  { entry, isLive }: LoadFinding,
  resolved: ResolvedGetOrSet,
): boolean {
  if (entry === undefined || !isLive || !sharesRefreshes(scope, resolved)) return false;
  const { loadMemory, clock } = scope.core;
  return loadMemory.isRefreshedElsewhere(storedKey, entry.version, clock.monotonicMs());
}

/** Decides about a key, and counts and tells of it. Synchronous, so that nothing can happen before what was decided begins. */
export function answerKey(
  scope: ViewScope,
  { key, storedKey, finding }: FoundKey,
  resolved: ResolvedGetOrSet,
): KeyAnswer {
  const { core } = scope;
  const joinable = findJoinable(scope, storedKey, resolved);
  const failure = core.loadMemory.findFailure(storedKey, core.clock.monotonicMs());
  const decision = decideLoad({
    standing: standingOf(scope, storedKey, finding, resolved),
    isForced: resolved.isForced,
    isLoading: joinable !== undefined,
    hasFailedLately: failure !== undefined,
  });
  const isServed = decision === "serve" || decision === "refresh";
  recordRead(scope, key, isServed && finding.isLive);
  if (isServed) {
    const { value, expiresAt } = finding.entry as StoredEntry;
    if (!finding.isLive) recordStale(scope, key, failure === undefined ? "revalidating" : "failed", expiresAt);
    return {
      kind: "value",
      value,
      isRefreshed: decision === "refresh" && !isRefreshedElsewhere(scope, storedKey, finding, resolved),
    };
  }
  if (decision === "fail") return { kind: "failure", error: (failure as { error: unknown }).error };
  return decision === "join" ? { kind: "join", load: joinable as Load } : { kind: "load" };
}
