import type { Scheduler } from "../foundation/scheduler.ts";
import type { EntrySlots } from "./entry-slots.ts";
import { NO_SLOT } from "./eviction/eviction-policy.ts";

/** Whose dead entries a sweeper finds. */
export interface SweepTarget {
  /** Removes a taken slot's entry when it is dead. @returns whether it was */
  removeIfDead(slot: number): boolean;
  /** After each slice that ran in the background. */
  sliceEnded(): void;
}

/** Slots looked at in one go: some 10 to 100 µs, so that nobody waits long behind a sweep. */
const SLICE_SLOT_COUNT = 1_000;

/**
 * Finds the entries that an invalidation or a clear has ended. A pass looks at every slot that was in use when it was
 * requested, in slices between which other work runs. When it is over, no entry that was dead at its request is left.
 *
 * ```text
 * idle ──request──▶ passing ──(slice by slice, until every slot was seen since the last request)──▶ idle
 * ```
 */
export class Sweeper {
  readonly #slots: Pick<EntrySlots, "highWater" | "isTaken">;
  readonly #target: SweepTarget;
  readonly #scheduler: Scheduler;
  /** Where the walk turns round: slots above were first taken after the request. */
  #endSlot = 0;
  #cursor = 0;
  /** Slots still to be looked at in this pass; 0: no pass runs. */
  #remaining = 0;
  #isScheduled = false;
  #isStopped = false;

  constructor(slots: Pick<EntrySlots, "highWater" | "isTaken">, target: SweepTarget, scheduler: Scheduler) {
    this.#slots = slots;
    this.#target = target;
    this.#scheduler = scheduler;
  }

  /** Whether a pass runs. */
  get isPassing(): boolean {
    return this.#remaining > 0;
  }

  /** Starts a pass; one that runs already starts over from where it is. */
  request(): void {
    // A pass that runs may have to come above: the store can have shrunk since.
    this.#endSlot = this.isPassing ? Math.max(this.#endSlot, this.#slots.highWater) : this.#slots.highWater;
    this.#remaining = this.#endSlot;
    if (this.#remaining > 0) this.#schedule();
  }

  /** Ends everything, for good. */
  stop(): void {
    this.#isStopped = true;
    this.#remaining = 0;
  }

  /**
   * Goes on with a running pass at once, until an entry was removed or a slice is over: room is better made from dead entries
   * than from live ones.
   *
   * @param spared a slot to leave alone
   * @returns whether an entry was removed
   */
  freeOne(spared: number): boolean {
    for (let looked = 0; looked < SLICE_SLOT_COUNT && this.#remaining > 0; looked += 1) {
      if (this.#look(spared)) return true;
    }
    return false;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#scheduler.soon(() => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      for (let looked = 0; looked < SLICE_SLOT_COUNT && this.#remaining > 0; looked += 1) {
        this.#look(NO_SLOT);
      }
      if (this.#remaining > 0) this.#schedule();
      this.#target.sliceEnded();
    });
  }

  /** Looks at the next slot. The pass is over only after it: while one runs, the target knows that entries may be dead. */
  #look(spared: number): boolean {
    if (this.#cursor >= this.#endSlot) this.#cursor = 0;
    const slot = this.#cursor;
    this.#cursor += 1;
    // The spared entry was found alive and is being written: it cannot be dead.
    const isTaken = slot !== spared && slot < this.#slots.highWater && this.#slots.isTaken(slot);
    const isRemoved = isTaken && this.#target.removeIfDead(slot);
    this.#remaining -= 1;
    return isRemoved;
  }
}
