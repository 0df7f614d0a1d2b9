/** A set is four words of 32 bits, 16 bytes: a lookup touches one line of the processor's cache. */
const WAY_COUNT = 4;
const SET_BITS = 2;
/** Keys that are remembered per entry of capacity. */
const KEYS_PER_ENTRY = 2;
/** Words in a page, of 2 MB. A smaller table is one page of its own length. */
const PAGE_BITS = 19;
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
 * fewer than 65,536 sets), and a set may forget a key early. In pages, made when first written to, for a cache that is not full evicts nothing; growing
 * forgets part of what was known, and so does a platform that has no room for a page. All O(1); no step copies more than 2 MB.
 */
export class ReuseHistory {
  /** Page 0, at hand: most caches have no other. Empty until something is remembered. */
  #first: Int32Array = NO_WORDS;
  /** The others; `undefined` where nothing is remembered. */
  #pages: (Int32Array | undefined)[] = [];
  #setMask = 0;

  constructor(capacityCount: number) {
    this.fit(capacityCount);
  }

  /** Fits the table to a capacity. What remains reachable is kept. */
  fit(capacityCount: number): void {
    const wantedSets = Math.max(1, (KEYS_PER_ENTRY * capacityCount) / WAY_COUNT);
    // By shifts, so that the mask is stored as an integer: as a double it would be converted at every use.
    this.#setMask = (1 << Math.round(Math.log2(wantedSets))) - 1;
    this.#pages.length = Math.max(1, this.#length >>> PAGE_BITS);
    const former = this.#first;
    if (former.length === 0 || former.length === this.#firstLength) return;
    this.#first = NO_WORDS;
    this.#openPage(0).set(former.subarray(0, this.#first.length));
  }

  /** Forgets a key. @returns how long ago it was used last, or -1 when it is not remembered */
  take(keyHash: number, now: number): number {
    const mixed = mix(keyHash);
    const place = (mixed & this.#setMask) << SET_BITS;
    const words = place < PAGE_LENGTH ? this.#first : this.#pages[place >>> PAGE_BITS];
    if (words === undefined || words.length === 0) return -1;
    const first = place & OFFSET_MASK;
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
    const mixed = mix(keyHash);
    const at = (mixed & this.#setMask) << SET_BITS;
    let words = at < PAGE_LENGTH ? this.#first : this.#pages[at >>> PAGE_BITS];
    if (words === undefined || words.length === 0) words = this.#openPage(at >>> PAGE_BITS);
    if (words.length === 0) return;
    const first = at & OFFSET_MASK;
    const tag = mixed >>> 16 || TAG_OF_ZERO;
    // Without a look at what is there: a branch that cannot be foretold costs more than a place that `take` left empty.
    words[first | 3] = words[first | 2] as number;
    words[first | 2] = words[first | 1] as number;
    words[first | 1] = words[first] as number;
    words[first] = (tag << 16) | (usedAt & TIME_MASK);
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#first = NO_WORDS;
    this.#pages.fill(undefined);
  }

  /** Throws when a page has a wrong length. */
  checkInvariants(): void {
    const { length } = this.#first;
    if (length !== 0 && length !== this.#firstLength) throw new Error("reuse history: a first page of a wrong length");
    for (const page of this.#pages)
      if (page !== undefined && page.length !== PAGE_LENGTH) throw new Error("reuse history: a page of a wrong length");
  }

  get #length(): number {
    return (this.#setMask + 1) << SET_BITS;
  }

  get #firstLength(): number {
    return Math.min(this.#length, PAGE_LENGTH);
  }

  /** @returns a new page; an empty one when the platform has no room */
  #openPage(index: number): Int32Array {
    let page = NO_WORDS;
    try {
      page = new Int32Array(index === 0 ? this.#firstLength : PAGE_LENGTH);
    } catch {
      return page;
    }
    if (index === 0) this.#first = page;
    else this.#pages[index] = page;
    return page;
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
