import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import type { Float64Pages } from "../slot-pages.ts";
import type { StoreTime } from "./store-time.ts";
import { TimerWheel } from "./timer-wheel.ts";

/** Whose entries expire. */
export interface ExpiryTarget {
  /**
   * Removes the entry of a taken slot whose time has come, or gives it another instant by `postpone`. May call every method of the schedule.
   *
   * @returns whether it was removed
   */
  removeExpired(slot: number): boolean;
  /** After each slice of removals in the background. */
  sliceEnded(): void;
}

/** What a schedule works with. */
export interface ExpiryScheduleOptions {
  readonly target: ExpiryTarget;
  /** By slot, when to act, in store time. The schedule writes them; the owner sets `Infinity` when it takes a slot. */
  readonly dueTimes: Float64Pages;
  readonly time: StoreTime;
  readonly scheduler: Scheduler;
  /**
   * How long an expired entry that nobody asks for may stay, in ms, while the event loop is free. Removals come in batches this far apart,
   * but never farther than 100 ms, so a larger number only promises less. Below 1: 1. `Infinity`: such entries stay until
   * they are read, overwritten or evicted, and no timer is ever set.
   */
  readonly cleanupIntervalMs: number;
}

/** Batches farther apart would save no work worth speaking of, and dead entries would take the room of live ones. */
const LARGEST_BATCH_MS = 100;
const SMALLEST_BATCH_MS = 1;
/** A slice ends after so many slots, or this time, whichever comes first: nobody waits longer behind it. */
const SLICE_SLOT_COUNT = 1_024;
const SLICE_MS = 0.5;
/** Slots between two looks at the clock. */
const STEP_SLOT_COUNT = 64;
/** Slots that {@link ExpirySchedule.freeOne} moves at most before it gives up. */
const FREE_STEP_COUNT = 16;

/**
 * Removes the entries whose TTL is over, in the background: a {@link TimerWheel}, one timer for it, and slices of work.
 *
 * ```text
 * idle ──set──▶ armed ──timer──▶ draining ──(slice, soon, slice …)──▶ armed, or idle when nothing waits any more
 *  ▲              │ the last deadline is cancelled
 *  └──────────────┘                 any state ──stop──▶ stopped, for good
 * ```
 *
 * Idle: no timer. Armed: one timer, that does not keep the process alive. Draining: no timer, one `soon` at a time. A timer is set for
 * the wheel's next instant, but not within a batch's length of the last one. It is set anew for an earlier deadline only if that
 * would otherwise wait longer than a batch, and then for half of the remaining time or earlier, so that a row of ever shorter
 * TTLs sets it a few times instead of each time.
 *
 * Reads do not rely on it: they compare the deadline with the present themselves.
 */
export class ExpirySchedule {
  readonly #target: ExpiryTarget;
  readonly #dueTimes: Float64Pages;
  readonly #time: StoreTime;
  readonly #scheduler: Scheduler;
  readonly #wheel: TimerWheel;
  readonly #batchMs: number;
  #timer: ScheduledTask | undefined;
  /** What the timer is set for; `Infinity`: no timer; `-Infinity`: none is wanted. */
  #wakeAtMs: number = Number.POSITIVE_INFINITY;
  #lastWakeAtMs: number = Number.NEGATIVE_INFINITY;
  #isDraining = false;
  #isStopped = false;
  #sparedSlot = -1;
  #removedCount = 0;
  readonly #removeDue: (slot: number) => void = (slot) => {
    if (slot === this.#sparedSlot) {
      this.#wheel.schedule(slot, this.#dueTimes.get(slot));
      return;
    }
    if (this.#target.removeExpired(slot)) this.#removedCount += 1;
  };
  readonly #wake: () => void = () => this.#timerFired();
  readonly #goOn: () => void = () => this.#runSlice();

