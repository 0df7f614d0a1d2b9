import { CacheClosedError } from "../foundation/errors.ts";
import type { ScheduledTask } from "../foundation/scheduler.ts";
import type { BatchLoader } from "../loading/loader.ts";
import { BatchCaller } from "./batch-caller.ts";
import { toBatchCall } from "./batch-loads.ts";
import { answerKeys, findKeys } from "./key-search.ts";
import type { ResolvedGetOrSet } from "./resolve-options.ts";
import type { ViewScope } from "./view-scope.ts";

/** What a collector needs. */
export interface KeyCollectorOptions<T> {
  readonly scope: ViewScope;
  readonly loader: BatchLoader<T>;
  readonly resolved: ResolvedGetOrSet;
  /** How long keys are collected, in ms; 0: this turn of the event loop. */
  readonly windowMs: number;
  /** Keys with which a batch leaves at once. */
  readonly maxBatch: number;
}

/** Keys that are being collected, with those who ask for them. */
interface Batch {
  readonly openedAtMs: number;
  readonly callers: Map<string, Set<BatchCaller>>;
  timer: ScheduledTask | undefined;
  stopWatching: (() => void) | undefined;
}

/**
 * Collects keys that are asked for one by one and answers them together, as `getOrSetMulti` would; but each caller for itself: with its own
 * signal, and with the failure of its own key alone.
 *
 * ```text
 * none ──first key──▶ open ──window over, or maxBatch keys──▶ read ──▶ each caller has its value, or waits for its key's load
 *   ▲                  │
 *   └──────────────────┘ every caller left, or the cache closes
 * ```
 */
export class KeyCollector<T> {
  readonly #options: KeyCollectorOptions<T>;
  #open: Batch | undefined;

  constructor(options: KeyCollectorOptions<T>) {
    this.#options = options;
  }

  /** The value of a key, with the batch that is open, or the first of a new one. */
  ask(key: string, signal: AbortSignal | undefined): Promise<unknown> {
    const batch = this.#open ?? this.#begin();
    const caller = new BatchCaller(signal, () => this.#leave(batch, key, caller));
    const callers = batch.callers.get(key);
    if (callers === undefined) batch.callers.set(key, new Set([caller]));
    else callers.add(caller);
    if (batch.callers.size >= this.#options.maxBatch) this.#send(batch);
    return caller.result;
  }

  #begin(): Batch {
    const { scope, windowMs } = this.#options;
    const { clock, lifecycle, scheduler } = scope.core;
    const batch: Batch = {
      openedAtMs: clock.monotonicMs(),
      callers: new Map(),
      timer: undefined,
      stopWatching: lifecycle.onClosed(() => {
        this.#end(batch);
        rejectAll(batch, new CacheClosedError());
      }),
    };
    this.#open = batch;
    const send = (): void => this.#send(batch);
    if (windowMs === 0) scheduler.soon(send);
    else batch.timer = scheduler.after(windowMs, send, true);
    return batch;
  }

  /** A key that nobody asks for any more is not loaded. */
  #leave(batch: Batch, key: string, caller: BatchCaller): void {
    const callers = batch.callers.get(key);
    callers?.delete(caller);
    if (callers?.size === 0) batch.callers.delete(key);
    if (batch.callers.size === 0) this.#end(batch);
  }

  /** Nobody joins it from here on. @returns false when that was so already */
  #end(batch: Batch): boolean {
    if (this.#open !== batch) return false;
    this.#open = undefined;
    batch.timer?.cancel();
    batch.stopWatching?.();
    return true;
  }

  #send(batch: Batch): void {
    if (this.#end(batch)) this.#answer(batch).catch((error: unknown) => rejectAll(batch, error));
  }

  async #answer(batch: Batch): Promise<void> {
    const { scope, loader, resolved } = this.#options;
    const untilMs = batch.openedAtMs + resolved.load.hardTimeoutMs;
    const beganAtMs = scope.core.clock.monotonicMs();
    const call = toBatchCall({ scope, loader, resolved, beganAtMs, untilMs });
    const reading = findKeys(call, [...batch.callers.keys()]);
    const found = reading instanceof Promise ? await reading : reading;
    // While the store was asked the cache may have been closed, and callers may have left.
    scope.core.lifecycle.assertOpen();
    const wanted = found.filter(({ key }) => batch.callers.has(key));
    // Taken before: whoever hears of the reads may make callers leave. They take what there is and leave it again, so that no load goes on for nobody.
    const callersOf = wanted.map(({ key }) => [...(batch.callers.get(key) as Set<BatchCaller>)]);
    for (const [index, outcome] of answerKeys(call, wanted).entries()) {
      const { key } = wanted[index] as (typeof wanted)[number];
      for (const [place, caller] of (callersOf[index] as BatchCaller[]).entries()) {
        caller.take(call, key, outcome, place > 0);
      }
    }
  }
}

function rejectAll({ callers }: Batch, error: unknown): void {
  for (const ofKey of callers.values()) for (const caller of ofKey) caller.reject(error);
}
