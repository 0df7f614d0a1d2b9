import type { MaybePromise } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { LoadOutcome } from "../events/cache-events.ts";
import type { Clock } from "../foundation/clock.ts";
import { LoaderError } from "../foundation/errors.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import { Load, type StandIn } from "./load.ts";
import { createLoadControls, createLoadPlan, type LoadPlan } from "./load-plan.ts";
import type { LoadTable } from "./load-table.ts";
import type { BatchLoader, Loader, LoaderContext } from "./loader.ts";
import { callInside } from "./loader-chain.ts";

/** The leave to load a key, or what somebody else has loaded meanwhile. */
export interface LoadGrant {
  /** The entry that was found after all; then nothing is loaded. */
  readonly found: StoredEntry | undefined;
  /** The store's stamp of a moment before the loader; see `EntryWrite.tagsUnchangedSince`. `undefined`: the store keeps no tags, or did not answer. */
  readonly stamp: number | undefined;
}

/** A result that is to be stored. */
export interface LoadedValue {
  readonly load: Load;
  readonly value: unknown;
  readonly plan: LoadPlan;
  readonly stamp: number | undefined;
}

/** What became of a result: an outcome (store failures are absorbed into it), or an error that is the loader's mistake. */
export type StoreVerdict = { readonly outcome: LoadOutcome } | { readonly error: unknown };

/** What running a load needs from the cache around it. */
export interface LoadPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly table: LoadTable;
  /** Asks for the leave to load, waiting for others who load the same key elsewhere: then `onHeldUp` is told, not in the same step. Never fails. */
  readonly acquire: (load: Load, onHeldUp?: () => void) => MaybePromise<LoadGrant>;
  /** Gives back what {@link LoadPorts.acquire} took, and takes: the load stores nothing. May be told again. */
  readonly release: (load: Load) => void;
  /** Stores results whose loads are not detached, in the same synchronous step as it is called in. Never throws. */
  readonly store: (results: readonly LoadedValue[]) => MaybePromise<readonly StoreVerdict[]>;
  /** Told that a load found no value. */
  readonly forget: (load: Load) => void;
  /** Told once per load when it is registered, in the order of the requests. */
  readonly onStart: (load: Load) => void;
  /** Told once per load when it is over. */
  readonly onEnd: (load: Load, outcome: LoadOutcome, error: unknown) => void;
}

/** A load to be started. */
export interface LoadRequest {
  readonly storedKey: string;
  /** The key as the caller gave it. */
  readonly key: string;
  readonly tags: readonly string[];
  readonly hardTimeoutMs: number;
  /** TTL of "there is none" (`undefined` or `null`), in ms; `undefined`: not kept apart. */
  readonly negativeTtlMs: number | undefined;
  /** The entry that is being replaced. */
  readonly standIn: StandIn | undefined;
}

/** Loads that were given up while the store kept what they brought; until it answers they are told of changes. */
const lateWatches = new WeakMap<Load, () => void>();

/** Starts a load and returns at once; it settles its {@link Load} when it is over. */
export function startLoad<T>(request: LoadRequest, loader: Loader<T>, ports: LoadPorts): Load {
  const controller = new AbortController();
  const load = createLoad(request, ports, (reason) => controller.abort(reason));
  const staleNow = (): LoaderContext<T>["stale"] => toStale<T>(load.standIn);
  const controls = createLoadControls<T>(
    (tags) => load.addTags(tags),
    staleNow,
    () => load.standIn?.tags ?? [],
  );
  const { plan, setTtl, addTags, skipStore, notModified } = controls;
  const call = (): unknown => {
    const { key } = request;
    return loader({
      key,
      signal: controller.signal,
      stale: staleNow(),
      ...{ setTtl, addTags, skipStore, notModified },
    });
  };
  void runLoad(load, call, { plan, request, ports });
  return load;
}

