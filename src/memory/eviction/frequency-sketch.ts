import { mixHash } from "../../foundation/hash.ts";

/** A block is 16 words of 32 bits: one cache line, so that an update touches memory once. */
const BLOCK_WORDS = 16;
const BLOCK_BITS = 4;
const MAX_COUNT = 15;
/** Counters are halved after this many additions per entry of capacity. */
const SAMPLE_FACTOR = 10;
/** One block serves this many entries: as many counters of 4 bits as it has, by 16 for each entry. */
const ENTRIES_PER_BLOCK = 8;
/** Keeps the additions between two halvings countable in a small integer. */
const MAX_CAPACITY_COUNT = 2 ** 26;
/** Blocks that one addition ages, and that it adds while the sketch grows: 128 bytes of memory for each kind of work. */
const BLOCKS_PER_STEP = 2;
const PAGE_BLOCK_BITS = 10;
const PAGE_BLOCKS: number = 1 << PAGE_BLOCK_BITS;
const BLOCK_OFFSET_MASK: number = PAGE_BLOCKS - 1;
/** The lowest bit of each counter of a word, and all bits but the highest of each. */
const ODD_BITS = 0x1111_1111;
const HALF_BITS = 0x7777_7777;

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
 * Nothing is ever done to the whole table at once. Halving only begins a new epoch: a block whose epoch is old is halved when it
 * is next needed, or by a hand that passes two blocks with every addition; what is read is what a halving of all at
 * once would have left. Growing adds blocks one by one, each a copy of the one whose hashes it shares from now on (linear hashing), so
 * counts are kept. Blocks lie in pages of 64 KB, made when first written.
 *
 * Deviations from the source: 32-bit words in place of 64-bit ones, the halving in steps, and the growth that keeps counts.
 *
 * Source: Caffeine's FrequencySketch,
 * https://github.com/ben-manes/caffeine/blob/master/caffeine/src/main/java/com/github/benmanes/caffeine/cache/FrequencySketch.java
 */
export class FrequencySketch {
  readonly #pages: (Int32Array | undefined)[] = [];
  /** Of each block, the epoch it was last halved for: 0 or 1. One page for each page of blocks. */
  readonly #epochs: Uint8Array[] = [];
  #blockCount = 1;
  /** The largest power of two that is at most `#blockCount`, minus 1. */
  #mask = 0;
  #wantedBlockCount = 1;
  #epoch = 0;
  /** The next block to halve, and where the blocks end that were there when the epoch began. */
  #hand = 0;
  #handEnd = 0;
  /** Odd counters met by the halving that is under way: each lost half a count. */
  #oddCount = 0;
  #sampleSize = SAMPLE_FACTOR;
  /** Additions in this epoch; when all blocks are halved, what the last one left is added. */
  #additions = 0;
  #additionsBefore = 0;
  #isEmpty = true;

  constructor(capacityCount: number) {
    this.ensureCapacity(capacityCount);
  }

  /** How many additions make the counters halve. */
  get sampleSize(): number {
    return this.#sampleSize;
  }

