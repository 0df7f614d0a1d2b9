import type { MaybePromise } from "../backend/backend.ts";
import type { LoadToken } from "../backend/load-tier.ts";
import { fromStoredKey } from "../entry/namespace-path.ts";
import type { LoadOutcome } from "../events/cache-events.ts";
import { BackendError, LoaderError } from "../foundation/errors.ts";
import { Turnstile } from "../foundation/turnstile.ts";
import { type FleetLease, type FleetLeaseOptions, type FleetPorts, leaseFromFleet } from "../loading/fleet-lease.ts";
import type { Load } from "../loading/load.ts";
import type { LoadGrant, LoadPorts } from "../loading/load-runner.ts";
import { fleetLeaseMs } from "./load-policy.ts";
import type { LoadFinding } from "./load-reads.ts";
import { askForLoad, type LoadAsk } from "./load-store.ts";
import { claimRefresh, releaseClaim, sharesRefreshes } from "./refresh-claims.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import { type LoadTarget, storeLoaded } from "./store-loaded.ts";
import type { ViewScope } from "./view-scope.ts";
import { removeStale, removeVersion } from "./withdraw-load.ts";

/** Questions about the keys of one batch that are on their way at a time, those of keys that somebody else loads among them: thousands who look again would hold up each other. */
const MAX_QUESTION_COUNT = 512;

/**
 * Ports through which loads of one call reach the store and its events.
 *
 * @param findings what was found before each load, in the order of the loads
 * @param isRefresh whether nobody waits for the loads, for all that was found was served: then a live entry is left to the process of the fleet that refreshes it
 */
export function createLoadPorts(
  scope: ViewScope,
  resolved: ResolvedGetOrSet,
  findings: readonly LoadFinding[],
  isRefresh = false,
): LoadPorts {
  const { core } = scope;
  const targets = new Map<Load, LoadTarget>();
  const turnstile = new Turnstile(MAX_QUESTION_COUNT);
  let stamp: MaybePromise<number | undefined>;
  let isStampTaken = false;
  // One for all loads of the call: it is of a moment before the loader for each of them.
  const takeStampOnce = (): MaybePromise<number | undefined> => {
    if (!isStampTaken) stamp = takeStamp(scope);
    isStampTaken = true;
    return stamp;
  };
  const targetOf = (load: Load): LoadTarget => targets.get(load) as LoadTarget;
  const release = (load: Load): void => {
    const target = targetOf(load);
    const { token, claim } = target;
    target.token = undefined;
    target.claim = undefined;
    if (claim !== undefined) void releaseClaim(scope, load, claim);
    if (token !== undefined) load.confirmBy(releaseToken(scope, load, token));
  };
  return {
    clock: core.clock,
    scheduler: core.scheduler,
    table: core.loads,
    tracing: core.tracing,
    onStart: (load) => {
      targets.set(load, toTarget(findings[targets.size] as LoadFinding));
      // Who changes a local store detaches the load, and a store without tokens knows no better.
      if (core.backend.loadTier === undefined) load.confirm(Number.POSITIVE_INFINITY);
    },
    acquire: (load, onHeldUp) => {
      const target = targetOf(load);
      if (target.isStoreAway) return leaveStore(load, target);
      const taken = takeStampOnce();
      if (isRefresh && target.replacedVersion > 0 && sharesRefreshes(scope, resolved)) {
        return acquireRefresh(scope, resolved, load, { stamp: taken, target, release, onHeldUp, turnstile });
      }
      // A live entry that is refreshed is replaced on condition of its version, and not by a token. Whoever does not wait for others needs a token all the same: it is
      // what tells an absent key from one that was written and deleted meanwhile. So does a forced load: what began before it must not come after it.
      if (core.backend.loadTier === undefined || (target.replacedVersion > 0 && !resolved.isForced)) {
        return taken instanceof Promise ? taken.then(toGrant) : toGrant(taken);
      }
      return acquireFromFleet(scope, resolved, load, { stamp: taken, target, release, onHeldUp, turnstile });
    },
    release,
    store: (result) => {
      const verdict = storeLoaded(scope, resolved, { ...result, target: targetOf(result.load) });
      // What was not even sent to the store needs its leave no more.
      release(result.load);
      return verdict;
    },
    forget: (load) => {
      const { replacedVersion, isStoreAway } = targetOf(load);
      if (replacedVersion > 0) void removeVersion(core, load.storedKey, replacedVersion);
      // What the source has no more must not stand in any more.
      else if (load.standIn !== undefined && !isStoreAway) void removeStale(core, load.storedKey);
    },
    onEnd: (load, outcome, error) => {
      // Nothing was loaded, and nothing was found.
      if (targetOf(load).isLeftToOthers) return;
      if (resolved.load.errorTtlMs > 0 && isFailure(outcome) && !load.isDetached) {
        const untilMs = core.clock.monotonicMs() + resolved.load.errorTtlMs;
        core.loadMemory.noteFailure(load.storedKey, { error, untilMs, tags: knownTags(load) });
      }
      recordLoad(scope, load, outcome, error);
    },
  };
}

