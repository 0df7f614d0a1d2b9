import type { Clock } from "../foundation/clock.ts";

/** The store-wide counter behind versions, stamps and lease tokens. One number for all, so none of them ever goes back. */
export interface VersionCounter {
  /** Gives out the next number. */
  next(): number;
  /** Makes every later number larger than this one; without effect when they are already. */
  raise(above: number): void;
}

/**
 * Counts from the wall clock in microseconds, so that a new store of the same process also goes on above an older one,
 * unless that one made more than a million writes a second all its life. Stays exact until the year 2255.
 */
export function createVersionCounter(clock: Clock): VersionCounter {
  let base = Math.floor(clock.wallMs() * 1_000);
  // A small integer of its own: counting up a number of this size would allocate each time.
  let count = 0;
  return {
    next() {
      if (count === MAX_COUNT) {
        base += count;
        count = 0;
      }
      count += 1;
      return base + count;
    },
    raise(above) {
      if (above <= base + count) return;
      base = above;
      count = 0;
    },
  };
}

const MAX_COUNT = 2 ** 30;