  /** Fits the sketch to a capacity. Grows with the next additions when needed, keeping counts; never shrinks. O(1). */
  ensureCapacity(capacityCount: number): void {
    const capacity = Math.max(1, Math.min(capacityCount, MAX_CAPACITY_COUNT));
    this.#sampleSize = Math.ceil(SAMPLE_FACTOR * capacity);
    // A smaller capacity halves at the next addition, once: what is known is not thrown away at a drift.
    this.#additions = Math.min(this.#additions, this.#sampleSize - 1);
    const wanted = Math.max(1, 2 ** Math.ceil(Math.log2(capacity)) / ENTRIES_PER_BLOCK);
    this.#wantedBlockCount = Math.max(this.#wantedBlockCount, wanted);
    if (!this.#isEmpty) return;
    this.#blockCount = this.#wantedBlockCount;
    this.#mask = this.#blockCount - 1;
  }

  /** Estimated number of times a hash was seen lately, 0 to 15. */
  frequency(hash: number): number {
    const blockHash = mixHash(hash);
    const block = this.#blockOf(blockHash);
    if (this.#hand < this.#handEnd) this.#halve(block);
    const page = this.#pages[block >>> PAGE_BLOCK_BITS];
    const base = (block & BLOCK_OFFSET_MASK) << BLOCK_BITS;
    if (page === undefined || base >= page.length) return 0;
    const bits = spreadBits(blockHash);
    return Math.min(
      countAt(page, base, bits),
      countAt(page, base + 4, bits >>> 8),
      countAt(page, base + 8, bits >>> 16),
      countAt(page, base + 12, bits >>> 24),
    );
  }

  /** Counts one sight of a hash; not where the platform has no room for another page. */
  increment(hash: number): void {
    try {
      this.#count(hash);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#pages.length = 0;
    this.#epochs.length = 0;
    this.#hand = 0;
    this.#handEnd = 0;
    this.#additions = 0;
    this.#wantedBlockCount = 1;
    this.#isEmpty = true;
    this.ensureCapacity(this.#sampleSize / SAMPLE_FACTOR);
  }

  /** Throws when the bookkeeping is wrong. */
  checkInvariants(): void {
    const isHalving = this.#hand < this.#handEnd;
    if (this.#additions >= this.#sampleSize && !isHalving) throw new Error("frequency sketch: was not halved in time");
    if (this.#blockCount > 2 * this.#mask + 1 || this.#blockCount <= this.#mask)
      throw new Error("frequency sketch: mask and table differ");
    for (let block = this.#hand; block < this.#blockCount && !isHalving; block += 1) {
      const epoch = this.#epochs[block >>> PAGE_BLOCK_BITS]?.[block & BLOCK_OFFSET_MASK];
      if (epoch !== undefined && epoch !== this.#epoch)
        throw new Error(`frequency sketch: block ${block} was passed by`);
    }
  }

  #count(hash: number): void {
    if (this.#hand < this.#handEnd) this.#halveSome();
    if (this.#blockCount < this.#wantedBlockCount) this.#growSome();
    const blockHash = mixHash(hash);
    const block = this.#blockOf(blockHash);
    if (this.#hand < this.#handEnd) this.#halve(block);
    const page = this.#pageOf(block);
    const base = (block & BLOCK_OFFSET_MASK) << BLOCK_BITS;
    const bits = spreadBits(blockHash);
    const isCounted =
      incrementAt(page, base, bits) +
      incrementAt(page, base + 4, bits >>> 8) +
      incrementAt(page, base + 8, bits >>> 16) +
      incrementAt(page, base + 12, bits >>> 24);
    if (isCounted === 0) return;
    this.#isEmpty = false;
    this.#additions += 1;
    if (this.#additions >= this.#sampleSize && this.#hand >= this.#handEnd) this.#beginEpoch();
  }

  /** The blocks above those that exist are still part of the one they will be split from. */
  #blockOf(blockHash: number): number {
    const block = blockHash & (2 * this.#mask + 1);
    return block < this.#blockCount ? block : blockHash & this.#mask;
  }

  /** The page of a block, made or made longer when it has no room for it. */
  #pageOf(block: number): Int32Array {
    const index = block >>> PAGE_BLOCK_BITS;
    const page = this.#pages[index];
    const offset = block & BLOCK_OFFSET_MASK;
    if (page !== undefined && offset << BLOCK_BITS < page.length) return page;
    let length = index === 0 ? 1 : PAGE_BLOCKS;
    while (length <= offset) length *= 2;
    const larger = new Int32Array(length * BLOCK_WORDS);
    const epochs = new Uint8Array(length).fill(this.#epoch);
    if (page !== undefined) {
      larger.set(page);
      epochs.set(this.#epochs[index] as Uint8Array);
    }
    this.#pages[index] = larger;
    this.#epochs[index] = epochs;
    return larger;
  }

  #beginEpoch(): void {
    this.#epoch = 1 - this.#epoch;
    this.#hand = 0;
    this.#handEnd = this.#blockCount;
    this.#oddCount = 0;
    this.#additionsBefore = this.#additions;
    this.#additions = 0;
  }

  #halveSome(): void {
    const end = Math.min(this.#hand + BLOCKS_PER_STEP, this.#handEnd);
    for (let block = this.#hand; block < end; block += 1) this.#halve(block);
    this.#hand = end;
    if (end < this.#handEnd) return;
    // Four counters count each addition; an odd one lost half of a count. A capacity that shrank meanwhile halves at the next.
    const left = Math.max(0, (this.#additionsBefore - (this.#oddCount >>> 2)) >>> 1);
    this.#additions = Math.min(this.#additions + left, this.#sampleSize - 1);
  }

  /** Halves a block if that was not done in this epoch. */
  #halve(block: number): void {
    const page = this.#pages[block >>> PAGE_BLOCK_BITS];
    const offset = block & BLOCK_OFFSET_MASK;
    const base = offset << BLOCK_BITS;
    if (page === undefined || base >= page.length) return;
    const epochs = this.#epochs[block >>> PAGE_BLOCK_BITS] as Uint8Array;
    if (epochs[offset] === this.#epoch) return;
    epochs[offset] = this.#epoch;
    let oddCount = 0;
    for (let index = base; index < base + BLOCK_WORDS; index += 1) {
      const word = page[index] as number;
      if (word === 0) continue;
      oddCount += sumOfNibbles(word & ODD_BITS);
      page[index] = (word >>> 1) & HALF_BITS;
    }
    this.#oddCount += oddCount;
  }

  #growSome(): void {
    for (let count = 0; count < BLOCKS_PER_STEP && this.#blockCount < this.#wantedBlockCount; count += 1)
      this.#addBlock();
  }

  /** Adds one block as a copy of the one its hashes were in until now. */
  #addBlock(): void {
    const added = this.#blockCount;
    const block = added - this.#mask - 1;
    if (this.#hand < this.#handEnd) this.#halve(block);
    const from = this.#pages[block >>> PAGE_BLOCK_BITS];
    const base = (block & BLOCK_OFFSET_MASK) << BLOCK_BITS;
    if (from !== undefined && base < from.length) {
      const to = this.#pageOf(added);
      to.set(from.subarray(base, base + BLOCK_WORDS), (added & BLOCK_OFFSET_MASK) << BLOCK_BITS);
      (this.#epochs[added >>> PAGE_BLOCK_BITS] as Uint8Array)[added & BLOCK_OFFSET_MASK] = this.#epoch;
    }
    this.#blockCount += 1;
    if (this.#blockCount === 2 * this.#mask + 2) this.#mask = 2 * this.#mask + 1;
  }
}

/** The bits that choose a counter in each row, 8 for each. */
function spreadBits(blockHash: number): number {
  const product = Math.imul(blockHash, 0x31848bab);
  return product ^ (product >>> 14);
}

/** The count in a row of 4 words that 5 bits choose. */
function countAt(page: Int32Array, row: number, bits: number): number {
  return ((page[row + ((bits >>> 3) & 3)] as number) >>> ((bits & 7) << 2)) & MAX_COUNT;
}

/** Raises the count in a row of 4 words that 5 bits choose. @returns 1, or 0 when it is at its limit */
function incrementAt(page: Int32Array, row: number, bits: number): number {
  const index = row + ((bits >>> 3) & 3);
  const shift = (bits & 7) << 2;
  const word = page[index] as number;
  if (((word >>> shift) & MAX_COUNT) === MAX_COUNT) return 0;
  page[index] = word + (1 << shift);
  return 1;
}

/** The sum of eight 4-bit numbers that are 0 or 1. */
function sumOfNibbles(word: number): number {
  return Math.imul(word, ODD_BITS) >>> 28;
}
