/** A set is four words of 32 bits, 16 bytes: a lookup touches one line of the processor's cache. */
const WAY_COUNT = 4;
const SET_BITS = 2;
/** Keys that are remembered per entry of capacity. */
const KEYS_PER_ENTRY = 2;
/** Times are kept in 16 bits. */
const TIME_MASK = 0xffff;
/** Stands for the tag 0, so that a word of 0 is an empty one. */
const TAG_OF_ZERO = 1;

/**
 * Remembers when keys that left were used last. About twice as many keys as the cache holds, 4 bytes each: 8 bytes per
 * entry of capacity (between 5.7 and 11.3, for the table is a power of two).
 *
 * ```text
 * mixed hash → set (its low bits)          word = │ tag: 16 top bits of the mixed hash │ time: 16 bits │     0: empty
 * set: 4 words, the newest first; a newcomer pushes the oldest out
 * ```
 *
 * Times are counts that wrap after 65,536 steps; whoever keeps them chooses steps so that the table forgets long before.
 * Approximate by design: two keys with one tag in one set are taken for one another (4 of 65,536 unknown keys while there are
 * fewer than 65,536 sets), and a set may forget a key early. Made when first written to, for a cache that is not full evicts nothing; growing forgets
 * part of what was known. All O(1) but `fit`.
 */
export class ReuseHistory {
  /** Empty until something is remembered. */
  #words: Int32Array = NO_WORDS;
  #setMask = 0;

  constructor(capacityCount: number) {
    this.fit(capacityCount);
  }

  /** Fits the table to a capacity. What remains reachable is kept. O(capacity) when its length changes */
  fit(capacityCount: number): void {
    const wantedSets = Math.max(1, (KEYS_PER_ENTRY * capacityCount) / WAY_COUNT);
    // By shifts, so that the mask is stored as an integer: as a double it would be converted at every use.
    this.#setMask = (1 << Math.round(Math.log2(wantedSets))) - 1;
    const length = this.#length;
    if (this.#words.length === 0 || this.#words.length === length) return;
    const fitted = new Int32Array(length);
    fitted.set(this.#words.subarray(0, length));
    this.#words = fitted;
  }

  /** Forgets a key. @returns how long ago it was used last, or -1 when it is not remembered */
  take(keyHash: number, now: number): number {
    const words = this.#words;
    if (words.length === 0) return -1;
    const mixed = mix(keyHash);
    const first = (mixed & this.#setMask) << SET_BITS;
    const tag = mixed >>> 16 || TAG_OF_ZERO;
    // One by one and with `|`, for `first` is a multiple of 4: a loop, and sums that might overflow, take twice the instructions.
    let at = first;
    if ((words[at] as number) >>> 16 !== tag) at = first | 1;
    if ((words[at] as number) >>> 16 !== tag) at = first | 2;
    if ((words[at] as number) >>> 16 !== tag) at = first | 3;
    const word = words[at] as number;
    if (word >>> 16 !== tag) return -1;
    words[at] = 0;
    return (now - word) & TIME_MASK;
  }

  /** Remembers a key that was used last at `usedAt`. Whoever comes back is taken before, so it is not here already. */
  put(keyHash: number, usedAt: number): void {
    if (this.#words.length === 0) this.#words = new Int32Array(this.#length);
    const words = this.#words;
    const mixed = mix(keyHash);
    const first = (mixed & this.#setMask) << SET_BITS;
    const tag = mixed >>> 16 || TAG_OF_ZERO;
    // Without a look at what is there: a branch that cannot be foretold costs more than a place that `take` left empty.
    words[first | 3] = words[first | 2] as number;
    words[first | 2] = words[first | 1] as number;
    words[first | 1] = words[first] as number;
    words[first] = (tag << 16) | (usedAt & TIME_MASK);
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#words = NO_WORDS;
  }

  /** Throws when the table has a wrong length. */
  checkInvariants(): void {
    const { length } = this.#words;
    if (length !== 0 && length !== this.#length) throw new Error("reuse history: a table of a wrong length");
  }

  get #length(): number {
    return (this.#setMask + 1) << SET_BITS;
  }
}

const NO_WORDS = new Int32Array(0);

/** Murmur3's finalizer, as in `foundation/hash.ts`, but as a signed number: an unsigned one may cost an allocation. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
