import type { BucketChain } from "./bucket-chain.ts";
import {
  isPlausible,
  LIST_FLAG,
  LIST_HEADER_UNITS,
  MAX_SIBLING_COUNT,
  RECORD,
  siblingCountOf,
  siblingWord,
  toFlags,
  withSiblingCount,
} from "./record-format.ts";
import { MAIN, PROBATION, type QueueName, type SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";

/** Who must know of entries that leave although nobody named their keys. */
export interface DropWitness {
  /** An entry is about to leave; its bytes are still there. What is noted in the slab must be noted now. */
  foresee(address: number): void;
  /** What was foreseen since the last call happened, or did not. */
  settle(hasHappened: boolean): void;
}

/** The most units a record's list takes. */
export const LIST_UNITS: number = MAX_SIBLING_COUNT;
/** Granules of the touch table are 8 units. */
const TOUCH_SHIFT = 3;

/**
 * Writes records into this participant's own open segments and publishes them. Two segments at most are open, one for each queue;
 * nobody else writes there, so nothing has to be reserved, and a thread that dies or sleeps in the middle of a record disturbs nobody.
 */
export class RecordWriter {
  readonly holder: number;
  readonly #slab: SharedSlab;
  readonly #segments: SegmentTable;
  readonly #chain: BucketChain;
  readonly #touchAt: number;
  /** Per queue: the open segment (−1: none), the next unit and the end. */
  readonly #open: [number, number] = [-1, -1];
  readonly #next: [number, number] = [0, 0];
  readonly #end: [number, number] = [0, 0];

  constructor(slab: SharedSlab, segments: SegmentTable, chain: BucketChain, holder: number) {
    this.#slab = slab;
    this.#segments = segments;
    this.#chain = chain;
    this.#touchAt = slab.layout.touchAt * 8;
    this.holder = holder;
  }

  /** Where the next record of a queue can be written, or 0 when the open segment has no room for that many units. */
  place(queue: QueueName, units: number): number {
    const next = this.#next[queue];
    return this.#open[queue] >= 0 && next + units <= this.#end[queue] ? next : 0;
  }

  /** The open segment of a queue, or −1. */
  openSegment(queue: QueueName): number {
    return this.#open[queue];
  }

  /** Opens a segment that was taken. */
  open(queue: QueueName, segment: number): void {
    this.#open[queue] = segment;
    this.#next[queue] = this.#segments.startOf(segment);
    this.#end[queue] = this.#next[queue] + this.#slab.layout.segmentUnits;
  }

  /** Ends a queue's open segment. */
  seal(queue: QueueName): void {
    const segment = this.#open[queue];
    if (segment < 0) return;
    this.#open[queue] = -1;
    this.#segments.setTail(segment, this.#next[queue] - this.#segments.startOf(segment));
    this.#segments.seal(segment, this.holder, queue);
  }

  /** How often the entry at an address was read, at most 3. */
  touchesOf(address: number): number {
    return this.#slab.u8[this.#touchAt + (address >>> TOUCH_SHIFT)] as number;
  }

  /** Sets how often it was read. Not exact when several threads do: a hint for eviction, outside of the records. */
  setTouches(address: number, count: number): void {
    this.#slab.u8[this.#touchAt + (address >>> TOUCH_SHIFT)] = count;
  }

  /**
   * Publishes the record that stands at {@link RecordWriter.place} as the head of the bucket, followed by all entries of the
   * bucket but `replaced`; fills in its list, size and sibling count. The bucket's head must have been loaded before.
   *
   * @param units the record's size without its list
   * @param witness told of the oldest entry when the list would be too long
   * @returns whether it is published; if not, everything is as it was
   */
  publish(queue: QueueName, units: number, replaced: number, witness: DropWitness): boolean {
    const chain = this.#chain;
    const address = this.#next[queue];
    const { i32 } = this.#slab;
    const word = address * 2;
    const count = chain.collect(replaced);
    const kept = Math.min(count, MAX_SIBLING_COUNT);
    i32[word + RECORD.size] = units + kept;
    i32[word + RECORD.flags] = withSiblingCount(i32[word + RECORD.flags] as number, kept);
    i32[word + RECORD.bucket] = chain.bucket;
    this.#writeList(word, kept);
    const overflow = count > kept ? (chain.addresses[kept] as number) : 0;
    if (overflow === 0) return this.#commit(queue, units + kept, 1, replaced, 0);
    witness.foresee(overflow);
    const hasHappened = this.#commit(queue, units + kept, 1, replaced, overflow);
    witness.settle(hasHappened);
    return hasHappened;
  }

  /**
   * Takes an entry out of its bucket; with address 0 only puts another record at the head in place of a list. The head must have
   * been loaded before.
   *
   * @returns 1: done; 0: the bucket changed meanwhile; −1: no room for the list, nothing done
   */
  unlink(address: number, queue: QueueName): 1 | 0 | -1 {
    const count = this.#chain.collect(address);
    const successor = count === 0 ? 0 : this.#successor(count);
    if (successor >= 0) return this.#commitExisting(successor, address);
    if (this.place(queue, LIST_HEADER_UNITS + LIST_UNITS) === 0) return -1;
    const word = this.#next[queue] * 2;
    const { i32 } = this.#slab;
    i32[word + RECORD.size] = LIST_HEADER_UNITS + count;
    i32[word + RECORD.flags] = toFlags(LIST_FLAG, 0, count);
    i32[word + RECORD.bucket] = this.#chain.bucket;
    this.#writeList(word, count);
    return this.#commit(queue, LIST_HEADER_UNITS + count, 0, address, 0) ? 1 : 0;
  }

  /** Empties a bucket at once, for want of room for anything better. @returns whether it is empty */
  unlinkAll(witness: DropWitness): boolean {
    const chain = this.#chain;
    const count = chain.collect(0);
    const gone = [...chain.addresses.subarray(0, count)];
    for (const address of gone) witness.foresee(address);
    const sizes = gone.map((address) => this.#sizeOf(address));
    const list = this.#listUnits();
    const hasHappened = chain.replace(0);
    witness.settle(hasHappened);
    if (!hasHappened) return false;
    this.#countHead(-list);
    gone.forEach((address, index) => {
      this.#segments.count(this.#segments.of(address), -(sizes[index] as number), -1);
    });
    return true;
  }

  /** An entry of the list whose own list is the rest of it can be the head as it is: most often there is one, the one that was head before. */
  #successor(count: number): number {
    const slab = this.#slab;
    const { addresses } = this.#chain;
    const address = addresses[0] as number;
    if (!isPlausible(slab, address)) return -1;
    const flags = slab.i32[address * 2 + RECORD.flags] as number;
    const siblingCount = siblingCountOf(flags);
    if ((flags & LIST_FLAG) !== 0 || siblingCount !== count - 1) return -1;
    const at = siblingWord(slab.i32, address * 2, siblingCount);
    for (let index = 0; index < siblingCount; index += 1) {
      if (slab.i32[at + index * 2 + 1] !== addresses[index + 1]) return -1;
    }
    return address;
  }

  #commitExisting(successor: number, removed: number): 1 | 0 {
    const list = this.#listUnits();
    const removedUnits = removed === 0 ? 0 : this.#sizeOf(removed);
    if (!this.#chain.replace(successor)) return 0;
    this.#countHead(-list);
    if (removed !== 0) this.#segments.count(this.#segments.of(removed), -removedUnits, -1);
    return 1;
  }

  /**
   * Counts before it publishes and takes back when that fails, and reads sizes before: a thread that is killed in between leaves
   * counts too high, which {@link SegmentTable.release} puts right. The tail must cover the record before anybody can find it.
   */
  #commit(queue: QueueName, units: number, entries: number, replaced: number, overflow: number): boolean {
    const segment = this.#open[queue];
    const address = this.#next[queue];
    const list = this.#listUnits();
    const replacedUnits = replaced === 0 ? 0 : this.#sizeOf(replaced);
    const overflowUnits = overflow === 0 ? 0 : this.#sizeOf(overflow);
    this.#segments.setTail(segment, address + units - this.#segments.startOf(segment));
    this.#segments.count(segment, units, entries);
    this.setTouches(address, 0);
    if (!this.#chain.replace(address)) {
      this.#segments.count(segment, -units, -entries);
      return false;
    }
    this.#next[queue] = address + units;
    this.#countHead(-list);
    if (replaced !== 0) this.#segments.count(this.#segments.of(replaced), -replacedUnits, -1);
    if (overflow !== 0) this.#segments.count(this.#segments.of(overflow), -overflowUnits, -1);
    return true;
  }

  /** Units of the head when it is a list, which is of no use once it is replaced. */
  #listUnits(): number {
    const { head } = this.#chain;
    if (head === 0 || !isPlausible(this.#slab, head)) return 0;
    const flags = this.#slab.i32[head * 2 + RECORD.flags] as number;
    return (flags & LIST_FLAG) === 0 ? 0 : this.#sizeOf(head);
  }

  #countHead(units: number): void {
    if (units !== 0) this.#segments.count(this.#segments.of(this.#chain.head), units, 0);
  }

  #sizeOf(address: number): number {
    return this.#slab.i32[address * 2 + RECORD.size] as number;
  }

  #writeList(word: number, count: number): void {
    const { i32 } = this.#slab;
    const { hashes, addresses } = this.#chain;
    let at = siblingWord(i32, word, count);
    for (let index = 0; index < count; index += 1, at += 2) {
      i32[at] = hashes[index] as number;
      i32[at + 1] = addresses[index] as number;
    }
  }
}

/** Both queues. */
export const QUEUES: readonly QueueName[] = [PROBATION, MAIN];
