import type { BackendHost } from "../../backend/registry.ts";
import type { EntrySlots } from "../entry-slots.ts";
import type { Float64Pages } from "../slot-pages.ts";
import { CoarseClock } from "./coarse-clock.ts";
import { ExpirySchedule, type ExpiryTarget } from "./expiry-schedule.ts";
import { StoreTime } from "./store-time.ts";

/** What {@link EntryLifetimes} works with. */
export interface EntryLifetimesOptions {
  /** Whose deadlines these are, in store time; nobody else writes them. */
  readonly slots: Pick<EntrySlots, "deadlines" | "keepDeadlines">;
  readonly target: ExpiryTarget;
  readonly host: Pick<BackendHost, "clock" | "scheduler">;
  /** See `ExpiryScheduleOptions`. */
  readonly cleanupIntervalMs: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * When entries end: their deadlines, the TTLs that reads renew, and the background removal. A store in which nothing ends
 * pays for nothing: `mortalCount` is 0, and nobody asks further.
 */
export class EntryLifetimes {
  /** The time that deadlines are kept in. */
  readonly time: StoreTime;
  /** Entries with a deadline. */
  mortalCount = 0;
  readonly #slots: EntryLifetimesOptions["slots"];
  readonly #deadlines: Float64Pages;
  readonly #clock: CoarseClock;
  readonly #schedule: ExpirySchedule;
  /** TTLs in ms of the entries that each read prolongs, by slot. */
  readonly #slidingTtls = new Map<number, number>();

  constructor(options: EntryLifetimesOptions) {
    const { slots, host } = options;
    this.#slots = slots;
    this.#deadlines = slots.deadlines;
    this.time = new StoreTime(host.clock);
    this.#clock = new CoarseClock(this.time, host.scheduler);
    const { deadlines } = slots;
    this.#schedule = new ExpirySchedule({ ...options, deadlines, time: this.time, scheduler: host.scheduler });
  }

  /** The deadline of a TTL in ms that starts now; `Infinity` for `Infinity`. */
  deadlineAfter(ttlMs: number): number {
    return ttlMs === NEVER ? NEVER : this.#clock.deadlineAfter(ttlMs);
  }

  /** The wall-clock instant at which the entry of a taken slot ends; `Infinity` for never. */
  expiresAt(slot: number): number {
    const deadline = this.mortalCount === 0 ? NEVER : this.#deadlines.get(slot);
    if (deadline === NEVER) return NEVER;
    // So that the wall clock counts as it is now.
    this.time.read();
    return this.time.toWallMs(deadline);
  }

  /** Whether the entry of a taken slot has expired. */
  isOver(slot: number): boolean {
    if (this.mortalCount === 0) return false;
    const deadline = this.#deadlines.get(slot);
    return deadline !== NEVER && !this.#clock.isAlive(deadline);
  }

  /** Gives the entry of a taken slot a deadline, `Infinity` for none. It slides no longer. O(1) */
  set(slot: number, deadline: number): void {
    if (deadline === NEVER && this.mortalCount === 0) return;
    if (this.#slidingTtls.size !== 0) this.#slidingTtls.delete(slot);
    this.#move(slot, deadline);
  }

  /** Lets each read of the entry in a taken slot give it so many ms from then on, until the next {@link EntryLifetimes.set}. */
  setSliding(slot: number, ttlMs: number): void {
    this.#slidingTtls.set(slot, ttlMs);
  }

  /** The TTL in ms that each read grants an entry; `undefined` when none does. */
  slidingTtl(slot: number): number | undefined {
    return this.#slidingTtls.get(slot);
  }

  /** Somebody reads the entry of a taken slot: what slides begins anew. In one piece, for it is on the path of every hit. @returns whether it lives */
  use(slot: number): boolean {
    const deadline = this.#deadlines.get(slot);
    if (deadline === NEVER) return true;
    if (!this.#clock.isAlive(deadline)) return false;
    if (this.#slidingTtls.size !== 0) this.#prolong(slot);
    return true;
  }

  /** Removes an expired entry but `spared`, if one is at hand. @returns whether it did */
  freeOne(spared: number): boolean {
    return this.mortalCount !== 0 && this.#schedule.freeOne(spared);
  }

  /** Ends background work for good and gives the memory back. */
  stop(): void {
    this.#schedule.stop();
    this.#slidingTtls.clear();
    this.mortalCount = 0;
  }

  /** For tests: throws when a count, a timer or the wheel is wrong. `taken`: every taken slot. O(n) */
  checkInvariants(taken: readonly number[]): void {
    this.#schedule.checkInvariants();
    const mortal = this.mortalCount === 0 ? [] : taken.filter((slot) => this.#deadlines.get(slot) !== NEVER);
    if (mortal.length !== this.mortalCount) throw new Error("entry lifetimes: entries with a TTL are miscounted");
    if (this.#schedule.isArmed && mortal.length === 0) throw new Error("entry lifetimes: a timer is set for nothing");
    const sliding = new Set(mortal);
    for (const slot of this.#slidingTtls.keys())
      if (!sliding.has(slot)) throw new Error("entry lifetimes: an entry without a TTL slides");
  }

  #prolong(slot: number): void {
    const ttlMs = this.#slidingTtls.get(slot);
    if (ttlMs !== undefined) this.#move(slot, this.#clock.deadlineAfter(ttlMs));
  }

  #move(slot: number, deadline: number): void {
    this.#slots.keepDeadlines();
    const before = this.#deadlines.get(slot);
    if (before === NEVER && deadline === NEVER) return;
    this.#schedule.set(slot, deadline);
    if (before === NEVER) this.mortalCount += 1;
    else if (deadline === NEVER) this.mortalCount -= 1;
  }
}
