import type { Clock } from "../foundation/clock.ts";

/** The store-wide counter behind versions, stamps and lease tokens. One number for all, so none of them ever goes back. */
export interface VersionCounter {
  /** Gives out the next number. */
  next(): number;
}

/**
 * Counts from the wall clock in microseconds, so that a new store of the same process also goes on above an older one,
 * unless that one made more than a million writes a second all its life. Stays exact until the year 2255.
 */
export function createVersionCounter(clock: Clock): VersionCounter {
  let current = Math.floor(clock.wallMs() * 1_000);
  return {
    next() {
      current += 1;
      return current;
    },
  };
}
