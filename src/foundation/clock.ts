import { uptime } from "node:os";

/**
 * The two times a cache needs. Pure code takes a `Clock` and never asks the platform, so that tests can move time.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. May jump when the machine's clock is set. */
  wallMs(): number;
  /** Monotonic time in milliseconds from an arbitrary start. Never goes back. */
  monotonicMs(): number;
  /**
   * Time since the machine was started in milliseconds, sleep included, from an arbitrary start; never follows the wall clock. May be coarse
   * and slow: it is read only when the wall clock jumped. Default: not known; then sleep that the monotonic clock does not count
   * (on Linux) is taken for a wall clock that was set.
   */
  readonly sinceBootMs?: (() => number) | undefined;
}

/** The platform's clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sinceBootMs: () => uptime() * 1_000,
};
