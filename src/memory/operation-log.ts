import { type CounterResult, OP_ID_WINDOW_MS } from "../backend/counter.ts";
import type { Clock } from "../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";
import { MAX_ENTRY_COUNT } from "./capacity-estimate.ts";

interface LoggedResult {
  readonly result: CounterResult;
  /** Monotonic instant from which the id is forgotten. */
  readonly keptUntil: number;
}

/** The least time between two purges: what is over stays this much longer at most. */
const MIN_PURGE_INTERVAL_MS = 1_000;
/** Results dropped in one go: about a millisecond. */
const SLICE_COUNT = 10_000;

/**
 * The results of counter operations that carry an id, for {@link OP_ID_WINDOW_MS}: a repeated request returns the first
 * result, also when the entry is gone.
 *
 * Outside the bounds of the store, for evicting a result could count an operation twice: about 270 bytes and the texts of key and
 * id for every operation of the last ten minutes, 27 MB for 100,000. A timer frees them, also when the store is idle; it is set
 * while there are any. Only above 2^23 results is the oldest forgotten early, for a `Map` may fail there; see {@link MAX_ENTRY_COUNT}.
 */
export class OperationLog {
  /** In the order of their ends, for all are kept equally long. */
  readonly #results = new Map<string, LoggedResult>();
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  #timer: ScheduledTask | undefined;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  /** How many results are held, those that are over and not yet purged included. */
  get size(): number {
    return this.#results.size;
  }

  /** The result of an operation on a key that was done already. */
  find(key: string, opId: string): CounterResult | undefined {
    const logged = this.#results.get(identify(key, opId));
    return logged !== undefined && this.#clock.monotonicMs() < logged.keptUntil ? logged.result : undefined;
  }

  /** Remembers a result. */
  record(key: string, opId: string, result: CounterResult): void {
    const id = identify(key, opId);
    // One that is over and comes again goes to the end of the order.
    this.#results.delete(id);
    if (this.#results.size >= MAX_ENTRY_COUNT) this.#dropOldest();
    this.#results.set(id, { result, keptUntil: this.#clock.monotonicMs() + OP_ID_WINDOW_MS });
    this.#arm(OP_ID_WINDOW_MS);
  }

  /** Forgets all and takes the timer back. */
  clear(): void {
    this.#results.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer ??= this.#scheduler.after(delayMs, () => {
      this.#timer = undefined;
      this.#purge();
    });
  }

  /** Forgets up to a slice of what is over and sets the timer for the next. */
  #purge(): void {
    const nowMs = this.#clock.monotonicMs();
    let droppedCount = 0;
    for (const [id, { keptUntil }] of this.#results) {
      if (nowMs < keptUntil) {
        this.#arm(Math.max(MIN_PURGE_INTERVAL_MS, keptUntil - nowMs));
        return;
      }
      if (droppedCount === SLICE_COUNT) {
        this.#arm(0);
        return;
      }
      this.#results.delete(id);
      droppedCount += 1;
    }
  }

  #dropOldest(): void {
    for (const id of this.#results.keys()) {
      this.#results.delete(id);
      return;
    }
  }
}

/** The key's length stands in front, so that no two pairs of key and id give the same text. */
function identify(key: string, opId: string): string {
  return `${key.length}:${key}${opId}`;
}
