import type { Clock } from "../../foundation/clock.ts";

/** A jump of the wall clock to look into. More than what time servers correct in one go, and than the coarse clock since boot errs. */
const SLEEP_SUSPICION_MS = 2_000;
/** The monotonic clock runs for longer than this while a machine falls asleep and wakes up: below, there was no sleep to look for. */
const WALL_CHECK_MS = 1;
/** The wall clock shows whole ms, so its distance to the monotonic one seems to vary by one; below this it was set back. */
const OFFSET_NOISE_MS = 2;

/**
 * The time that deadlines in a store are kept in: ms that only go forward, at the pace of real time, whatever happens to the wall clock.
 *
 * It is the monotonic clock plus the sleep that this clock missed. Deadlines become wall-clock instants at the border only, by
 * {@link StoreTime.toWallMs}. The wall clock being set moves these instants and no deadline. When the machine slept, the wall
 * clock jumps ahead of the monotonic one as it does when it is set; the clock since boot tells the two apart: it counts sleep only. A
 * process or virtual machine that was stopped from outside without its kernel knowing cannot be told from a clock that was set.
 */
export class StoreTime {
  readonly #clock: Clock;
  #sleptMs = 0;
  /** Wall clock minus monotonic clock: the largest difference seen, for the wall clock shows whole ms, rounded down. */
  #wallOffsetMs: number;
  /** Clock since boot minus monotonic clock, when last read. */
  #bootOffsetMs: number;
  #wallCheckedAtMs: number;
  #latestMs: number;
  #onSleep: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    const monotonicMs = clock.monotonicMs();
    this.#wallOffsetMs = clock.wallMs() - monotonicMs;
    this.#bootOffsetMs = (clock.sinceBootMs?.() ?? 0) - monotonicMs;
    this.#wallCheckedAtMs = monotonicMs;
    this.#latestMs = monotonicMs;
  }

  /** The latest reading: the present, or some instant before it. Reads no clock. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** The present. Reads the monotonic clock, and the wall clock when the last look at it is over 1 ms ago. */
  read(): number {
    const monotonicMs = this.#clock.monotonicMs();
    const sinceCheckMs = monotonicMs - this.#wallCheckedAtMs;
    // A clock that stands still proves nothing, so look then too.
    if (sinceCheckMs >= WALL_CHECK_MS || sinceCheckMs <= 0) this.#checkWall(monotonicMs);
    const nowMs = monotonicMs + this.#sleptMs;
    // A clock that goes back in spite of its contract would make a dead entry live again.
    if (nowMs > this.#latestMs) this.#latestMs = nowMs;
    return this.#latestMs;
  }

  /** The present of the wall clock, in whole ms. */
  wallMs(): number {
    return this.#clock.wallMs();
  }

  /** The wall-clock instant of a deadline, in whole ms rounded up; `Infinity` for `Infinity`. As good as the last reading, or a ms worse. */
  toWallMs(deadlineMs: number): number {
    return Math.ceil(deadlineMs - this.#sleptMs + this.#wallOffsetMs);
  }

  /** Calls back when the present jumped ahead because the machine slept: timers did not run meanwhile. One listener. */
  whenSlept(listener: () => void): void {
    this.#onSleep = listener;
  }

  #checkWall(monotonicMs: number): void {
    this.#wallCheckedAtMs = monotonicMs;
    const wallOffsetMs = this.#clock.wallMs() - monotonicMs;
    const isNoise = wallOffsetMs <= this.#wallOffsetMs && wallOffsetMs >= this.#wallOffsetMs - OFFSET_NOISE_MS;
    if (isNoise) return;
    const isJump = wallOffsetMs - this.#wallOffsetMs >= SLEEP_SUSPICION_MS;
    this.#wallOffsetMs = wallOffsetMs;
    if (isJump) this.#countSleep(monotonicMs);
  }

  #countSleep(monotonicMs: number): void {
    if (this.#clock.sinceBootMs === undefined) return;
    const bootOffsetMs = this.#clock.sinceBootMs() - monotonicMs;
    const sleptMs = bootOffsetMs - this.#bootOffsetMs;
    this.#bootOffsetMs = bootOffsetMs;
    if (sleptMs < SLEEP_SUSPICION_MS) return;
    this.#sleptMs += sleptMs;
    this.#latestMs = monotonicMs + this.#sleptMs;
    this.#onSleep?.();
  }
}
