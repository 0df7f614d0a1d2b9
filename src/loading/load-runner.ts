import type { MaybePromise } from "../backend/backend.ts";
import type { LoadOutcome } from "../events/cache-events.ts";
import type { Clock } from "../foundation/clock.ts";
import { LoaderError } from "../foundation/errors.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import { Load } from "./load.ts";
import { createLoadControls, type LoadControls, type LoadPlan } from "./load-plan.ts";
import type { LoadTable } from "./load-table.ts";
import type { BatchLoader, Loader, LoaderContext } from "./loader.ts";

/** A result that is to be stored. */
export interface LoadedValue {
  readonly load: Load;
  readonly value: unknown;
  readonly plan: LoadPlan;
  /** The store's stamp taken before the loader ran; see `EntryWrite.tagsUnchangedSince`. */
  readonly stamp: number | undefined;
}

/** What running a load needs from the cache around it. */
export interface LoadPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly table: LoadTable;
  /** The store's stamp, or `undefined` when the store keeps no tags. Never fails. */
  readonly takeStamp: () => MaybePromise<number | undefined>;
  /**
   * Stores results whose loads are not detached, in the same synchronous step as it is called in. Store failures are
   * absorbed into the outcome; it throws only for values that cannot be stored at all.
   */
  readonly store: (results: readonly LoadedValue[]) => MaybePromise<readonly LoadOutcome[]>;
  /** Told once per load when it is over. */
  readonly onEnd: (load: Load, outcome: LoadOutcome, error: unknown) => void;
}

/** A load to be started. */
export interface LoadRequest<T> {
  readonly storedKey: string;
  /** The key as the caller gave it. */
  readonly key: string;
  readonly tags: readonly string[];
  readonly hardTimeoutMs: number;
  /** The live entry that is being replaced. */
  readonly stale?: LoaderContext<T>["stale"];
}

/** Starts a load and returns at once; it settles its {@link Load} when it is over. */
export function startLoad<T>(request: LoadRequest<T>, loader: Loader<T>, ports: LoadPorts): Load {
  const controller = new AbortController();
  const load = createLoad(request, ports, (reason) => controller.abort(reason));
  const controls = createLoadControls((tags) => load.addTags(tags));
  const context: LoaderContext<T> = {
    key: request.key,
    signal: controller.signal,
    stale: request.stale,
    setTtl: controls.setTtl,
    addTags: controls.addTags,
    skipStore: controls.skipStore,
  };
  void runLoad(load, () => loader(context), controls, ports);
  return load;
}

/**
 * Starts one load per request, all fed by one call of a batch loader. The call's signal is aborted when every one of
 * them was given up.
 */
export function startBatchLoad<T>(
  requests: readonly LoadRequest<T>[],
  loader: BatchLoader<T>,
  ports: LoadPorts,
): Load[] {
  const controller = new AbortController();
  let wantedCount = requests.length;
  const onGivenUp = (reason: unknown): void => {
    wantedCount -= 1;
    if (wantedCount === 0) controller.abort(reason);
  };
  const loads = requests.map((request) => createLoad(request, ports, onGivenUp));
  const keys = requests.map((request) => request.key);
  void runBatch(loads, keys, () => loader(keys, { signal: controller.signal }), ports);
  return loads;
}

function createLoad<T>(request: LoadRequest<T>, ports: LoadPorts, abort: (reason: unknown) => void): Load {
  const load = new Load({
    storedKey: request.storedKey,
    tags: request.tags,
    hardTimeoutMs: request.hardTimeoutMs,
    startedAtMs: ports.clock.monotonicMs(),
    scheduler: ports.scheduler,
    onGivenUp: (givenUp, reason) => {
      ports.table.remove(givenUp);
      abort(reason);
      const isTimeout = reason instanceof LoaderError;
      ports.onEnd(givenUp, isTimeout ? "timed-out" : "abandoned", isTimeout ? reason : undefined);
    },
  });
  ports.table.add(load);
  load.start(request.hardTimeoutMs);
  return load;
}

async function runLoad(load: Load, call: () => unknown, controls: LoadControls, ports: LoadPorts): Promise<void> {
  try {
    // The stamp comes before the loader: a tag invalidated while the source was read must be seen as newer.
    const stamp = await ports.takeStamp();
    const value = await call();
    if (load.isOver) return;
    const stored = storeResults([{ load, value, plan: controls.plan, stamp }], ports);
    const outcomes = stored instanceof Promise ? await stored : stored;
    finish(load, value, outcomes[0] as LoadOutcome, ports);
  } catch (error) {
    fail(load, error, ports);
  }
}

async function runBatch(
  loads: readonly Load[],
  keys: readonly string[],
  call: () => unknown,
  ports: LoadPorts,
): Promise<void> {
  try {
    const stamp = await ports.takeStamp();
    const values = await call();
    assertValueMap(values);
    const results: LoadedValue[] = [];
    for (const [index, load] of loads.entries()) {
      const value = values.get(keys[index] as string);
      if (!load.isOver) results.push({ load, value, plan: { ttlMs: undefined, isStored: true }, stamp });
    }
    const stored = storeResults(results, ports);
    const outcomes = stored instanceof Promise ? await stored : stored;
    for (const [index, { load, value }] of results.entries())
      finish(load, value, outcomes[index] as LoadOutcome, ports);
  } catch (error) {
    for (const load of loads) fail(load, error, ports);
  }
}

/** Sorts out what is not to be stored and hands the rest to the store. Synchronous up to the store's own answer. */
function storeResults(results: readonly LoadedValue[], ports: LoadPorts): MaybePromise<LoadOutcome[]> {
  const outcomes: LoadOutcome[] = [];
  const storable: LoadedValue[] = [];
  const positions: number[] = [];
  for (const result of results) {
    const isKept = result.value !== undefined && result.plan.isStored && !result.load.isDetached;
    outcomes.push(result.load.isDetached ? "detached" : "returned");
    if (isKept) {
      positions.push(outcomes.length - 1);
      storable.push(result);
    }
  }
  if (storable.length === 0) return outcomes;
  const place = (stored: readonly LoadOutcome[]): LoadOutcome[] => {
    for (const [index, outcome] of stored.entries()) outcomes[positions[index] as number] = outcome;
    return outcomes;
  };
  const stored = ports.store(storable);
  return stored instanceof Promise ? stored.then(place) : place(stored);
}

function finish(load: Load, value: unknown, outcome: LoadOutcome, ports: LoadPorts): void {
  if (load.isOver) return;
  ports.table.remove(load);
  load.resolve(value);
  ports.onEnd(load, outcome, undefined);
}

function fail(load: Load, error: unknown, ports: LoadPorts): void {
  if (load.isOver) return;
  ports.table.remove(load);
  load.reject(error);
  ports.onEnd(load, "failed", error);
}

function assertValueMap(values: unknown): asserts values is ReadonlyMap<string, unknown> {
  if (typeof (values as ReadonlyMap<string, unknown> | null | undefined)?.get === "function") return;
  throw new LoaderError("GCX_LOADER_INVALID", "A batch loader must return a Map of keys to values.");
}