function toTarget({ entry, isLive, isStoreAway }: LoadFinding): LoadTarget {
  return {
    replacedVersion: isLive && entry !== undefined ? entry.version : 0,
    isStoreAway,
    isStored: true,
    isLeftToOthers: false,
    token: undefined,
    claim: undefined,
  };
}

/** The load does without the store, which then cannot say either whether its result is right. */
function leaveStore(load: Load, target: LoadTarget): LoadGrant {
  target.isStoreAway = true;
  load.confirm(Number.POSITIVE_INFINITY);
  return { found: undefined, stamp: undefined };
}

function toGrant(stamp: number | undefined): LoadGrant {
  return { found: undefined, stamp };
}

/** The leave to refresh a live entry. Whoever was refused it has the entry for a result: who joined meanwhile came later than that was found, and looks again. */
async function acquireRefresh(
  scope: ViewScope,
  resolved: ResolvedGetOrSet,
  load: Load,
  { stamp, target, release }: FleetAcquisition,
): Promise<LoadGrant> {
  const outcome = await claimRefresh(scope, resolved, load, target.replacedVersion);
  if (outcome.kind === "refused" && load.standIn !== undefined) {
    target.isLeftToOthers = true;
    return { found: load.standIn, stamp: undefined };
  }
  if (outcome.kind === "claimed") target.claim = outcome.claim;
  // It came too late: the next one need not wait for its end.
  if (load.isOver || load.isDetached) release(load);
  // Asked for together with the leave: with a store that hangs the loader waits for one deadline and not for two.
  return { found: undefined, stamp: await stamp };
}

interface FleetAcquisition {
  readonly stamp: MaybePromise<number | undefined>;
  readonly target: LoadTarget;
  readonly release: (load: Load) => void;
  readonly onHeldUp: (() => void) | undefined;
  readonly turnstile: Turnstile;
}

async function acquireFromFleet(
  scope: ViewScope,
  resolved: ResolvedGetOrSet,
  load: Load,
  { stamp, target, release, onHeldUp, turnstile }: FleetAcquisition,
): Promise<LoadGrant> {
  const { core } = scope;
  const { backend, clock, scheduler, random } = core;
  const ask: FleetPorts["ask"] = async (operation, invoke) => {
    const asked: LoadAsk = { operation, kind: "read", signal: undefined, timeoutMs: resolved.load.softTimeoutMs };
    const answer = await turnstile.pass(async () =>
      askForLoad(core, asked, (store, context) => invoke(store.loadTier!, context)),
    );
    if (!answer.isAnswered) throw new BackendError("GCX_BACKEND_FAILED", backend.name, operation, "no answer");
    return answer.value;
  };
  try {
    // An older load of this process, whose place this one has taken, gives its leave back first.
    if (resolved.isForced) await undefined;
    const tokenMs = fleetLeaseMs(resolved.load);
    const watchKey = backend.loadTier?.watchKey?.bind(backend.loadTier);
    const { isForced: takesOver } = resolved;
    const options: FleetLeaseOptions = { tokenMs, takesOver, waits: resolved.load.isFleetWide, onHeldUp };
    const lease = await leaseFromFleet(load, options, { clock, scheduler, random, ask, watchKey });
    if (lease.kind === "found" && !resolved.isForced) {
      load.confirm(lease.askedAtMs);
      return { found: lease.entry, stamp: undefined };
    }
    // What is there may be of a load that began before this call, so it does not count as fresh: it is replaced.
    if (lease.kind === "found") target.replacedVersion = lease.entry.version;
    if (lease.kind === "granted") takeToken(load, target, lease);
    // Whoever has the token stores.
    if (lease.kind === "taken") target.isStored = false;
    // Detached while it asked: it will store nothing.
    if (load.isDetached) release(load);
    return { found: undefined, stamp: await stamp };
  } catch {
    // It was told of already. This process loads for itself, and keeps nothing.
    return leaveStore(load, target);
  }
}

