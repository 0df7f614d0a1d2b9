const REQUEST_COUNT = 4_000_000;

/** mulberry32: 32 bits of state, numbers in [0, 1). */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Draws ranks by Zipf's law: rank r (from 0) comes with a probability proportional to 1 / (r + 1) ^ exponent.
 *
 * @param {number} keyCount
 * @param {number} exponent
 * @param {() => number} random
 */
function createZipf(keyCount, exponent, random) {
  const cumulative = new Float64Array(keyCount);
  let total = 0;
  for (let rank = 0; rank < keyCount; rank += 1) {
    total += (rank + 1) ** -exponent;
    cumulative[rank] = total;
  }
  return () => {
    const drawn = random() * total;
    let low = 0;
    let high = keyCount - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle] > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Numbers 0 to `count` - 1 in a drawn order. */
function permuted(count, random) {
  const numbers = Uint32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [numbers[index], numbers[other]] = [numbers[other], numbers[index]];
  }
  return numbers;
}

function zipf(keyCount, exponent, seed) {
  const next = createZipf(keyCount, exponent, createRandom(seed));
  return Uint32Array.from({ length: REQUEST_COUNT }, next);
}

/** What is popular moves on: every 250,000 requests, each rank belongs to the key 20,000 places further. */
function drift(seed) {
  const random = createRandom(seed);
  const keyCount = 200_000;
  const keyOf = permuted(keyCount, random);
  const next = createZipf(keyCount, 0.99, random);
  return Uint32Array.from({ length: REQUEST_COUNT }, (_, index) => {
    const shift = Math.floor(index / 250_000) * 20_000;
    return keyOf[(next() + shift) % keyCount];
  });
}

/** Two of five keys come once and never again. */
function oneHit(seed) {
  const random = createRandom(seed);
  const keyCount = 200_000;
  const next = createZipf(keyCount, 0.9, random);
  let fresh = keyCount;
  return Uint32Array.from({ length: REQUEST_COUNT }, () => {
    if (random() < 0.6) return next();
    fresh += 1;
    return fresh - 1;
  });
}

/** After every 400,000 requests somebody reads the same 100,000 cold keys in order. */
function scan(seed) {
  const random = createRandom(seed);
  const keyCount = 200_000;
  const next = createZipf(keyCount, 0.99, random);
  const periodCount = 500_000;
  return Uint32Array.from({ length: REQUEST_COUNT }, (_, index) => {
    const place = index % periodCount;
    return place < 400_000 ? next() : keyCount + place - 400_000;
  });
}

const GENERATORS = Object.freeze({
  "syn-zipf0.99": (seed) => zipf(1_000_000, 0.99, seed),
  "syn-zipf0.8": (seed) => zipf(1_000_000, 0.8, seed),
  "syn-drift": drift,
  "syn-onehit": oneHit,
  "syn-scan": scan,
});

/** @param {string} name */
export const isSynthetic = (name) => Object.hasOwn(GENERATORS, name);

/**
 * Generates a trace: 4 million keys, the same ones for the same seed.
 *
 * @param {string} name
 * @param {number} seed
 * @returns {Uint32Array}
 */
export function createSyntheticTrace(name, seed) {
  return GENERATORS[name](seed);
}