/**
 * Starts one load per request, all fed by one call of a batch loader, but for those that somebody else loads meanwhile. The call's signal is aborted when every one of
 * them was given up.
 */
export function startBatchLoad<T>(requests: readonly LoadRequest[], loader: BatchLoader<T>, ports: LoadPorts): Load[] {
  const controller = new AbortController();
  let wantedCount = requests.length;
  const onGivenUp = (reason: unknown): void => {
    wantedCount -= 1;
    if (wantedCount === 0) controller.abort(reason);
  };
  const loads = requests.map((request) => createLoad(request, ports, onGivenUp));
  const call = (keys: readonly string[]): unknown => loader(keys, { signal: controller.signal });
  void runBatch({ loads, requests, call, ports });
  return loads;
}

function createLoad(request: LoadRequest, ports: LoadPorts, abort: (reason: unknown) => void): Load {
  const load = new Load({
    storedKey: request.storedKey,
    tags: request.tags,
    hardTimeoutMs: request.hardTimeoutMs,
    startedAtMs: ports.clock.monotonicMs(),
    scheduler: ports.scheduler,
    onGivenUp: (givenUp, reason) => {
      ports.table.remove(givenUp);
      if (givenUp.isLoaded) {
        // Only the store is late. What is on its way to it must still lose against what comes now.
        lateWatches.set(givenUp, ports.table.watchUnsettled(givenUp));
        ports.onEnd(givenUp, "unstored", undefined);
        return;
      }
      const isTimeout = reason instanceof LoaderError;
      // Before it is detached: a load that nothing has overtaken fails for errorTtl, also when it hangs.
      ports.onEnd(givenUp, isTimeout ? "timed-out" : "abandoned", isTimeout ? reason : undefined);
      givenUp.detach();
      abort(reason);
    },
    // Not when its loader is done: who comes after the change must not be held up by a load whose result counts for nothing. But behind the change, which is sent in this
    // step, and must not wait for it at a store that does one after the other.
    onDetached: (detached) => queueMicrotask(() => ports.release(detached)),
  });
  if (request.standIn !== undefined) load.offer(request.standIn);
  ports.onStart(load);
  ports.table.add(load);
  load.start(request.hardTimeoutMs);
  return load;
}

function toStale<T>(standIn: StandIn | undefined): LoaderContext<T>["stale"] {
  return standIn && { value: standIn.value as T, version: standIn.version };
}

interface LoadRun {
  readonly plan: LoadPlan;
  readonly request: LoadRequest;
  readonly ports: LoadPorts;
}

async function runLoad(load: Load, call: () => unknown, { plan, request, ports }: LoadRun): Promise<void> {
  try {
    // The leave comes before the loader: what is changed while the source is read must be seen as newer.
    const { found, stamp } = await ports.acquire(load);
    if (load.isOver) return;
    if (found !== undefined) settleFound(load, found, ports);
    else
      await storeAndSettle([withNegative({ load, value: await callInside(load, call), plan, stamp }, request)], ports);
  } catch (error) {
    fail(load, error, ports);
  }
}

interface BatchRun {
  readonly loads: readonly Load[];
  readonly requests: readonly LoadRequest[];
  readonly call: (keys: readonly string[]) => unknown;
  readonly ports: LoadPorts;
}

async function runBatch(run: BatchRun): Promise<void> {
  const { loads, ports } = run;
  const grants = new Map<number, LoadGrant>();
  const late = new Map<number, Promise<void>>();
  await Promise.all(
    loads.map(
      (load, index) =>
        new Promise<void>((resolve) => {
          const acquired = ports.acquire(load, () => {
            // Somebody else loads this one: whoever waits for it must not hold up the rest.
            late.set(index, arrival);
            resolve();
          });
          const arrival = Promise.resolve(acquired).then((grant) => {
            grants.set(index, grant);
            resolve();
          });
        }),
    ),
  );
  const ready = [...loads.keys()].filter((index) => !late.has(index));
  const rest = [...late].map(([index, arrival]) => arrival.then(() => runGranted([index], grants, run)));
  await Promise.all([runGranted(ready, grants, run), ...rest]);
}

