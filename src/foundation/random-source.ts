/** A source of randomness. Pure code takes one, so that a seed repeats a run. */
export interface RandomSource {
  /** A number in [0, 1). */
  next(): number;
}

/** The platform's generator. */
export const systemRandom: RandomSource = { next: () => Math.random() };

/**
 * A seeded generator (mulberry32: 32 bits of state, period 2^32). Good for tests and sampling, not for secrets.
 *
 * @param seed any number; its low 32 bits are used
 */
export function createSeededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}
