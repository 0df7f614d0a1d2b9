import { assertKey } from "../entry/cache-key.ts";
import { waitWithin } from "../foundation/deadline.ts";
import { LoaderError } from "../foundation/errors.ts";
import { refreshesEarly } from "../loading/early-refresh.ts";
import type { Load, StandIn } from "../loading/load.ts";
import { type LoadRequest, startLoad } from "../loading/load-runner.ts";
import type { Loader } from "../loading/loader.ts";
import { waitInside } from "../loading/loader-chain.ts";
import { type WaitPolicy, waitForLoad } from "../loading/wait-for-load.ts";
import { assertOptions } from "./assert-options.ts";
import { answerKey, findJoinable } from "./load-answer.ts";
import { staleMsOf } from "./load-policy.ts";
import { createLoadPorts } from "./load-ports.ts";
import { findForLoad, type LoadFinding } from "./load-reads.ts";
import type { GetOrSetOptions } from "./options.ts";
import { peekLive } from "./reads.ts";
import { recordRead, recordStale } from "./record-read.ts";
import { type ResolvedGetOrSet, resolveGetOrSet } from "./resolve-options.ts";
import type { ViewDefaults } from "./view-defaults.ts";
import { storedKeyOf, type ViewScope } from "./view-scope.ts";
import { assertSlidingSupported, assertStaleSupported, assertTagsSupported } from "./writes.ts";

