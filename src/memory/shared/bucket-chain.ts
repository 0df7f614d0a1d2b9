import type { KeyHash } from "./key-hash.ts";
import {
  HEADER_BYTES,
  isPlausible,
  LIST_FLAG,
  MAX_SIBLING_COUNT,
  RECORD,
  siblingCountOf,
  siblingWord,
  WIDE_KEY_FLAG,
} from "./record-format.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";

/** A search fails when the bucket changes meanwhile. So many times in a row while its head stays the same, that cannot be why. */
const MAX_FAILED_COUNT = 64;

/**
 * Looks into buckets. A bucket is one 64-bit word, address and sequence; the record at the address lists the bucket's other
 * entries, so one compare-and-set changes a bucket as a whole and there is nothing else that could change.
 *
 * What was found stands in the fields until the next call. It may be gone already: whoever answers from it asks
 * {@link BucketChain.isStable} after copying; whoever changes the bucket by {@link BucketChain.replace} learns it there.
 */
export class BucketChain {
  /** The bucket looked at. */
  bucket = 0;
  /** Address at its head; 0 when it is empty. */
  head = 0;
  /** The entry found, or 0. */
  found = 0;
  /** The bucket's entries after {@link BucketChain.collect}: hashes and addresses, newest first. */
  readonly hashes: Int32Array = new Int32Array(MAX_SIBLING_COUNT + 2);
  readonly addresses: Int32Array = new Int32Array(MAX_SIBLING_COUNT + 2);
  readonly #slab: SharedSlab;
  readonly #segments: SegmentTable;
  readonly #mask: number;
  readonly #headAt: number;
  #sequence = 0;
  /** The generation that what was read depends on, and where it stands. */
  #generationWord = 0;
  #generation = 0;

  constructor(slab: SharedSlab, segments: SegmentTable) {
    this.#slab = slab;
    this.#segments = segments;
    this.#mask = slab.layout.bucketCount - 1;
    this.#headAt = slab.layout.headAt;
  }

