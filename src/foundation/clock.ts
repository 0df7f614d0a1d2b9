/**
 * The two times a cache needs. Pure code takes a `Clock` and never asks the platform, so that tests can move time.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. May jump when the machine's clock is set. */
  wallMs(): number;
  /** Monotonic time in milliseconds from an arbitrary start. Never goes back. */
  monotonicMs(): number;
}

/** The platform's clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
