/** Keys up to this length are hashed whole; of longer ones, characters are sampled. */
const WHOLE_LENGTH = 16;
/** Characters sampled at the end of a long key, where ids usually stand, */
const TAIL_LENGTH = 8;
/** and four at even distances before them. */
const SPREAD_BITS = 2;

/** Bits of a character that four to a word have no room for. */
const NARROW_MASK: number = ~0xff;
const WIDE = 1;

const MULTIPLIER: number = 0x9e3779b1 | 0;

/**
 * A seeded 32-bit hash of a key in O(1): all characters of a key of up to 16; of a longer one the last 8, and 4 at even distances
 * before them. Reading a character costs a nanosecond or two, so hashing a long key whole would cost more than all else of a lookup.
 *
 * Keys that differ elsewhere collide. That is why {@link KeyIndex} counts real collisions, and goes over to {@link keyedHash} when they rise.
 * Two lanes take every other character: a state of 64 bits, so that two beginnings that collide by chance do not make all their
 * continuations collide, and two chains of multiplications that the processor works on at once.
 *
 * The multiply-xor step is FNV-1a's (http://www.isthe.com/chongo/tech/comp/fnv/) with Knuth's multiplier; the mixers at the end are from C. Wellons'
 * prospector (https://github.com/skeeto/hash-prospector).
 */
export function sampledHash(key: string, seed: number): number {
  const length = key.length;
  let even = seed ^ length;
  let odd = ~seed;
  let index = 0;
  if (length > WHOLE_LENGTH) {
    const tailStart = length - TAIL_LENGTH;
    const step = tailStart >>> SPREAD_BITS;
    even = Math.imul(even ^ key.charCodeAt(step >>> 1), MULTIPLIER);
    odd = Math.imul(odd ^ key.charCodeAt(step + (step >>> 1)), MULTIPLIER);
    even = Math.imul(even ^ key.charCodeAt(2 * step + (step >>> 1)), MULTIPLIER);
    odd = Math.imul(odd ^ key.charCodeAt(3 * step + (step >>> 1)), MULTIPLIER);
    index = tailStart;
  } else if ((length & 1) === 1) {
    even = Math.imul(even ^ key.charCodeAt(0), MULTIPLIER);
    index = 1;
  }
  for (; index < length; index += 2) {
    even = Math.imul(even ^ key.charCodeAt(index), MULTIPLIER);
    odd = Math.imul(odd ^ key.charCodeAt(index + 1), MULTIPLIER);
  }
  let hash = Math.imul(even ^ (even >>> 15), 0x2c1b3c6d) ^ Math.imul(odd ^ (odd >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return hash ^ (hash >>> 15);
}

/**
 * HalfSipHash-1-3 over the characters of a key, four to a word while all are Latin-1, else two: without the 64-bit secret nobody can make
 * keys that collide. O(length), some 3 ns a character. Not the published byte order for other programs: it never leaves the process.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012, https://eprint.iacr.org/2012/351, and its 32-bit variant.
 */
export function keyedHash(key: string, secretLow: number, secretHigh: number): number {
  const { length } = key;
  const wholeLength = length & ~3;
  let v0 = secretLow;
  let v1 = secretHigh;
  let v2 = 0x6c796765 ^ secretLow;
  let v3 = 0x74656462 ^ secretHigh;
  let seen = 0;
  for (let index = 0; index < wholeLength; index += 4) {
    const a = key.charCodeAt(index);
    const b = key.charCodeAt(index | 1);
    const c = key.charCodeAt(index | 2);
    const d = key.charCodeAt(index | 3);
    seen |= a | b | c | d;
    if ((seen & NARROW_MASK) !== 0) return wideKeyedHash(key, secretLow, secretHigh);
    const word = a | (b << 8) | (c << 16) | (d << 24);
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  let last = length << 24;
  for (let index = wholeLength; index < length; index += 1) {
    const code = key.charCodeAt(index);
    seen |= code;
    last |= code << ((index & 3) << 3);
  }
  if ((seen & NARROW_MASK) !== 0) return wideKeyedHash(key, secretLow, secretHigh);
  for (let step = 0; step < 4; step += 1) {
    const word = step === 0 ? last : 0;
    // The three rounds at the end begin.
    if (step === 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}

/** The same for keys with characters beyond Latin-1, two to a word. Begins elsewhere, for its words may look like those of another key. */
function wideKeyedHash(key: string, secretLow: number, secretHigh: number): number {
  let v0 = secretLow;
  let v1 = secretHigh;
  let v2 = 0x6c796765 ^ secretLow ^ WIDE;
  let v3 = 0x74656462 ^ secretHigh;
  const length = key.length;
  // One word more than the key has whole ones: its last character, if odd, and the length.
  const wordCount = (length >>> 1) + 1;
  for (let index = 0; index < wordCount + 3; index += 1) {
    let word = 0;
    if (index < wordCount - 1) {
      word = key.charCodeAt(index * 2) | (key.charCodeAt(index * 2 + 1) << 16);
    } else if (index === wordCount - 1) {
      word = (length << 16) | ((length & 1) === 1 ? key.charCodeAt(length - 1) : 0);
    } else if (index === wordCount) {
      // The three rounds at the end begin.
      v2 ^= 0xff;
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
