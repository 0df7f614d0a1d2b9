import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";

/** What a sweeper walks over. */
export interface SweepTarget {
  /** Slots are 0 … highWater − 1. */
  readonly highWater: number;
  /** Removes the slot's entry when it is dead. @returns whether it was */
  sweepSlot(slot: number): boolean;
  /** After each slice that ran in the background; `isLast`: the pass is over. */
  sliceEnded(isLast: boolean): void;
}

/** Slots looked at in one go: some 10 to 100 µs, so that nobody waits long behind a sweep. */
const SLICE_SLOT_COUNT = 1_000;
/** The least time between two timed passes, so that a zero cannot spin. */
const MIN_INTERVAL_MS = 1;

/**
 * Finds dead entries that nobody asks for. A pass looks at every slot once, in slices between which other work runs. It is started by
 * {@link Sweeper.request} (after an invalidation) or by the timer (for what expired).
 *
 * ```text
 * idle ──request/timer──▶ passing ──(slice by slice, until every slot was seen since the last request)──▶ idle
 * ```
 */
export class Sweeper {
  readonly #target: SweepTarget;
  readonly #scheduler: Scheduler;
  readonly #intervalMs: number;
  #cursor = 0;
  /** Slots still to be looked at in this pass; 0: no pass runs. */
  #remaining = 0;
  #isScheduled = false;
  #isStopped = false;
  #timer: ScheduledTask | undefined;

  constructor(target: SweepTarget, scheduler: Scheduler, intervalMs: number) {
    this.#target = target;
    this.#scheduler = scheduler;
    this.#intervalMs = intervalMs;
  }

  /** Whether a pass runs. */
  get isPassing(): boolean {
    return this.#remaining > 0;
  }

  /** Whether the timer is set. */
  get isArmed(): boolean {
    return this.#timer !== undefined;
  }

  /** Starts a pass; one that runs already starts over from where it is. */
  request(): void {
    this.#remaining = this.#target.highWater;
    if (this.#remaining > 0) this.#schedule();
  }

  /** Sets the timer for the next pass, unless it is set. `Infinity` as interval: never. */
  arm(): void {
    if (this.#timer !== undefined || !Number.isFinite(this.#intervalMs) || this.#isStopped) return;
    this.#timer = this.#scheduler.after(Math.max(MIN_INTERVAL_MS, this.#intervalMs), () => {
      this.#timer = undefined;
      this.request();
    });
  }

  /** Takes the timer back. */
  disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Ends everything, for good. */
  stop(): void {
    this.#isStopped = true;
    this.#remaining = 0;
    this.disarm();
  }

  /**
   * Goes on with a running pass at once, until an entry was removed or a slice is over: room is better made from dead entries
   * than from live ones.
   *
   * @param spared a slot to leave alone
   * @returns whether an entry was removed
   */
  freeOne(spared: number): boolean {
    return this.#look(SLICE_SLOT_COUNT, spared, true) > 0;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#scheduler.soon(() => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      this.#look(SLICE_SLOT_COUNT, -1, false);
      const isLast = this.#remaining === 0;
      if (!isLast) this.#schedule();
      this.#target.sliceEnded(isLast);
    });
  }

  /** Looks at up to `slotCount` slots of the pass. @returns how many entries were removed */
  #look(slotCount: number, spared: number, stopAtFirst: boolean): number {
    let removedCount = 0;
    for (let looked = 0; looked < slotCount && this.#remaining > 0; looked += 1) {
      const highWater = this.#target.highWater;
      if (highWater === 0) this.#remaining = 0;
      if (this.#remaining === 0) break;
      if (this.#cursor >= highWater) this.#cursor = 0;
      const slot = this.#cursor;
      this.#cursor += 1;
      this.#remaining -= 1;
      if (slot === spared || !this.#target.sweepSlot(slot)) continue;
      removedCount += 1;
      if (stopAtFirst) break;
    }
    return removedCount;
  }
}