async function runGranted(
  indexes: readonly number[],
  grants: ReadonlyMap<number, LoadGrant>,
  { loads, requests, call, ports }: BatchRun,
): Promise<void> {
  const wanted: number[] = [];
  for (const index of indexes) {
    const load = loads[index] as Load;
    const found = grants.get(index)?.found;
    if (load.isOver) continue;
    if (found !== undefined) settleFound(load, found, ports);
    else wanted.push(index);
  }
  if (wanted.length === 0) return;
  const keys = wanted.map((index) => (requests[index] as LoadRequest).key);
  try {
    const [first] = wanted;
    const values = await callInside(loads[first as number] as Load, () => call(keys));
    assertValueMap(values);
    const results = wanted.map((index, place) => {
      const load = loads[index] as Load;
      const { stamp } = grants.get(index) as LoadGrant;
      const value = values.get(keys[place] as string);
      return withNegative({ load, value, plan: createLoadPlan(), stamp }, requests[index] as LoadRequest);
    });
    await storeAndSettle(results, ports);
  } catch (error) {
    for (const index of wanted) fail(loads[index] as Load, error, ports);
  }
}

/** "There is none" as it is kept: `null`, for as long as the call says, unless the loader said how long. */
function withNegative(result: LoadedValue, { negativeTtlMs }: LoadRequest): LoadedValue {
  const { value, plan } = result;
  if (negativeTtlMs === undefined || (value !== undefined && value !== null)) return result;
  plan.ttlMs ??= negativeTtlMs;
  return { ...result, value: null };
}

/**
 * Stores what is to be stored and settles every load. Synchronous up to the store's own answer: nothing can come between
 * the look at `isDetached` and the write.
 */
async function storeAndSettle(results: readonly LoadedValue[], ports: LoadPorts): Promise<void> {
  const current = results.filter(({ load }) => !load.isOver);
  const storable = current.filter(({ load, value, plan }) => value !== undefined && plan.isStored && !load.isDetached);
  for (const result of current) if (!storable.includes(result)) settle(result, skippedVerdict(result, ports), ports);
  if (storable.length === 0) return;
  for (const { load, value } of storable) load.seal(value);
  const stored = ports.store(storable);
  const verdicts = stored instanceof Promise ? await stored : stored;
  for (const [index, result] of storable.entries()) settle(result, verdicts[index] as StoreVerdict, ports);
}

function skippedVerdict(result: LoadedValue, ports: LoadPorts): StoreVerdict {
  ports.release(result.load);
  if (result.load.isDetached) return { outcome: "detached" };
  if (result.value === undefined) ports.forget(result.load);
  return { outcome: "returned" };
}

function settle({ load, value }: LoadedValue, verdict: StoreVerdict, ports: LoadPorts): void {
  lateWatches.get(load)?.();
  if ("error" in verdict) {
    fail(load, verdict.error, ports);
    return;
  }
  if (load.isOver) return;
  ports.table.remove(load);
  load.resolve(value);
  ports.onEnd(load, verdict.outcome, undefined);
}

function settleFound(load: Load, found: StoredEntry, ports: LoadPorts): void {
  ports.table.remove(load);
  load.resolve(found.value);
  ports.onEnd(load, "found", undefined);
}

function fail(load: Load, error: unknown, ports: LoadPorts): void {
  if (load.isOver) return;
  ports.table.remove(load);
  ports.release(load);
  load.reject(error);
  ports.onEnd(load, "failed", error);
}

function assertValueMap(values: unknown): asserts values is ReadonlyMap<string, unknown> {
  if (typeof (values as ReadonlyMap<string, unknown> | null | undefined)?.get === "function") return;
  throw new LoaderError("GCX_LOADER_INVALID", "A batch loader must return a Map of keys to values.");
}
