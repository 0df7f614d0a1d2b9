import type { BackendHost } from "../../backend/registry.ts";
import type { EntrySlots } from "../entry-slots.ts";
import type { Float64Pages } from "../slot-pages.ts";
import { CoarseClock } from "./coarse-clock.ts";
import { ExpirySchedule, type ExpiryTarget } from "./expiry-schedule.ts";
import { StoreTime } from "./store-time.ts";

/** Whose entries have lifetimes. */
export interface LifetimesTarget extends ExpiryTarget {
  /** The data of a taken slot begins (1) or ceases (-1) to stand in: it is over, and kept. */
  standInChanged(slot: number, change: 1 | -1): void;
}

/** What {@link EntryLifetimes} works with. */
export interface EntryLifetimesOptions {
  /** Whose deadlines these are, in store time; nobody else writes them. */
  readonly slots: Pick<EntrySlots, "deadlines" | "dueTimes" | "staleTimes" | "keepDeadlines" | "keepStaleTimes">;
  readonly target: LifetimesTarget;
  readonly host: Pick<BackendHost, "clock" | "scheduler">;
  /** See `ExpiryScheduleOptions`. */
  readonly cleanupIntervalMs: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * When entries end: their deadlines, the TTLs that reads renew, the data that is kept beyond its end to stand in, and the background
 * removal. A store in which nothing ends pays for nothing: `mortalCount` is 0, and nobody asks further.
 *
 * ```text
 * lives ──deadline──▶ over, removed by whoever meets it
 *   ▲  └──deadline, with a stale time──▶ stands in ──deadline + stale time──▶ over
 *   └──────────── set ─────────────────────┘
 * ```
 *
 * The deadline stays what it is while data stands in, so reads find it over as they find any other. Data stands in from when it is first met after its deadline,
 * by the schedule or by anybody else; that is when the schedule gets to know its second end.
 */
export class EntryLifetimes {
  /** The time that deadlines are kept in. */
  readonly time: StoreTime;
  /** Entries with a deadline, and once more those with a stale time: 0 while nothing ends. */
  mortalCount = 0;
  /** Entries that are kept beyond their deadlines, or will be. */
  staleCount = 0;
  readonly #slots: EntryLifetimesOptions["slots"];
  readonly #target: LifetimesTarget;
  #deadlines: Float64Pages;
  readonly #clock: CoarseClock;
  readonly #schedule: ExpirySchedule;
  /** TTLs in ms of the entries that each read prolongs, by slot. */
  readonly #slidingTtls = new Map<number, number>();

  constructor(options: EntryLifetimesOptions) {
    const { slots, host, target } = options;
    this.#slots = slots;
    this.#target = target;
    this.#deadlines = slots.deadlines;
    this.time = new StoreTime(host.clock);
    this.#clock = new CoarseClock(this.time, host.scheduler);
    const { dueTimes } = slots;
    this.#schedule = new ExpirySchedule({ ...options, dueTimes, time: this.time, scheduler: host.scheduler });
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

  /** Gives the entry of a taken slot a deadline, `Infinity` for none. It slides no longer, and nothing of it is kept beyond. O(1) */
  set(slot: number, deadline: number): void {
    if (deadline === NEVER && this.mortalCount === 0) return;
    if (this.staleCount !== 0) this.#forgetStale(slot);
    this.moveEnd(slot, deadline);
  }

  /** Gives the live entry of a taken slot another deadline, `Infinity` for none. It slides no longer; it is kept beyond for as long as before. O(1) */
  moveEnd(slot: number, deadline: number): void {
    if (this.#slidingTtls.size !== 0) this.#slidingTtls.delete(slot);
    this.#move(slot, deadline);
  }

  /** Makes {@link EntryLifetimes.setStale} possible. Once O(n), and the platform may have no room for it: ask before anything is written. */
  keepStaleTimes(): void {
    this.#slots.keepStaleTimes();
    this.#deadlines = this.#slots.deadlines;
  }

  /** Lets the entry of a taken slot, which has just been given its deadline, be kept for so many ms beyond it, > 0, until the next {@link EntryLifetimes.set}. O(1) */
  setStale(slot: number, staleMs: number): void {
    this.#slots.staleTimes.set(slot, staleMs);
    this.staleCount += 1;
    this.mortalCount += 1;
  }

  /**
   * Whether the data of a taken slot, whose deadline has passed, is kept to stand in; then it stands in from now on.
   * Otherwise it is to be removed. Exact.
   */
  standsIn(slot: number): boolean {
    const staleMs = this.staleCount === 0 ? 0 : this.#slots.staleTimes.get(slot);
    if (staleMs === 0) return false;
    const endsAtMs = this.#deadlines.get(slot) + staleMs;
    if (endsAtMs <= this.#clock.read()) return false;
    if (!this.isStandIn(slot)) {
      this.#schedule.postpone(slot, endsAtMs);
      this.#target.standInChanged(slot, 1);
    }
    return true;
  }

  /** Whether the data of a taken slot stands in, as far as somebody has met it since its deadline. */
  isStandIn(slot: number): boolean {
    return this.staleCount !== 0 && this.#slots.dueTimes.get(slot) !== this.#deadlines.get(slot);
  }

  /** The wall-clock instant at which the TTL of data that stands in ended: never in the future. */
  endedAt(slot: number): number {
    return Math.min(this.expiresAt(slot), this.time.wallMs());
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
    this.staleCount = 0;
  }

  /** For tests: throws when a count, a timer or the wheel is wrong. `taken`: every taken slot. O(n) */
  checkInvariants(taken: readonly number[]): void {
    this.#schedule.checkInvariants();
    const mortal = this.mortalCount === 0 ? [] : taken.filter((slot) => this.#deadlines.get(slot) !== NEVER);
    if (mortal.length + this.staleCount !== this.mortalCount)
      throw new Error("entry lifetimes: entries with a TTL are miscounted");
    this.#checkStandIns(taken);
    if (this.#schedule.isArmed && mortal.length === 0) throw new Error("entry lifetimes: a timer is set for nothing");
    const sliding = new Set(mortal);
    for (const slot of this.#slidingTtls.keys())
      if (!sliding.has(slot)) throw new Error("entry lifetimes: an entry without a TTL slides");
  }

  #checkStandIns(taken: readonly number[]): void {
    const { staleTimes, dueTimes } = this.#slots;
    const stale = this.staleCount === 0 ? [] : taken.filter((slot) => staleTimes.get(slot) !== 0);
    if (stale.length !== this.staleCount) throw new Error("entry lifetimes: entries with a stale time are miscounted");
    for (const slot of taken.filter((candidate) => this.isStandIn(candidate))) {
      const endsAtMs = this.#deadlines.get(slot) + staleTimes.get(slot);
      if (staleTimes.get(slot) === 0 || dueTimes.get(slot) !== endsAtMs)
        throw new Error(`entry lifetimes: slot ${slot} stands in until the wrong instant`);
    }
  }

  /** The caller sets another deadline right away: that of data that stands in is not what the schedule waits for. */
  #forgetStale(slot: number): void {
    const { staleTimes } = this.#slots;
    if (staleTimes.get(slot) === 0) return;
    if (this.isStandIn(slot)) this.#target.standInChanged(slot, -1);
    staleTimes.set(slot, 0);
    this.staleCount -= 1;
    this.mortalCount -= 1;
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
    if (this.#deadlines !== this.#slots.dueTimes) this.#deadlines.set(slot, deadline);
    if (before === NEVER) this.mortalCount += 1;
    else if (deadline === NEVER) this.mortalCount -= 1;
  }
}
