import type { MaybePromise } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import { type AgingEntry, isRefreshDue, refreshesEarly } from "../loading/early-refresh.ts";
import { standingAt } from "../loading/entry-standing.ts";
import type { EntryStanding } from "../loading/load-decision.ts";
import { staleMsOf } from "./load-policy.ts";
import { askForLoad, type LoadAsk } from "./load-store.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";

/** What a load finds in the store before it begins. */
export interface LoadFinding {
  /** The live entry, or one that is over and was kept. */
  readonly entry: StoredEntry | undefined;
  /** Whether the entry lives, by the store's own word. */
  readonly isLive: boolean;
  /** Whether the store did not answer: the load does without it. */
  readonly isStoreAway: boolean;
}

const NOTHING: LoadFinding = { entry: undefined, isLive: false, isStoreAway: false };
const AWAY: LoadFinding = { entry: undefined, isLive: false, isStoreAway: true };

/**
 * Looks for entries before a load, live ones first, then, where the caller may use them and nobody will offer them, those that are over. Synchronous for a local store.
 *
 * @param untilMs monotonic instant at which the callers' time is over
 */
export function findForLoad(
  scope: ViewScope,
  storedKeys: readonly string[],
  resolved: ResolvedGetOrSet,
  untilMs: number,
): MaybePromise<readonly LoadFinding[]> {
  const { core } = scope;
  const { load } = resolved;
  const ask: LoadAsk = {
    operation: storedKeys.length === 1 ? "get" : "getMulti",
    kind: "read",
    signal: resolved.signal,
    keyCount: storedKeys.length,
    // A store that hangs leaves the loader half of the caller's time.
    timeoutMs: Math.min(load.softTimeoutMs, Math.max(1, (untilMs - core.clock.monotonicMs()) / 2)),
  };
  const [only] = storedKeys;
  const live =
    storedKeys.length === 1
      ? askForLoad(core, ask, (backend, context) => backend.get(only as string, context))
      : askForLoad(core, ask, (backend, context) => backend.getMulti(storedKeys, context));
  const look = (answer: Awaited<typeof live>): MaybePromise<readonly LoadFinding[]> => {
    if (!answer.isAnswered) return storedKeys.map(() => AWAY);
    const entries = storedKeys.length === 1 ? [answer.value as StoredEntry | undefined] : answer.value;
    return addStale(scope, storedKeys, resolved, entries as ReadonlyArray<StoredEntry | undefined>, ask);
  };
  return live instanceof Promise ? live.then(look) : look(live);
}

function addStale(
  { core }: ViewScope,
  storedKeys: readonly string[],
  resolved: ResolvedGetOrSet,
  entries: ReadonlyArray<StoredEntry | undefined>,
  ask: LoadAsk,
): MaybePromise<readonly LoadFinding[]> {
  const findings = entries.map((entry): LoadFinding => (entry ? { entry, isLive: true, isStoreAway: false } : NOTHING));
  const { backend } = core;
  if (staleMsOf(resolved.load) === 0 || backend.getStale === undefined) return findings;
  const nowMs = core.clock.monotonicMs();
  // Who asks for a token is offered what stands in; who joins a load is not, and neither is who takes the failure of the last one.
  const isOffered = (storedKey: string): boolean =>
    backend.loadTier !== undefined &&
    core.loads.find(storedKey) === undefined &&
    core.loadMemory.findFailure(storedKey, nowMs) === undefined;
  const missing = storedKeys.filter((storedKey, index) => entries[index] === undefined && !isOffered(storedKey));
  if (missing.length === 0) return findings;
  const stale = askForLoad(core, { ...ask, operation: "getStale", keyCount: missing.length }, (store, context) =>
    store.getStale!(missing, context),
  );
  const merge = (answer: Awaited<typeof stale>): readonly LoadFinding[] => {
    if (!answer.isAnswered) return findings;
    let at = 0;
    return findings.map((finding, index) => {
      if (storedKeys[index] !== missing[at]) return finding;
      const entry = answer.value[at];
      at += 1;
      return { ...finding, entry };
    });
  };
  return stale instanceof Promise ? stale.then(merge) : merge(stale);
}

/** Where a finding stands for a call. */
export function standingOf(
  { core }: ViewScope,
  storedKey: string,
  { entry, isLive }: LoadFinding,
  { load, ttlMs }: ResolvedGetOrSet,
): EntryStanding {
  if (entry === undefined) return "none";
  if (!isLive) return standingAt(entry.expiresAt, core.clock.wallMs(), load);
  if (!refreshesEarly(load)) return "fresh";
  const past = core.loadMemory.findLoad(storedKey);
  const aging: AgingEntry = {
    remainingMs: entry.expiresAt - core.clock.wallMs(),
    ttlMs: past?.ttlMs ?? ttlMs,
    loadMs: past?.durationMs ?? 0,
  };
  return isRefreshDue(aging, load, core.random) ? "aging" : "fresh";
}
