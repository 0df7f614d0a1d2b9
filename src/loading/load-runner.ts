import type { MaybePromise } from "../backend/backend.ts";
import type { StoredEntry } from "../backend/stored-entry.ts";
import type { LoadOutcome } from "../events/cache-events.ts";
import type { TracerSlot } from "../events/call-tracer.ts";
import type { Clock } from "../foundation/clock.ts";
import { LoaderError } from "../foundation/errors.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import { callTraced } from "./call-traced.ts";
import { LazyAbort } from "./lazy-abort.ts";
import { Load, type StandIn } from "./load.ts";
import { createLoadControls, type LoadPlan } from "./load-plan.ts";
import type { LoadTable } from "./load-table.ts";
import type { Loader, LoaderContext } from "./loader.ts";
import { LoaderCall } from "./loader-call.ts";
import { callLoader } from "./loader-chain.ts";

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
  readonly tracing: TracerSlot;
  /** Asks for the leave to load, waiting for others who load the same key elsewhere: then `onHeldUp` is told, not in the same step. Never fails. */
  readonly acquire: (load: Load, onHeldUp?: () => void) => MaybePromise<LoadGrant>;
  /** Gives back what {@link LoadPorts.acquire} took, and takes: the load stores nothing. May be told again. */
  readonly release: (load: Load) => void;
  /** Stores a result whose load is not detached: the look at the load and the write are one synchronous step, which is over when this returns. Never throws. */
  readonly store: (result: LoadedValue) => MaybePromise<StoreVerdict>;
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

/** Results of one call that are on their way to the store at a time: a deadline counts from the write, and of thousands the last would pass it in the client's queue. */
const MAX_WRITE_COUNT = 512;

/** Loads that were given up while the store kept what they brought; until it answers they are told of changes. */
const lateWatches = new WeakMap<Load, () => void>();

/** Starts a load and returns at once; it settles its {@link Load} when it is over. */
export function startLoad<T>(request: LoadRequest, loader: Loader<T>, ports: LoadPorts): Load {
  const abort = new LazyAbort();
  const load = createLoad(request, ports, (reason) => abort.abort(reason));
  const staleNow = (): LoaderContext<T>["stale"] => toStale<T>(load.standIn);
  const controls = createLoadControls<T>(
    (tags) => load.addTags(tags),
    staleNow,
    () => load.standIn?.tags ?? [],
  );
  const call = (): unknown => loader(new LoaderCall(request.key, staleNow(), controls, abort));
  void runLoad(load, call, { plan: controls.plan, request, ports });
  return load;
}

/** Registers a load and starts its clock. `abort` is told when it is given up before its loader is done. */
export function createLoad(request: LoadRequest, ports: LoadPorts, abort: (reason: unknown) => void): Load {
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
      await storeAndSettle(
        [
          withNegative(
            { load, value: await callTraced(ports.tracing, 1, () => callLoader(load, call)), plan, stamp },
            request,
          ),
        ],
        ports,
      );
  } catch (error) {
    fail(load, error, ports);
  }
}

/** "There is none" as it is kept: `null`, for as long as the call says, unless the loader said how long. */
export function withNegative(result: LoadedValue, { negativeTtlMs }: LoadRequest): LoadedValue {
  const { value, plan } = result;
  if (negativeTtlMs === undefined || (value !== undefined && value !== null)) return result;
  plan.ttlMs ??= negativeTtlMs;
  return { ...result, value: null };
}

/**
 * Stores what is to be stored and settles every load, each when the store has answered for it. Synchronous up to the store's own answer.
 */
export async function storeAndSettle(results: readonly LoadedValue[], ports: LoadPorts): Promise<void> {
  const storable: LoadedValue[] = [];
  for (const result of results) {
    const { load, value, plan } = result;
    if (load.isOver) continue;
    if (value !== undefined && plan.isStored) storable.push(result);
    else settle(result, skippedVerdict(result, ports), ports);
  }
  if (storable.length === 0) return;
  for (const { load, value } of storable) load.seal(value);
  const queue = storable.values();
  const storeNext = async (): Promise<void> => {
    for (const result of queue) {
      const stored = storeOne(result, ports);
      if (stored !== undefined) await stored;
    }
  };
  await Promise.all(Array.from({ length: Math.min(storable.length, MAX_WRITE_COUNT) }, storeNext));
}

/** Synchronous up to the store's answer. Each key is settled when it is stored itself: a node that is slow holds up its own keys and no others. */
function storeOne(result: LoadedValue, ports: LoadPorts): MaybePromise<void> {
  const { load } = result;
  if (load.isOver) {
    // Given up while others were stored: there is nothing to watch for.
    lateWatches.get(load)?.();
    ports.release(load);
    return;
  }
  const verdict = ports.store(result);
  if (!(verdict instanceof Promise)) return settle(result, verdict, ports);
  return verdict.then(
    (answer) => settle(result, answer, ports),
    (error: unknown) => fail(load, error, ports),
  );
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

/** Ends a load with what somebody else has loaded. */
export function settleFound(load: Load, found: StoredEntry, ports: LoadPorts): void {
  ports.table.remove(load);
  load.resolve(found.value);
  ports.onEnd(load, "found", undefined);
}

/** Ends a load with an error. Without effect when it is over. */
export function fail(load: Load, error: unknown, ports: LoadPorts): void {
  if (load.isOver) return;
  ports.table.remove(load);
  ports.release(load);
  load.reject(error);
  ports.onEnd(load, "failed", error);
}
