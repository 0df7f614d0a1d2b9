import { mixHash } from "../../foundation/hash.ts";

/** A block is 16 words of 32 bits: one cache line, so that an update touches memory once. */
const BLOCK_WORDS = 16;
const BLOCK_BITS = 4;
const ROWS = 4;
const MAX_COUNT = 15;
/** Counters are halved after this many additions per entry of capacity. */
const SAMPLE_FACTOR = 10;
/** Keeps the additions between two halvings countable in a small integer. */
const MAX_CAPACITY_COUNT = 2 ** 26;

/**
 * How often hashes were seen lately: a count-min sketch with four rows of 4-bit counters, halved regularly so that the past
 * fades. 8 bytes per entry of capacity (rounded up to a power of two). An estimate is never too low but for the halving
 * and the limit of 15, and is too high only when a hash meets others in all four rows.
 *
 * ```text
 * hash → block (16 words); second hash → for each row 5 bits: one of 32 counters in the row's 4 words
 *   block: | row 0: 4 words | row 1: 4 words | row 2: 4 words | row 3: 4 words |
 * ```
 *
 * Deviations from the source: 32-bit words in place of 64-bit ones, and growing keeps the counts, for the block index only
 * gains a bit: every block is copied to both its successors.
 *
 * Source: Caffeine's FrequencySketch,
 * https://github.com/ben-manes/caffeine/blob/master/caffeine/src/main/java/com/github/benmanes/caffeine/cache/FrequencySketch.java
 */
export class FrequencySketch {
  #table: Uint32Array = new Uint32Array(BLOCK_WORDS);
  #blockMask = 0;
  #sampleSize = SAMPLE_FACTOR;
  #additions = 0;

  constructor(capacityCount: number) {
    this.ensureCapacity(capacityCount);
  }

  /** How many additions make the counters halve. */
  get sampleSize(): number {
    return this.#sampleSize;
  }

  /** Fits the sketch to a capacity. Grows the table when needed, keeping counts; never shrinks it. O(table) when it grows. */
  ensureCapacity(capacityCount: number): void {
    const capacity = Math.max(1, Math.min(capacityCount, MAX_CAPACITY_COUNT));
    this.#sampleSize = Math.ceil(SAMPLE_FACTOR * capacity);
    // A smaller capacity halves at the next addition, once: what is known is not thrown away at a drift.
    this.#additions = Math.min(this.#additions, this.#sampleSize - 1);
    const wordsWanted = Math.max(BLOCK_WORDS, 2 * 2 ** Math.ceil(Math.log2(capacity)));
    while (this.#table.length < wordsWanted) {
      const larger = new Uint32Array(this.#table.length * 2);
      larger.set(this.#table);
      larger.set(this.#table, this.#table.length);
      this.#table = larger;
    }
    this.#blockMask = this.#table.length / BLOCK_WORDS - 1;
  }

  /** Estimated number of times a hash was seen lately, 0 to 15. */
  frequency(hash: number): number {
    const blockHash = mixHash(hash);
    const counterHash = mixHash(blockHash ^ 0x9e3779b9);
    const block = (blockHash & this.#blockMask) << BLOCK_BITS;
    let lowest = MAX_COUNT;
    for (let row = 0; row < ROWS; row += 1) {
      const bits = (counterHash >>> (row << 3)) & 31;
      const word = this.#table[block + (row << 2) + (bits >>> 3)] as number;
      const count = (word >>> ((bits & 7) << 2)) & MAX_COUNT;
      if (count < lowest) lowest = count;
    }
    return lowest;
  }

  /** Counts one sight of a hash. */
  increment(hash: number): void {
    const blockHash = mixHash(hash);
    const counterHash = mixHash(blockHash ^ 0x9e3779b9);
    const block = (blockHash & this.#blockMask) << BLOCK_BITS;
    const table = this.#table;
    let isCounted = false;
    for (let row = 0; row < ROWS; row += 1) {
      const bits = (counterHash >>> (row << 3)) & 31;
      const index = block + (row << 2) + (bits >>> 3);
      const shift = (bits & 7) << 2;
      const word = table[index] as number;
      if (((word >>> shift) & MAX_COUNT) === MAX_COUNT) continue;
      table[index] = word + 2 ** shift;
      isCounted = true;
    }
    if (!isCounted) return;
    this.#additions += 1;
    if (this.#additions >= this.#sampleSize) this.#halve();
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#table = new Uint32Array(BLOCK_WORDS);
    this.#blockMask = 0;
    this.#additions = 0;
    this.ensureCapacity(this.#sampleSize / SAMPLE_FACTOR);
  }

  /** Throws when the bookkeeping is wrong. */
  checkInvariants(): void {
    if (this.#additions >= this.#sampleSize) throw new Error("frequency sketch: was not halved in time");
    if (this.#table.length !== (this.#blockMask + 1) * BLOCK_WORDS)
      throw new Error("frequency sketch: mask and table differ");
  }

  #halve(): void {
    const table = this.#table;
    for (let index = 0; index < table.length; index += 1) {
      table[index] = ((table[index] as number) >>> 1) & 0x7777_7777;
    }
    this.#additions >>>= 1;
  }
}