  /** Loads a bucket's head. The sequence comes first: a pair of an old sequence and a new address is nowhere, so a change on it fails. */
  loadHead(bucket: number): void {
    const { i32 } = this.#slab;
    const word = (this.#headAt + bucket) * 2;
    this.bucket = bucket;
    this.#sequence = Atomics.load(i32, word + 1);
    this.head = Atomics.load(i32, word);
  }

  /**
   * Finds the entry of a key. Sets {@link BucketChain.found}; when it is 0 the key was certainly not there. A bucket that cannot be
   * followed although nobody changes it is damaged, and is emptied: no call hangs.
   *
   * @param text the text of which `key` is the hash
   */
  locate(key: KeyHash, text: string): void {
    const bucket = key.low & this.#mask;
    for (let failedCount = 0; ; ) {
      this.loadHead(bucket);
      this.found = 0;
      if (this.head === 0 || this.#search(key, text)) return;
      failedCount = this.isHeadUnchanged() ? failedCount + 1 : 0;
      if (failedCount >= MAX_FAILED_COUNT) this.replace(0);
    }
  }

  /** Whether nothing that was read could have been written over. Call it after all copies are made. */
  isStable(): boolean {
    if (this.head === 0) return true;
    this.#slab.fence();
    return Atomics.load(this.#slab.i32, this.#generationWord) === this.#generation;
  }

  /** Whether the bucket is as it was when its head was loaded; then everything that was read of it was right. */
  isHeadUnchanged(): boolean {
    const { i32 } = this.#slab;
    const word = (this.#headAt + this.bucket) * 2;
    this.#slab.fence();
    return Atomics.load(i32, word + 1) === this.#sequence && Atomics.load(i32, word) === this.head;
  }

  /**
   * Lists the bucket's entries but one into {@link BucketChain.hashes} and {@link BucketChain.addresses}. What is listed
   * may be wrong when the bucket was changed meanwhile; then {@link BucketChain.replace} fails.
   *
   * @returns how many
   */
  collect(excluded: number): number {
    const { i32 } = this.#slab;
    const { head } = this;
    if (head === 0 || !isPlausible(this.#slab, head)) return 0;
    const word = head * 2;
    const flags = i32[word + RECORD.flags] as number;
    let count = 0;
    if (head !== excluded && (flags & LIST_FLAG) === 0)
      count = this.#add(count, i32[word + RECORD.hash] as number, head);
    const siblingCount = Math.min(siblingCountOf(flags), MAX_SIBLING_COUNT);
    let at = siblingWord(i32, word, siblingCountOf(flags));
    for (let index = 0; index < siblingCount; index += 1, at += 2) {
      const address = i32[at + 1] as number;
      if (address !== excluded) count = this.#add(count, i32[at] as number, address);
    }
    return count;
  }

  /** Whether an address is among the bucket's entries, as far as can be seen. */
  holds(address: number): boolean {
    const count = this.collect(0);
    return this.addresses.subarray(0, count).includes(address);
  }

  /** Puts another record at the head, provided that nothing changed since the head was loaded. @returns whether it did */
  replace(address: number): boolean {
    const slab = this.#slab;
    const expected = slab.pair(this.head, this.#sequence);
    const wanted = slab.pair(address, (this.#sequence + 1) | 0);
    return Atomics.compareExchange(slab.b64, this.#headAt + this.bucket, expected, wanted) === expected;
  }

  /** @returns false when the bucket changed while it was read */
  #search(key: KeyHash, text: string): boolean {
    const { i32 } = this.#slab;
    const { head } = this;
    if (!this.#follow(head)) return false;
    const word = head * 2;
    if (!isPlausible(this.#slab, head)) return false;
    const flags = i32[word + RECORD.flags] as number;
    if (i32[word + RECORD.hash] === key.high && (flags & LIST_FLAG) === 0 && this.#hasKey(head, key, text)) {
      this.found = head;
      return true;
    }
    const siblingCount = siblingCountOf(flags);
    let at = siblingWord(i32, word, siblingCount);
    for (let index = 0; index < siblingCount; index += 1, at += 2) {
      if (i32[at] !== key.high) continue;
      const outcome = this.#trySibling(i32[at + 1] as number, key, text);
      if (outcome === undefined) return false;
      if (outcome) return true;
    }
    return this.isStable();
  }

  /** @returns whether it is the key's, `undefined` when the bucket changed */
  #trySibling(address: number, key: KeyHash, text: string): boolean | undefined {
    const headWord = this.#generationWord;
    const headGeneration = this.#generation;
    if (!this.#follow(address)) return undefined;
    // The head was where it is after the sibling's generation was read, and was not written over: the list was right then.
    if (Atomics.load(this.#slab.i32, headWord) !== headGeneration || !isPlausible(this.#slab, address))
      return undefined;
    if (this.#hasKey(address, key, text)) {
      this.found = address;
      return true;
    }
    if (!this.isStable()) return undefined;
    this.#generationWord = headWord;
    this.#generation = headGeneration;
    return false;
  }

  /**
   * Notes the generation of the segment that an address lies in, then makes sure that the head is still the same: from here on
   * the address was in use, and an unchanged generation means that its bytes are those.
   */
  #follow(address: number): boolean {
    const { i32, layout } = this.#slab;
    const segment = this.#segments.of(address);
    if (segment >= layout.segmentCount) return false;
    this.#generationWord = this.#segments.generationWord(segment);
    this.#generation = Atomics.load(i32, this.#generationWord);
    return Atomics.load(i32, (this.#headAt + this.bucket) * 2) === this.head;
  }

  #hasKey(address: number, key: KeyHash, text: string): boolean {
    const { i32, u8 } = this.#slab;
    const word = address * 2;
    const { length } = text;
    const isWide = ((i32[word + RECORD.flags] as number) & WIDE_KEY_FLAG) !== 0;
    if (isWide === key.isNarrow) return false;
    const keyBytes = i32[word + RECORD.keyBytes] as number;
    const at = address * 8 + HEADER_BYTES;
    if (!isWide) {
      if (keyBytes !== length) return false;
      for (let index = 0; index < length; index += 1) if (u8[at + index] !== text.charCodeAt(index)) return false;
      return true;
    }
    if (keyBytes !== length * 2) return false;
    for (let index = 0; index < length; index += 1) {
      const byte = at + index * 2;
      if (((u8[byte] as number) | ((u8[byte + 1] as number) << 8)) !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  #add(count: number, hash: number, address: number): number {
    this.hashes[count] = hash;
    this.addresses[count] = address;
    return count + 1;
  }
}
