/**
 * A small seeded random source (mulberry32): the same seed gives the same numbers on every machine, so that the
 * catalogue and the traffic of every run can be repeated. Not for secrets.
 *
 * @param {number} seed any integer
 * @returns {() => number} gives numbers in 0 ≤ x < 1
 */
export function createSeededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * The numbers 1 to `count` in a random order (Fisher–Yates).
 *
 * @param {number} count how many
 * @param {() => number} random a source of numbers in 0 ≤ x < 1
 * @returns {Uint32Array}
 */
export function shuffledIds(count, random) {
  const ids = Uint32Array.from({ length: count }, (_, index) => index + 1);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const swapped = ids[last];
    ids[last] = ids[other];
    ids[other] = swapped;
  }
  return ids;
}