/** `Cache.getOrSet`. A value that a local store has is returned in the same step: no async function, whose frame would cost more than the lookup. */
export function getOrLoad<T>(
  scope: ViewScope,
  key: string,
  loader: Loader<T>,
  options: GetOrSetOptions | undefined,
): Promise<T> {
  try {
    assertKey(key);
    assertLoader(loader);
    assertOptions("getOrSet", options);
    if (isPlainCall(scope, options)) {
      const value = peekLive(scope, key);
      if (value !== undefined) return Promise.resolve(value as T);
      const joined = joinPlainly(scope, key, loader, options);
      if (joined !== undefined) return joined;
    }
    const resolved = resolveForLoads(scope, options);
    return loadValue(scope, key, loader, resolved, scope.core.clock.monotonicMs());
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** Options of a call that loads, checked against the store. */
export function resolveForLoads({ core, defaults }: ViewScope, options: GetOrSetOptions | undefined): ResolvedGetOrSet {
  const resolved = resolveGetOrSet(options, defaults);
  assertTagsSupported(core, resolved.tags);
  assertSlidingSupported(core, resolved.sliding);
  assertStaleSupported(core, resolved);
  core.lifecycle.assertOpen();
  resolved.signal?.throwIfAborted();
  return resolved;
}

/** @throws LoaderError `GCX_LOADER_INVALID` */
export function assertLoader(loader: unknown): void {
  if (typeof loader === "function") return;
  throw new LoaderError(
    "GCX_LOADER_INVALID",
    `A loader must be a function; got ${loader === null ? "null" : typeof loader}.`,
  );
}

/** Whether a live value is all that the call wants to know. */
export function isPlainCall({ defaults }: ViewScope, options: GetOrSetOptions | undefined): boolean {
  if (options === undefined) return !refreshesEarly(defaults.load);
  return (
    options.forceFresh === undefined &&
    options.signal === undefined &&
    options.refreshAhead === undefined &&
    options.earlyRefresh === undefined &&
    !refreshesEarly(defaults.load)
  );
}

/**
 * The short way into a load that runs, for a call of {@link isPlainCall} on which nothing but the load's value depends: thousands may come together, and each costs a look and a
 * promise. `undefined`: the long way decides.
 */
function joinPlainly<T>(
  scope: ViewScope,
  key: string,
  loader: Loader<T>,
  options: GetOrSetOptions | undefined,
): Promise<T> | undefined {
  const { core, defaults } = scope;
  if (!takesLoadAsItIs(defaults, options)) return undefined;
  const storedKey = storedKeyOf(scope, key);
  const load = core.loads.find(storedKey);
  // One that replaces a live entry is not waited for: the long way looks at the entry.
  if (load === undefined || load.standIn !== undefined) return undefined;
  core.lifecycle.assertOpen();
  const nowMs = core.clock.monotonicMs();
  if (core.loadMemory.findFailure(storedKey, nowMs) !== undefined) return undefined;
  recordRead(scope, key, false);
  const { hardTimeoutMs } = defaults.load;
  const waiting = waitInside(load, () => load.wait({ signal: undefined, hardTimeoutMs }, nowMs));
  const untilMs = nowMs + hardTimeoutMs;
  const joined: JoinedLoad<T> = {
    ...{ scope, load, beganAtMs: nowMs, untilMs, signal: undefined },
    // Resolved only here: a cache that closes meanwhile has the load's own answer all the same.
    loadAgain: () =>
      loadAgain({
        ...{ scope, key, storedKey, loader, resolved: resolveForLoads(scope, options), beganAtMs: nowMs, untilMs },
      }),
  };
  return waiting.then(
    (value) => (load.isCurrentAt(nowMs) ? isolate(scope, value as T) : takeResult(joined, value as T)),
    (error: unknown) => takeOver(joined, error),
  );
}

/** Whether a call has nothing to say to a load that somebody else began. */
function takesLoadAsItIs({ load, tags }: ViewDefaults, options: GetOrSetOptions | undefined): boolean {
  if (load.graceMs > 0 || load.revalidateMs > 0 || tags.length > 0) return false;
  return (
    options === undefined ||
    (options.tags === undefined &&
      options.grace === undefined &&
      options.staleWhileRevalidate === undefined &&
      options.softTimeout === undefined &&
      options.hardTimeout === undefined)
  );
}

async function loadValue<T>(
  scope: ViewScope,
  key: string,
  loader: Loader<T>,
  resolved: ResolvedGetOrSet,
  beganAtMs: number,
): Promise<T> {
  const { core } = scope;
  const storedKey = storedKeyOf(scope, key);
  const untilMs = core.clock.monotonicMs() + resolved.load.hardTimeoutMs;
  const call: LoadCall<T> = { scope, key, storedKey, loader, resolved, beganAtMs, untilMs };
  const running = findJoinable(scope, storedKey, resolved);
  if (running !== undefined && !core.backend.capabilities.local && !mayStandIn(running, resolved)) {
    recordRead(scope, key, false);
    return join(call, running, undefined);
  }
  const reading = findForLoad(scope, [storedKey], resolved, untilMs);
  // A local read answers at once, so that nothing can happen between a miss and the start of its load.
  const [finding] = (reading instanceof Promise ? await reading : reading) as [LoadFinding];
  // The cache may have been closed while the store was asked.
  core.lifecycle.assertOpen();
  return answer(call, finding);
}

/**
 * Whether a call could be answered with something else than the load's result: then it looks at the store before it joins, for what the load found when it began may have
 * ended since.
 */
function mayStandIn({ standIn }: Load, { load }: ResolvedGetOrSet): boolean {
  return standIn !== undefined || staleMsOf(load) > 0;
}

/** One call of `getOrSet`. */
interface LoadCall<T> {
  readonly scope: ViewScope;
  readonly key: string;
  readonly storedKey: string;
  readonly loader: Loader<T>;
  readonly resolved: ResolvedGetOrSet;
  /** Monotonic instant of the call. */
  readonly beganAtMs: number;
  /** Monotonic instant at which the caller's time is over. */
  readonly untilMs: number;
}

function answer<T>(call: LoadCall<T>, finding: LoadFinding): Promise<T> | T {
  const found = answerKey(call.scope, { ...call, finding }, call.resolved);
  switch (found.kind) {
    case "value":
      if (found.isRefreshed) refresh(call, finding);
      return found.value as T;
    case "failure":
      throw found.error;
    case "join":
      return join(call, found.load, toStandIn(finding, call.resolved, call.beganAtMs));
    case "load":
      return waitFor(call, start(call, finding, false), undefined).then(({ value }) => value as T);
  }
}

/** Starts a load; what is kept of the entry stands in for it. */
function start<T>(
  { scope, key, storedKey, loader, resolved, beganAtMs, untilMs }: LoadCall<T>,
  finding: LoadFinding,
  isRefresh: boolean,
): Load {
  const request: LoadRequest = {
    ...{ storedKey, key },
    ...{ tags: resolved.tags, negativeTtlMs: resolved.load.negativeTtlMs },
    hardTimeoutMs: Math.max(1, untilMs - scope.core.clock.monotonicMs()),
    standIn: toStandIn(finding, resolved, beganAtMs),
  };
  return startLoad(request, loader, createLoadPorts(scope, resolved, [finding], isRefresh));
}

/** Loads in the background, where there is room. */
function refresh<T>(call: LoadCall<T>, finding: LoadFinding): void {
  const { background } = call.scope.core;
  if (!background.tryEnter()) return;
  call.scope.core.tracing.current?.note("refresh");
  const load = start(call, finding, true);
  load.keep();
  const leave = (): void => background.leave();
  load.settled.then(leave, leave);
}

/**
 * Waits for somebody else's load. When that passes its own hard timeout and this caller has patience left, the caller
 * takes over: it reads again and loads with its own loader for the rest of its time. So it does when the store refused the result, for it may be from before a change
 * that was over when this caller came. That happens once: what runs then began after the call.
 */
async function join<T>(call: LoadCall<T>, load: Load, found: StandIn | undefined): Promise<T> {
  const { scope, beganAtMs, untilMs, resolved } = call;
  const { signal } = resolved;
  const joined: JoinedLoad<T> = { scope, load, beganAtMs, untilMs, signal, loadAgain: () => loadAgain(call) };
  try {
    const { value, isStandIn } = await waitFor(call, load, found);
    if (isStandIn || load.isCurrentAt(beganAtMs)) return isolate(scope, value as T);
    return takeResult(joined, value as T);
  } catch (error) {
    return takeOver(joined, error);
  }
}

/** A caller who has waited for somebody else's load. */
export interface LoadJoiner {
  readonly scope: ViewScope;
  readonly load: Load;
  /** Monotonic instant of the call. */
  readonly beganAtMs: number;
  /** Monotonic instant at which the caller's time is over. */
  readonly untilMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A caller's part in somebody else's load. */
interface JoinedLoad<T> extends LoadJoiner {
  readonly loadAgain: () => Promise<T>;
}

/** What a caller does with a result of which it is not known yet whether it is younger than the call. */
async function takeResult<T>(joined: JoinedLoad<T>, value: T): Promise<T> {
  return (await mayTake(joined)) ? isolate(joined.scope, value) : joined.loadAgain();
}

/**
 * Whether a caller may take what a load brought: it is known to be younger than the call, or the caller's time is over before the store has said so.
 *
 * @throws the reason of the caller's signal
 */
export async function mayTake({ scope, load, beganAtMs, untilMs, signal }: LoadJoiner): Promise<boolean> {
  const { clock, scheduler } = scope.core;
  const leftMs = untilMs - clock.monotonicMs();
  if (load.isCurrentAt(beganAtMs) || leftMs <= 0) return true;
  let isLate = false;
  const onTimeout = (): void => {
    isLate = true;
  };
  try {
    const isCurrent = await waitWithin(load.wasCurrentAt(beganAtMs), {
      ...{ signal, timeoutMs: leftMs, onTimeout, scheduler },
    });
    return isCurrent || clock.monotonicMs() >= untilMs;
  } catch (error) {
    if (isLate) return true;
    throw error;
  }
}

/** What a caller does whose wait for somebody else's load failed. @throws that error, unless it is the other's timeout and this caller has patience left */
function takeOver<T>({ scope, load, untilMs, loadAgain }: JoinedLoad<T>, error: unknown): Promise<T> {
  if (!mayTakeOver(scope, load, error, untilMs)) throw error;
  return loadAgain();
}

/** Whether a load failed by the hard timeout of whoever began it, and one who joined it has patience left. Then the failure is the other's alone. */
export function mayTakeOver({ core }: ViewScope, load: Load, error: unknown, untilMs: number): boolean {
  if (!load.isOwnTimeout(error) || core.clock.monotonicMs() >= untilMs) return false;
  core.loadMemory.forgetFailure(load.storedKey);
  return true;
}

function loadAgain<T>(call: LoadCall<T>): Promise<T> {
  const { scope, key, loader, resolved, beganAtMs, untilMs } = call;
  const hardTimeoutMs = untilMs - scope.core.clock.monotonicMs();
  return loadValue(scope, key, loader, { ...resolved, load: { ...resolved.load, hardTimeoutMs } }, beganAtMs);
}

function waitFor<T>(call: LoadCall<T>, load: Load, found: StandIn | undefined): Promise<WaitResult> {
  return waitForCaller(call, load, found);
}

/** What a caller has waited for. */
export interface WaitResult {
  readonly value: unknown;
  /** Whether it stands in for the load's result. */
  readonly isStandIn: boolean;
}

/** One who waits for the load of a key. */
export type WaitingCaller = Pick<LoadCall<unknown>, "scope" | "key" | "resolved" | "beganAtMs" | "untilMs">;

/**
 * Waits for a load as a call wants to.
 *
 * @param found what the call has found itself that can stand in
 */
export function waitForCaller(
  { scope, key, resolved, beganAtMs, untilMs }: WaitingCaller,
  load: Load,
  found: StandIn | undefined,
): Promise<WaitResult> {
  const { clock, scheduler } = scope.core;
  const nowMs = clock.monotonicMs();
  const spentMs = resolved.load.hardTimeoutMs - (untilMs - nowMs);
  const policy: WaitPolicy = {
    ...resolved.load,
    signal: resolved.signal,
    isForced: resolved.isForced,
    ...{ beganAtMs, found },
    hardTimeoutMs: Math.max(1, untilMs - nowMs),
    softTimeoutMs: Math.max(0, resolved.load.softTimeoutMs - (Number.isNaN(spentMs) ? 0 : spentMs)),
  };
  let isStandIn = false;
  const waiting = waitForLoad(load, policy, {
    ...{ clock, scheduler },
    onStandIn: (event, { expiresAt }) => {
      isStandIn = true;
      const reason = event === "offered" ? "revalidating" : event === "failed" ? "failed" : "slow";
      recordStale(scope, key, reason, expiresAt);
    },
  });
  return waiting.then((value) => ({ value, isStandIn }));
}

/** Callers who share a load must not share an object where the store promises copies. */
export function isolate<T>({ core }: ViewScope, value: T): T {
  const { backend } = core;
  return backend.isolate === undefined || value === undefined ? value : (backend.isolate(value) as T);
}

/**
 * What a loader is shown, and what may stand in for its result.
 *
 * @param askedAtMs monotonic instant before the store was asked
 */
export function toStandIn(
  { entry, isLive }: LoadFinding,
  { load }: ResolvedGetOrSet,
  askedAtMs: number,
): StandIn | undefined {
  if (entry === undefined || (!isLive && staleMsOf(load) === 0)) return undefined;
  const { value, version, expiresAt, tags } = entry;
  return { value, version, expiresAt, tags, askedAtMs };
}
