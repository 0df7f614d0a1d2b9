import type { Scheduler } from "../../foundation/scheduler.ts";
import type { StoreTime } from "./store-time.ts";

/** A deadline farther away than this from the last reading is trusted. */
const TRUST_MARGIN_MS = 1_000;
/** How often a reading is used at most. */
const USES_PER_READING_COUNT = 64;
/** How many uses in a row make it worth not to read the clock, when they come within {@link BURST_MS}. */
const BURST_COUNT = 16;
/** At 16 uses a ms, reading the clock each time takes some 0.1 % of the time: slower users lose nothing and get exact answers. */
const BURST_MS = 1;
/** Uses as slow as that end the trust: {@link USES_PER_READING_COUNT} at the pace of a burst. */
const SLOWEST_TRUSTED_MS: number = (USES_PER_READING_COUNT / BURST_COUNT) * BURST_MS;
/** A TTL from which a deadline may be counted from a reading that other uses share. */
const LONG_TTL_MS = 10_000;

/**
 * Tells whether deadlines have passed, mostly without reading the clock, which would take half of the time of a get.
 *
 * ```text
 * exact: every use reads the clock ──16 uses within 1 ms──▶ trusting: a reading serves 64 uses, for deadlines over 1 s away
 *    ▲                                                        │
 *    └───── the turn of the event loop ends (`soon`), or the clock moved more than 4 ms between two readings
 * ```
 *
 * **The guarantee.** `isAlive` says yes to a deadline that has passed only if, in one turn of the event loop, 16 uses came within 1 ms, and
 * then more than 1 s went by between two uses of the same 64, with no immediate run between: a program that blocks its loop for
 * over a second in the middle of a burst of reads. The answer is then late by less than the block minus 1 s. Between turns, after
 * awaiting a timer or I/O, at fewer than 16 uses a ms, and in the last second before a deadline, every answer is exact.
 *
 * Reading only, it starts nothing: one `soon` per turn with a burst, none otherwise.
 */
export class CoarseClock {
  readonly #time: StoreTime;
  readonly #scheduler: Scheduler;
  /** Deadlines above are alive while uses are left; `Infinity` in the exact state. */
  #trustedAboveMs: number = Number.POSITIVE_INFINITY;
  #usesLeftCount = 0;
  #readAtMs: number = Number.NEGATIVE_INFINITY;
  #burstStartedAtMs: number = Number.NEGATIVE_INFINITY;
  #burstCount = 0;
  #isTurnWatched = false;
  readonly #endTurn: () => void = () => {
    this.#isTurnWatched = false;
    this.#distrust();
  };

  constructor(time: StoreTime, scheduler: Scheduler) {
    this.#time = time;
    this.#scheduler = scheduler;
  }

  /** Whether a deadline in store time lies in the future. `Infinity` always does. Some 2 ns when trusting. */
  isAlive(deadlineMs: number): boolean {
    if (deadlineMs > this.#trustedAboveMs && this.#usesLeftCount > 0) {
      this.#usesLeftCount -= 1;
      return true;
    }
    return deadlineMs === Number.POSITIVE_INFINITY || deadlineMs > this.read();
  }

  /**
   * The deadline of a TTL in ms that starts now; `Infinity` for `Infinity`. Never later than the exact one. Exact below 10 s; above, and
   * when trusting, it may be earlier by the time since the clock was read, mostly below 4 ms.
   */
  deadlineAfter(ttlMs: number): number {
    if (ttlMs === Number.POSITIVE_INFINITY) return ttlMs;
    if (ttlMs >= LONG_TTL_MS && this.#usesLeftCount > 0) {
      this.#usesLeftCount -= 1;
      return this.#readAtMs + ttlMs;
    }
    return this.read() + ttlMs;
  }

  /** The exact present in store time; other uses profit from the reading. */
  read(): number {
    const nowMs = this.#time.read();
    if (this.#isTrusting) {
      if (nowMs - this.#readAtMs > SLOWEST_TRUSTED_MS) this.#distrust();
      else this.#trust(nowMs);
    } else {
      this.#countTowardsBurst(nowMs);
    }
    this.#readAtMs = nowMs;
    return nowMs;
  }

  get #isTrusting(): boolean {
    return this.#trustedAboveMs !== Number.POSITIVE_INFINITY;
  }

  #countTowardsBurst(nowMs: number): void {
    if (nowMs - this.#burstStartedAtMs > BURST_MS) {
      this.#burstStartedAtMs = nowMs;
      this.#burstCount = 0;
    }
    this.#burstCount += 1;
    if (this.#burstCount < BURST_COUNT) return;
    this.#trust(nowMs);
    if (this.#isTurnWatched) return;
    this.#isTurnWatched = true;
    this.#scheduler.soon(this.#endTurn);
  }

  #trust(nowMs: number): void {
    this.#trustedAboveMs = nowMs + TRUST_MARGIN_MS;
    this.#usesLeftCount = USES_PER_READING_COUNT;
  }

  #distrust(): void {
    this.#trustedAboveMs = Number.POSITIVE_INFINITY;
    this.#usesLeftCount = 0;
    this.#burstCount = 0;
    this.#burstStartedAtMs = Number.NEGATIVE_INFINITY;
  }
}
