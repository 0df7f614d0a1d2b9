// What is asked of the caches: seeded request streams, keys in the states that programs have them in, small values.

/** Values are cycled; a power of two, so that the loops can mask. */
export const VALUE_COUNT = 1_024;

/** Multiplier that scatters popularity over the ids; prime, so coprime to every universe that is a product of 2s and 5s. */
const SCATTER = 7_368_787;

/** Digits are added to this, so that ids of the long style all have 8 digits and the keys 64 characters. */
const LONG_ID_BASE = 10_000_000;
const LONG_PREFIX = "tenant:8f14e45fceea167a5a36dedd4bea2543:profile:v2:user:";

/**
 * A seeded generator (mulberry32).
 *
 * @param {number} seed
 * @returns {() => number} in [0, 1)
 */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Draws ids with Zipf popularity, by rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate
 * variates from monotone discrete distributions", 1996): exact, and without a table.
 *
 * @param {{ drawCount: number, universe: number, skew?: number, seed?: number }} options
 * @returns {Int32Array} ids in [0, universe), popular ones scattered; see {@link idOfRank}
 */
export function drawZipfIds({ drawCount, universe, skew = 0.99, seed = 20_261_101 }) {
  const random = createRandom(seed);
  const power = 1 - skew;
  const area = (/** @type {number} */ x) => (x ** power - 1) / power;
  const inverse = (/** @type {number} */ y) => (1 + y * power) ** (1 / power);
  const weight = (/** @type {number} */ x) => x ** -skew;
  const low = area(1.5) - 1;
  const high = area(universe + 0.5);
  const sure = 2 - inverse(area(2.5) - weight(2));
  const ids = new Int32Array(drawCount);
  for (let index = 0; index < drawCount; ) {
    const y = high + random() * (low - high);
    const x = inverse(y);
    const rank = Math.min(Math.max(Math.round(x), 1), universe);
    if (rank - x <= sure || y >= area(rank + 0.5) - weight(rank)) {
      ids[index] = idOfRank(rank - 1, universe);
      index += 1;
    }
  }
  return ids;
}

/**
 * The id of a popularity rank (0: most popular): neighbours in popularity are no neighbours in id or in age.
 *
 * @param {number} rank
 * @param {number} universe
 */
export function idOfRank(rank, universe) {
  return (rank * SCATTER) % universe;
}

/** Draws per distinct key that {@link recentZipfIds} takes; Zipf 0.99 over ten times as many keys needs a good 4. */
const RECENT_DRAWS_PER_KEY = 6;

/**
 * The last distinct ids of a long stream, the most recent last: what a store with LRU eviction holds in its steady state.
 *
 * @param {number} count
 * @param {number} universe
 */
export function recentZipfIds(count, universe) {
  const drawn = drawZipfIds({ drawCount: count * RECENT_DRAWS_PER_KEY, universe, seed: 20_261_102 });
  const isTaken = new Uint8Array(universe);
  const recent = new Int32Array(count);
  let free = count;
  for (let index = drawn.length - 1; index >= 0 && free > 0; index -= 1) {
    const id = drawn[index] ?? 0;
    if (isTaken[id] === 1) continue;
    isTaken[id] = 1;
    free -= 1;
    recent[free] = id;
  }
  if (free > 0) throw new Error(`The stream has ${count - free} distinct ids of the ${count} that are needed.`);
  return recent;
}

/**
 * How keys are written, as an expression for the loops (of `id`, a number) and as a function for what is prepared.
 *
 * @type {Record<"short" | "long", { expression: string, make: (id: number) => string }>}
 */
export const keyStyles = {
  short: { expression: '"user:" + (ID)', make: (id) => `user:${id}` },
  long: {
    expression: `${JSON.stringify(LONG_PREFIX)} + (${LONG_ID_BASE} + (ID))`,
    make: (id) => `${LONG_PREFIX}${LONG_ID_BASE + id}`,
  },
};

/**
 * A copy of a string that is one flat run of characters and nobody else's: what a parser or a driver hands out.
 *
 * @param {string} text ASCII
 */
export function flatCopy(text) {
  return Buffer.from(text, "latin1").toString("latin1");
}

/**
 * Small objects of one shape; `id` is the index, which the loops sum up.
 *
 * @param {number} count
 * @param {boolean} [isVaried] with texts of 20 to 419 characters instead of one short text
 */
export function makeValues(count, isVaried = false) {
  const random = createRandom(7);
  return Array.from({ length: count }, (_, id) => ({
    id,
    name: isVaried ? flatCopy("x".repeat(20 + Math.floor(random() * 400))) : "a name",
    age: 20 + (id % 60),
    isActive: true,
  }));
}

/**
 * The estimate that libraries without one of their own are given: O(1), no serialization.
 *
 * @param {{ name: string }} value
 * @param {string} key
 */
export function estimateBytes(value, key) {
  return key.length + value.name.length + 96;
}