/** Notes the leave, and what lives beside it: that has another version now. */
function takeToken(
  load: Load,
  target: LoadTarget,
  { token, replaced }: Extract<FleetLease, { kind: "granted" }>,
): void {
  target.token = token;
  target.replacedVersion = replaced?.version ?? 0;
  const { standIn } = load;
  if (standIn === undefined || standIn.version !== replaced?.previousVersion || load.isOver) return;
  load.renameStandIn(replaced.version);
}

async function releaseToken({ core }: ViewScope, load: Load, token: LoadToken): Promise<void> {
  const askedAtMs = core.clock.monotonicMs();
  const ask: LoadAsk = { operation: "release", kind: "write", signal: undefined, timeoutMs: Number.POSITIVE_INFINITY };
  const answer = await askForLoad(core, ask, (backend, context) =>
    backend.loadTier!.release(load.storedKey, token, context),
  );
  if (!answer.isAnswered) load.confirm(Number.POSITIVE_INFINITY);
  // A token stands also when a tag of the load was invalidated: that is looked at when a result is stored.
  else if (answer.value && load.tags.size === 0) load.confirm(askedAtMs);
}

/** Never fails: a result with tags is not stored without a stamp. */
function takeStamp({ core }: ViewScope): MaybePromise<number | undefined> {
  if (core.backend.stamp === undefined) return undefined;
  const ask: LoadAsk = { operation: "stamp", kind: "read", signal: undefined, timeoutMs: Number.POSITIVE_INFINITY };
  const answer = askForLoad(core, ask, (backend, context) => backend.stamp!(context));
  return answer instanceof Promise
    ? answer.then((taken) => (taken.isAnswered ? taken.value : undefined))
    : answer.isAnswered
      ? answer.value
      : undefined;
}

function isFailure(outcome: LoadOutcome): boolean {
  return outcome === "failed" || outcome === "timed-out";
}

/** A loader that threw may not have come to its tags: those of what is there are the best that is known. */
function knownTags({ tags, standIn }: Load): readonly string[] {
  return standIn === undefined ? [...tags] : [...tags, ...standIn.tags];
}

function recordLoad(scope: ViewScope, load: Load, outcome: LoadOutcome, error: unknown): void {
  const { core, counters, path } = scope;
  if (outcome !== "found") counters.loads += 1;
  if (isFailure(outcome)) counters.loadFailures += 1;
  if (!core.events.wants("load")) return;
  const key = fromStoredKey(load.storedKey);
  const durationMs = core.clock.monotonicMs() - load.startedAtMs;
  const origin = isToldByLoader(outcome) ? core.tracing.findOrigin?.() : undefined;
  const event = { key, namespace: path, outcome, durationMs, ...(origin && { origin }) };
  if (error === undefined && outcome !== "failed") {
    core.events.emit("load", event);
    return;
  }
  const typed =
    error instanceof LoaderError
      ? error
      : new LoaderError("GCX_LOADER_FAILED", "A loader threw; its own error is the cause.", { cause: error });
  core.events.emit("load", { ...event, error: typed });
}

/** Such ends are told in the context of who asked for the load; the others in that of a timer, or of who left. */
function isToldByLoader(outcome: LoadOutcome): boolean {
  return outcome !== "timed-out" && outcome !== "abandoned";
}
