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

/** What became of a result: an outcome (store failures are absorbed into it), or an error that is the loader's mistake. */
export type StoreVerdict = { readonly outcome: LoadOutcome } | { readonly error: unknown };

/** What running a load needs from the cache around it. */
export interface LoadPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly table: LoadTable;
  /** The store's stamp, or `undefined` when the store keeps no tags. Never fails. */
  readonly takeStamp: () => MaybePromise<number | undefined>;
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
      givenUp.detach();
      ports.table.remove(givenUp);
      abort(reason);
      const isTimeout = reason instanceof LoaderError;
      ports.onEnd(givenUp, isTimeout ? "timed-out" : "abandoned", isTimeout ? reason : undefined);
    },
  });
  ports.onStart(load);
  ports.table.add(load);
  load.start(request.hardTimeoutMs);
  return load;
}

async function runLoad(load: Load, call: () => unknown, controls: LoadControls, ports: LoadPorts): Promise<void> {
  try {
    // The stamp comes before the loader: a tag invalidated while the source was read must be seen as newer.
    const stamp = await ports.takeStamp();
    if (load.isOver) return;
    const value = await call();
    await storeAndSettle([{ load, value, plan: controls.plan, stamp }], ports);
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
    if (loads.every((load) => load.isOver)) return;
    const values = await call();
    assertValueMap(values);
    const plan: LoadPlan = { ttlMs: undefined, isStored: true };
    const results = loads.map((load, index) => ({ load, value: values.get(keys[index] as string), plan, stamp }));
    await storeAndSettle(results, ports);
  } catch (error) {
    for (const load of loads) fail(load, error, ports);
  }
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
  for (const { load } of storable) load.seal();
  const stored = ports.store(storable);
  const verdicts = stored instanceof Promise ? await stored : stored;
  for (const [index, result] of storable.entries()) settle(result, verdicts[index] as StoreVerdict, ports);
}

function skippedVerdict(result: LoadedValue, ports: LoadPorts): StoreVerdict {
  if (result.load.isDetached) return { outcome: "detached" };
  if (result.value === undefined) ports.forget(result.load);
  return { outcome: "returned" };
}

function settle({ load, value }: LoadedValue, verdict: StoreVerdict, ports: LoadPorts): void {
  if ("error" in verdict) {
    fail(load, verdict.error, ports);
    return;
  }
  if (load.isOver) return;
  ports.table.remove(load);
  load.resolve(value);
  ports.onEnd(load, verdict.outcome, undefined);
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
