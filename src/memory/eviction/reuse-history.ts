/** A set is four words of 32 bits, 16 bytes: a lookup touches one line of the processor's cache. */
const WAY_COUNT = 4;
const SET_BITS = 2;
/** Keys that are remembered per entry of capacity. */
const KEYS_PER_ENTRY = 2;
const PAGE_BITS = 14;
const PAGE_LENGTH: number = 1 << PAGE_BITS;
const OFFSET_MASK: number = PAGE_LENGTH - 1;
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
 * fewer than 65,536 sets), and a set may forget a key early. Grows in pages of 64 KB, made when first written to; growing forgets part
 * of what was known, which costs little, for a cache that still grows evicts little. All O(1).
 */
export class ReuseHistory {
  #pages: (Int32Array | undefined)[] = [];
  #setMask = 0;

  constructor(capacityCount: number) {
    this.fit(capacityCount);
  }

  /** Fits the table to a capacity. What remains reachable is kept. */
  fit(capacityCount: number): void {
    const wantedSets = Math.max(1, (KEYS_PER_ENTRY * capacityCount) / WAY_COUNT);
    // By shifts, so that the mask is stored as an integer: as a double it would be converted at every use.
    const setCount = 1 << Math.round(Math.log2(wantedSets));
    if (setCount === this.#setMask + 1 && this.#pages.length > 0) return;
    this.#setMask = setCount - 1;
    const wordCount = setCount * WAY_COUNT;
    this.#pages.length = Math.max(1, wordCount >>> PAGE_BITS);
    const first = this.#pages[0];
    const firstLength = Math.min(wordCount, PAGE_LENGTH);
    if (first === undefined || first.length === firstLength) return;
    const fitted = new Int32Array(firstLength);
    fitted.set(first.length > firstLength ? first.subarray(0, firstLength) : first);
    this.#pages[0] = fitted;
  }

  /** Forgets a key. @returns how long ago it was used last, or -1 when it is not remembered */
  take(keyHash: number, now: number): number {
    const mixed = mix(keyHash);
    const at = (mixed & this.#setMask) << SET_BITS;
    const page = this.#pages[at >>> PAGE_BITS];
    if (page === undefined) return -1;
    const tag = mixed >>> 16 || TAG_OF_ZERO;
    const first = at & OFFSET_MASK;
    for (let index = first; index < first + WAY_COUNT; index += 1) {
      const word = page[index] as number;
      if (word >>> 16 !== tag) continue;
      page[index] = 0;
      return (now - word) & TIME_MASK;
    }
    return -1;
  }

  /** Remembers a key that was used last at `usedAt`. Whoever comes back is taken before, so it is not here already. */
  put(keyHash: number, usedAt: number): void {
    const mixed = mix(keyHash);
    const at = (mixed & this.#setMask) << SET_BITS;
    const page = this.#pages[at >>> PAGE_BITS] ?? this.#openPage(at >>> PAGE_BITS);
    const tag = mixed >>> 16 || TAG_OF_ZERO;
    const first = at & OFFSET_MASK;
    // Without a look at what is there: a branch that cannot be foretold costs more than a place that `take` left empty.
    page[first + 3] = page[first + 2] as number;
    page[first + 2] = page[first + 1] as number;
    page[first + 1] = page[first] as number;
    page[first] = (tag << 16) | (usedAt & TIME_MASK);
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#pages.fill(undefined);
  }

  /** Throws when the pages do not fit the table. */
  checkInvariants(): void {
    const wordCount = (this.#setMask + 1) * WAY_COUNT;
    for (const page of this.#pages) {
      if (page === undefined) continue;
      if (page.length !== Math.min(wordCount, PAGE_LENGTH)) throw new Error("reuse history: a page of a wrong length");
    }
  }

  #openPage(index: number): Int32Array {
    const page = new Int32Array(Math.min((this.#setMask + 1) * WAY_COUNT, PAGE_LENGTH));
    this.#pages[index] = page;
    return page;
  }
}

/** Murmur3's finalizer, as in `foundation/hash.ts`, but as a signed number: an unsigned one may cost an allocation. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
