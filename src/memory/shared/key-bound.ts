import { isPlausible, LIST_FLAG, RECORD } from "./record-format.ts";
import type { RecordWriter } from "./record-writer.ts";
import type { SegmentRecycler } from "./segment-recycler.ts";
import { MAIN, PROBATION, type QueueName, SEGMENT_STATE, type SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";

const PROBATION_RATIO = 0.1;
/** Visits in search of one victim before entries that were read go too: others may read as fast as the hand forgets. */
const MAX_VISIT_COUNT = 10_000;

/** Where a hand stands: the next record of a segment. */
interface Hand {
  segment: number;
  address: number;
  /** Orders segments in a walk around: the oldest first, then round again. */
  age: number;
}

/**
 * Keeps the number of entries within `maxKeys`. Two hands, one for each queue, go round over the records in the order of their
 * segments and take the first entry that was not read since they passed; on probation, one that was read goes to the main queue.
 */
export class KeyBound {
  readonly #slab: SharedSlab;
  readonly #segments: SegmentTable;
  readonly #writer: RecordWriter;
  readonly #recycler: SegmentRecycler;
  readonly #hands: readonly [Hand, Hand] = [
    { segment: -1, address: 0, age: Number.NEGATIVE_INFINITY },
    { segment: -1, address: 0, age: Number.NEGATIVE_INFINITY },
  ];
  #liveCounts: [number, number] = [0, 0];
  #countedFor = 0;

  constructor(parts: { slab: SharedSlab; segments: SegmentTable; writer: RecordWriter; recycler: SegmentRecycler }) {
    this.#slab = parts.slab;
    this.#segments = parts.segments;
    this.#writer = parts.writer;
    this.#recycler = parts.recycler;
  }

  /** Evicts until the bound holds. @param spared address of the entry just written, which stays */
  enforce(spared: number): void {
    const { maxKeys } = this.#slab.layout;
    if (maxKeys === Number.POSITIVE_INFINITY) return;
    for (let visit = 0; this.#segments.keyCount() > maxKeys && visit < MAX_VISIT_COUNT * 2; visit += 1) {
      this.#visit(spared, visit > MAX_VISIT_COUNT);
    }
  }

  #visit(spared: number, isMerciless: boolean): void {
    const queue = this.#chooseQueue();
    const address = this.#step(queue);
    if (address === 0 || address === spared) return;
    const touches = this.#writer.touchesOf(address);
    if (isMerciless || touches === 0) this.#recycler.settle(address, queue, false);
    else if (queue === MAIN) this.#writer.setTouches(address, touches - 1);
    else this.#recycler.settle(address, queue, true);
  }

  #chooseQueue(): QueueName {
    if (this.#countedFor === 0) this.#count();
    this.#countedFor -= 1;
    const [probation, main] = this.#liveCounts;
    return main === 0 || probation > PROBATION_RATIO * (probation + main) ? PROBATION : MAIN;
  }

  /** Counts anew after as many visits as an eighth of the entries: the balance does not move faster. */
  #count(): void {
    this.#liveCounts = [0, 0];
    for (let segment = 0; segment < this.#slab.layout.segmentCount; segment += 1) {
      if (this.#isUsed(segment))
        this.#liveCounts[this.#segments.queueOf(segment)] += this.#segments.liveCountOf(segment);
    }
    this.#countedFor = Math.max(1, Math.min(256, (this.#liveCounts[0] + this.#liveCounts[1]) >> 3));
  }

  /** The entry under a hand, which moves on; 0 when there is none. */
  #step(queue: QueueName): number {
    const hand = this.#hands[queue];
    const { segment, address } = hand;
    const isInside =
      segment >= 0 &&
      this.#isUsed(segment) &&
      this.#segments.queueOf(segment) === queue &&
      address < this.#segments.startOf(segment) + this.#segments.tailOf(segment) &&
      isPlausible(this.#slab, address);
    if (!isInside) {
      this.#nextSegment(queue);
      this.#countedFor = 0;
      return 0;
    }
    const { i32 } = this.#slab;
    hand.address += i32[address * 2 + RECORD.size] as number;
    return ((i32[address * 2 + RECORD.flags] as number) & LIST_FLAG) === 0 ? address : 0;
  }

  /** The segment next in age; after the youngest the oldest. */
  #nextSegment(queue: QueueName): void {
    const hand = this.#hands[queue];
    let next: Hand | undefined;
    let oldest: Hand | undefined;
    for (let segment = 0; segment < this.#slab.layout.segmentCount; segment += 1) {
      if (!this.#isUsed(segment) || this.#segments.queueOf(segment) !== queue) continue;
      const candidate = { segment, address: this.#segments.startOf(segment), age: this.#ageOf(segment) };
      if (oldest === undefined || candidate.age < oldest.age) oldest = candidate;
      if (candidate.age > hand.age && (next === undefined || candidate.age < next.age)) next = candidate;
    }
    Object.assign(hand, next ?? oldest ?? { segment: -1, address: 0, age: Number.NEGATIVE_INFINITY });
  }

  /** Open segments are the youngest; among them the number orders. */
  #ageOf(segment: number): number {
    const isOpen = this.#segments.stateOf(segment) === SEGMENT_STATE.open;
    return isOpen ? 2 ** 40 + segment : this.#segments.sequenceOf(segment);
  }

  #isUsed(segment: number): boolean {
    const state = this.#segments.stateOf(segment);
    return state === SEGMENT_STATE.open || state === SEGMENT_STATE.sealed;
  }
}