  constructor(options: ExpiryScheduleOptions) {
    this.#target = options.target;
    this.#dueTimes = options.dueTimes;
    this.#time = options.time;
    this.#scheduler = options.scheduler;
    this.#wheel = new TimerWheel(options.dueTimes, options.time.latestMs);
    this.#batchMs = Number.isFinite(options.cleanupIntervalMs)
      ? Math.min(Math.max(options.cleanupIntervalMs, SMALLEST_BATCH_MS), LARGEST_BATCH_MS)
      : Number.POSITIVE_INFINITY;
    options.time.whenSlept(() => this.#machineSlept());
  }

  /** How many slots wait for their end; 0 when there is no cleanup. */
  get size(): number {
    return this.#wheel.size;
  }

  /** Whether the timer is set. */
  get isArmed(): boolean {
    return this.#timer !== undefined;
  }

  /** Gives a taken slot a deadline in store time, `Infinity` for none. O(1). */
  set(slot: number, deadlineMs: number): void {
    if (deadlineMs === Number.POSITIVE_INFINITY) {
      this.cancel(slot);
      this.#dueTimes.set(slot, deadlineMs);
      return;
    }
    if (this.#batchMs === Number.POSITIVE_INFINITY || this.#isStopped) {
      this.#dueTimes.set(slot, deadlineMs);
      return;
    }
    if (this.#wheel.size === 0) this.#catchUp();
    this.#wheel.schedule(slot, deadlineMs);
    if (deadlineMs + this.#batchMs < this.#wakeAtMs) this.#wakeEarlier(deadlineMs);
  }

  /**
   * Lets a slot that has a deadline wait for a later instant, `Infinity` for none: when its time has come, or before. O(1).
   * Sets no timer: whoever hands slots out does so afterwards, and a timer that is set is early enough.
   */
  postpone(slot: number, dueAtMs: number): void {
    if (this.#batchMs === Number.POSITIVE_INFINITY || this.#isStopped) {
      this.#dueTimes.set(slot, dueAtMs);
      return;
    }
    this.#wheel.schedule(slot, dueAtMs);
    if (this.#wheel.size === 0) this.#disarm();
  }

  /** The entry of a taken slot leaves: nothing has to be removed at its deadline. The deadline stays as it is. O(1). */
  cancel(slot: number): void {
    if (this.#dueTimes.get(slot) === Number.POSITIVE_INFINITY) return;
    this.#wheel.cancel(slot);
    if (this.#wheel.size === 0) this.#disarm();
  }

  /**
   * Removes an expired entry, if one is found with little effort and without reading the clock: room is better made from dead
   * entries than from live ones.
   *
   * @param spared a slot to leave alone
   * @returns whether an entry was removed
   */
  freeOne(spared: number): boolean {
    const nowMs = this.#time.latestMs;
    if (this.#wheel.size === 0 || this.#wheel.nextDueAt() > nowMs) return false;
    const removedBefore = this.#removedCount;
    this.#sparedSlot = spared;
    try {
      for (let step = 0; step < FREE_STEP_COUNT && this.#removedCount === removedBefore; step += 1) {
        if (this.#wheel.advance(nowMs, 1, this.#removeDue)) break;
      }
    } finally {
      this.#sparedSlot = -1;
    }
    return this.#removedCount > removedBefore;
  }

  /** Forgets all slots and gives the memory back. The schedule can be used on. */
  clear(): void {
    this.#wheel.clear();
    this.#disarm();
  }

  /** Ends everything, for good, and gives the memory back. */
  stop(): void {
    this.clear();
    this.#isStopped = true;
  }

  /** For tests: throws when the wheel is out of order, or the timer is set for nothing or missing. O(n). */
  checkInvariants(): void {
    this.#wheel.checkInvariants();
    const isArmed = this.#timer !== undefined;
    if (this.#isDraining || this.#isStopped) {
      if (isArmed) throw new Error("expiry schedule: a timer is set while none is wanted");
      return;
    }
    if (isArmed !== this.#wheel.size > 0) throw new Error("expiry schedule: the timer is set for nothing, or missing");
  }

  #nextBatchAt(): number {
    return this.#lastWakeAtMs + this.#batchMs;
  }

  /** An empty wheel is moved to the present, so that what comes next needs no moves. */
  #catchUp(): void {
    this.#wheel.advance(this.#time.latestMs, 0, this.#removeDue);
  }

  #wakeEarlier(deadlineMs: number): void {
    if (this.#isDraining) return;
    const nowMs = this.#time.read();
    const halfWayMs = nowMs + (this.#wakeAtMs - nowMs) / 2;
    this.#startTimer(Math.max(Math.min(deadlineMs, halfWayMs), this.#nextBatchAt()), nowMs);
  }

  #startTimer(wakeAtMs: number, nowMs: number): void {
    this.#timer?.cancel();
    this.#wakeAtMs = wakeAtMs;
    this.#timer = this.#scheduler.after(Math.max(0, Math.ceil(wakeAtMs - nowMs)), this.#wake);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
  }

  #timerFired(): void {
    this.#timer = undefined;
    const nowMs = this.#time.read();
    // Platform timers count whole ms and may come up to one early. Asking the wheel then would find nothing and cost a batch.
    if (nowMs < this.#wakeAtMs) {
      this.#startTimer(this.#wakeAtMs, nowMs);
      return;
    }
    this.#lastWakeAtMs = nowMs;
    this.#isDraining = true;
    this.#runSlice();
  }

  #runSlice(): void {
    if (this.#isStopped) return;
    let isDone = false;
    try {
      isDone = this.#advanceSlice();
    } finally {
      // Also when a removal failed: it was one entry, and the others must not wait for ever.
      this.#sliceOver(isDone);
    }
  }

  /** @returns whether nothing due is left */
  #advanceSlice(): boolean {
    const startedAtMs = this.#time.read();
    let nowMs = startedAtMs;
    for (let doneCount = 0; doneCount < SLICE_SLOT_COUNT; doneCount += STEP_SLOT_COUNT) {
      if (this.#wheel.advance(nowMs, STEP_SLOT_COUNT, this.#removeDue)) return true;
      nowMs = this.#time.read();
      if (nowMs - startedAtMs >= SLICE_MS) break;
    }
    return false;
  }

  #sliceOver(isDone: boolean): void {
    if (this.#isStopped) return;
    if (isDone) {
      this.#isDraining = false;
      this.#arm(this.#time.latestMs);
    } else {
      this.#scheduler.soon(this.#goOn);
    }
    this.#target.sliceEnded();
  }

  #arm(nowMs: number): void {
    const nextMs = this.#wheel.nextDueAt();
    if (nextMs === Number.POSITIVE_INFINITY) this.#disarm();
    else this.#startTimer(Math.max(nextMs, this.#nextBatchAt()), nowMs);
  }

  /** Timers stood still while deadlines came closer. */
  #machineSlept(): void {
    if (this.#timer !== undefined) this.#arm(this.#time.latestMs);
  }
}
