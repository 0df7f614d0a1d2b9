import { keyHash } from "./key-hash.mjs";

const SLOT_MASK = 0xffffff;
const PAGE_BITS = 16;
const PAGE = 1 << PAGE_BITS;
const OFFSET = PAGE - 1;
/** Linear hashing: chains through the slots' records, buckets split one at a time; all arrays in pages. */
export class LinearHashing {
  #heads = [new Int32Array(PAGE)];
  #records = [];
  #refs = [];
  #bits = [];
  #mask = 63;
  #split = 0;
  #hand = 0;
  #count = 0;
  #capacity;
  #seed = 0x9e3779b9;
  constructor(capacity) {
    this.#capacity = capacity;
  }
  #find(key, hash) {
    let bucket = hash & this.#mask;
    if (bucket < this.#split) bucket = hash & (this.#mask * 2 + 1);
    let word = this.#heads[bucket >>> PAGE_BITS][bucket & OFFSET];
    const tag = hash & ~SLOT_MASK;
    while (word !== 0) {
      const slot = (word & SLOT_MASK) - 1;
      if ((word & ~SLOT_MASK) === tag && this.#refs[slot >>> PAGE_BITS][(slot & OFFSET) << 1] === key) return slot;
      word = this.#records[slot >>> PAGE_BITS][((slot & OFFSET) << 1) + 1];
    }
    return -1;
  }
  get(key) {
    const slot = this.#find(key, keyHash(key, this.#seed));
    if (slot < 0) return undefined;
    this.#bits[slot >>> PAGE_BITS][slot & OFFSET] = 1;
    return this.#refs[slot >>> PAGE_BITS][((slot & OFFSET) << 1) + 1];
  }
  set(key, value) {
    const hash = keyHash(key, this.#seed);
    let slot = this.#find(key, hash);
    if (slot >= 0) {
      this.#bits[slot >>> PAGE_BITS][slot & OFFSET] = 1;
      this.#refs[slot >>> PAGE_BITS][((slot & OFFSET) << 1) + 1] = value;
      return;
    }
    if (this.#count < this.#capacity) {
      slot = this.#count++;
      if ((slot & OFFSET) === 0) {
        this.#records.push(new Int32Array(PAGE * 2));
        this.#refs.push(new Array(PAGE * 2).fill(undefined));
        this.#bits.push(new Uint8Array(PAGE));
      }
      this.#splitOne();
    } else {
      slot = this.#victim();
      this.#unlink(slot);
    }
    let bucket = hash & this.#mask;
    if (bucket < this.#split) bucket = hash & (this.#mask * 2 + 1);
    const heads = this.#heads[bucket >>> PAGE_BITS];
    const record = this.#records[slot >>> PAGE_BITS];
    const offset = (slot & OFFSET) << 1;
    record[offset] = hash;
    record[offset + 1] = heads[bucket & OFFSET];
    heads[bucket & OFFSET] = (hash & ~SLOT_MASK) | (slot + 1);
    this.#bits[slot >>> PAGE_BITS][slot & OFFSET] = 0;
    const refs = this.#refs[slot >>> PAGE_BITS];
    refs[offset] = key;
    refs[offset + 1] = value;
  }
  #unlink(slot) {
    const offset = (slot & OFFSET) << 1;
    const record = this.#records[slot >>> PAGE_BITS];
    const hash = record[offset];
    let bucket = hash & this.#mask;
    if (bucket < this.#split) bucket = hash & (this.#mask * 2 + 1);
    let array = this.#heads[bucket >>> PAGE_BITS];
    let at = bucket & OFFSET;
    while ((array[at] & SLOT_MASK) !== slot + 1) {
      const other = (array[at] & SLOT_MASK) - 1;
      array = this.#records[other >>> PAGE_BITS];
      at = ((other & OFFSET) << 1) + 1;
    }
    array[at] = record[offset + 1];
  }
  #splitOne() {
    const bucketCount = this.#mask + 1 + this.#split;
    if (this.#count < bucketCount * LOAD) return;
    const from = this.#split;
    const to = bucketCount;
    if (to >>> PAGE_BITS === this.#heads.length) this.#heads.push(new Int32Array(PAGE));
    const bit = this.#mask + 1;
    let word = this.#heads[from >>> PAGE_BITS][from & OFFSET];
    let low = 0;
    let high = 0;
    while (word !== 0) {
      const slot = (word & SLOT_MASK) - 1;
      const record = this.#records[slot >>> PAGE_BITS];
      const offset = (slot & OFFSET) << 1;
      const next = record[offset + 1];
      if ((record[offset] & bit) === 0) {
        record[offset + 1] = low;
        low = word;
      } else {
        record[offset + 1] = high;
        high = word;
      }
      word = next;
    }
    this.#heads[from >>> PAGE_BITS][from & OFFSET] = low;
    this.#heads[to >>> PAGE_BITS][to & OFFSET] = high;
    this.#split = from + 1;
    if (this.#split === bit) {
      this.#mask = this.#mask * 2 + 1;
      this.#split = 0;
    }
  }
  #victim() {
    for (;;) {
      const slot = this.#hand;
      this.#hand = slot + 1 === this.#capacity ? 0 : slot + 1;
      const bits = this.#bits[slot >>> PAGE_BITS];
      if (bits[slot & OFFSET] === 0) return slot;
      bits[slot & OFFSET] = 0;
    }
  }
}
const LOAD = 0.75;
