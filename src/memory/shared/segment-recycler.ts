import type { RemovalCause } from "../../entry/removal.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { BucketChain } from "./bucket-chain.ts";
import { HEADER_UNITS, isPlausible, LIST_FLAG, RECORD, siblingCountOf } from "./record-format.ts";
import { deathCause } from "./record-life.ts";
import { type DropWitness, LIST_UNITS, QUEUES, type RecordWriter } from "./record-writer.ts";
import { MAIN, PROBATION, type QueueName, SEGMENT_STATE, type SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";
import type { VersionCells } from "./version-cells.ts";

/** What a segment's entries get when it is emptied: all that live stay, those that were read stay, or none. */
type Mercy = "all" | "read" | "none";

/** Segments that inserts leave free, so that whoever empties one has somewhere to put what stays. */
const RESERVED_COUNT = 2;
/** The queue of new entries gets this share of what is stored, as in S3-FIFO. */
const PROBATION_RATIO = 0.1;
/** Reads on probation that make an entry stay. */
const PROMOTION_TOUCH_COUNT = 1;
/** Of a segment of the main queue at most this share stays: emptying it must free more than it costs. */
const MAX_KEPT_RATIO = 0.6;
/** When this share of the written space is of no use any more, it is gathered instead of evicting what is. */
const GARBAGE_RATIO = 0.15;
const MAX_TOUCH_COUNT = 3;

/**
 * Finds room: takes a free segment, or empties one that was filled long ago.
 *
 * The order of eviction is S3-FIFO's, by segments: new entries stand in the first queue (a tenth of the space) and leave unless they
 * were read; those and the ones whose hash is remembered as evicted too early stand in the main queue, which is a CLOCK with 2-bit counters.
 * We deviate: queues are of segments, counters lie beside them and are shared by entries within 64 bytes, the ghost queue is a
 * table without order, and at most 60 % of a segment stays. Source: https://dl.acm.org/doi/10.1145/3600006.3613147
 */
export class SegmentRecycler {
  readonly #slab: SharedSlab;
  readonly #segments: SegmentTable;
  readonly #chain: BucketChain;
  readonly #writer: RecordWriter;
  readonly #cells: VersionCells;
  readonly #clock: Clock;
  readonly #witness: DropWitness;

  constructor(
    parts: { slab: SharedSlab; segments: SegmentTable; chain: BucketChain; writer: RecordWriter; cells: VersionCells },
    clock: Clock,
    witness: DropWitness,
  ) {
    this.#slab = parts.slab;
    this.#segments = parts.segments;
    this.#chain = parts.chain;
    this.#writer = parts.writer;
    this.#cells = parts.cells;
    this.#clock = clock;
    this.#witness = witness;
  }

  /**
   * Opens a segment with room for new records of a queue. What was read from buckets before is void. Amortized O(1) a record.
   *
   * @returns whether there is room; false only when every segment is held by others
   */
  makeRoom(queue: QueueName, units: number): boolean {
    const { segmentCount } = this.#slab.layout;
    for (let round = 0; round < segmentCount * 4; round += 1) {
      if (this.#writer.place(queue, units) !== 0) return true;
      this.#writer.seal(queue);
      if (this.#takeFree(queue, RESERVED_COUNT)) return true;
      this.#emptyOne(round < segmentCount * 2 ? undefined : "none");
    }
    return this.#writer.place(queue, units) !== 0 || this.#takeFree(queue, 0);
  }

  #takeFree(queue: QueueName, leftCount: number): boolean {
    const segments = this.#segments;
    const free: number[] = [];
    for (let segment = 0; segment < this.#slab.layout.segmentCount && free.length <= leftCount; segment += 1) {
      if (segments.stateOf(segment) === SEGMENT_STATE.free) free.push(segment);
    }
    if (free.length <= leftCount) return false;
    for (const segment of free) {
      if (!segments.take(segment, this.#writer.holder, queue)) continue;
      this.#writer.open(queue, segment);
      return true;
    }
    return false;
  }

  #emptyOne(mercy: Mercy | undefined): void {
    const victim = this.#choose();
    if (victim === undefined) return;
    const queue = this.#segments.queueOf(victim.segment);
    if (!this.#segments.claim(victim.segment, this.#writer.holder, queue)) return;
    this.#empty(victim.segment, queue, mercy ?? victim.mercy);
    this.#segments.release(victim.segment);
  }

  /** The segment to empty. */
  #choose(): { segment: number; mercy: Mercy } | undefined {
    const census = this.#census();
    const { emptiest, emptiestUnits, oldest, writtenUnits, liveUnits } = census;
    if (emptiest < 0) return undefined;
    const isGarbageMuch = writtenUnits - liveUnits[0] - liveUnits[1] > GARBAGE_RATIO * writtenUnits;
    const isWorthwhile = emptiestUnits <= MAX_KEPT_RATIO * this.#slab.layout.segmentUnits;
    if (emptiestUnits <= 0 || (isGarbageMuch && isWorthwhile)) return { segment: emptiest, mercy: "all" };
    const isProbationFull = liveUnits[0] > PROBATION_RATIO * (liveUnits[0] + liveUnits[1]);
    const queue = (isProbationFull && oldest[0] >= 0) || oldest[1] < 0 ? PROBATION : MAIN;
    return { segment: oldest[queue], mercy: "read" };
  }

  #census(): {
    emptiest: number;
    emptiestUnits: number;
    oldest: [number, number];
    writtenUnits: number;
    liveUnits: [number, number];
  } {
    const segments = this.#segments;
    const census = {
      ...{ emptiest: -1, emptiestUnits: Number.POSITIVE_INFINITY, writtenUnits: 0 },
      ...{ oldest: [-1, -1] as [number, number], liveUnits: [0, 0] as [number, number] },
    };
    for (let segment = 0; segment < this.#slab.layout.segmentCount; segment += 1) {
      if (segments.stateOf(segment) !== SEGMENT_STATE.sealed) continue;
      const queue = segments.queueOf(segment);
      const units = segments.liveUnitsOf(segment);
      census.writtenUnits += segments.tailOf(segment);
      census.liveUnits[queue] += units;
      if (units < census.emptiestUnits) [census.emptiest, census.emptiestUnits] = [segment, units];
      const rival = census.oldest[queue];
      // The difference is right also when the sequence has passed 2^31.
      const isOlder = rival < 0 || ((segments.sequenceOf(segment) - segments.sequenceOf(rival)) | 0) < 0;
      if (isOlder) census.oldest[queue] = segment;
    }
    return census;
  }

  /** Takes everything out of a claimed segment that can still be found in it. */
  #empty(segment: number, queue: QueueName, mercy: Mercy): void {
    const start = this.#segments.startOf(segment);
    const end = start + Math.min(this.#segments.tailOf(segment), this.#slab.layout.segmentUnits);
    const least = mercy === "read" ? this.#leastTouches(start, end, queue) : 0;
    let budgetUnits = MAX_KEPT_RATIO * this.#slab.layout.segmentUnits;
    for (let address = start; address < end && isPlausible(this.#slab, address); ) {
      const units = this.#slab.i32[address * 2 + RECORD.size] as number;
      const isAllowed = mercy !== "none" && (mercy === "all" || budgetUnits > 0);
      const isKept = isAllowed && this.#writer.touchesOf(address) >= least;
      if (this.settle(address, queue, isKept) && mercy === "read") budgetUnits -= units;
      address += units;
    }
  }

  /** How often an entry must have been read to stay, so that about the kept share does. */
  #leastTouches(start: number, end: number, queue: QueueName): number {
    if (queue === PROBATION) return PROMOTION_TOUCH_COUNT;
    const units = [0, 0, 0, 0];
    for (let address = start; address < end && isPlausible(this.#slab, address); ) {
      const size = this.#slab.i32[address * 2 + RECORD.size] as number;
      const touches = Math.min(MAX_TOUCH_COUNT, this.#writer.touchesOf(address));
      units[touches] = (units[touches] as number) + size;
      address += size;
    }
    const most = MAX_KEPT_RATIO * this.#slab.layout.segmentUnits;
    let kept = units[3] as number;
    let least = MAX_TOUCH_COUNT;
    while (least > 1 && kept + (units[least - 1] as number) <= most) {
      least -= 1;
      kept += units[least] as number;
    }
    return least;
  }

  /**
   * Moves an entry to where it is safe, or drops it; does nothing when it cannot be found any more. What stands at the address may be
   * anything, as long as its segment is not handed out by this thread: a bucket that lists the address vouches for it.
   *
   * @returns whether it was moved
   */
  settle(address: number, queue: QueueName, isKept: boolean): boolean {
    const { i32 } = this.#slab;
    const bucket = i32[address * 2 + RECORD.bucket] as number;
    if (bucket < 0 || bucket >= this.#slab.layout.bucketCount) return false;
    if (((i32[address * 2 + RECORD.flags] as number) & LIST_FLAG) !== 0) {
      this.#settleList(address, bucket);
      return false;
    }
    for (;;) {
      if (!this.#isListed(bucket, address)) return false;
      const moved = isKept && this.#cause(address) === undefined ? this.#move(address, queue) : -1;
      if (moved === 1) return true;
      if (moved === -1 && this.#drop(address, queue)) return false;
    }
  }

  /** Drops an entry if it is dead; as {@link SegmentRecycler.settle}. @returns whether it did */
  bury(address: number, queue: QueueName): boolean {
    const bucket = this.#slab.i32[address * 2 + RECORD.bucket] as number;
    if (bucket < 0 || bucket >= this.#slab.layout.bucketCount) return false;
    for (;;) {
      this.#chain.loadHead(bucket);
      if (!this.#chain.holds(address) || this.#cause(address) === undefined) return false;
      if (this.#drop(address, queue)) return true;
    }
  }

  /** Loads a bucket's head. @returns whether an address is among its entries */
  #isListed(bucket: number, address: number): boolean {
    for (;;) {
      this.#chain.loadHead(bucket);
      if (this.#chain.holds(address)) return true;
      // What was read of a bucket that changed meanwhile may be anything: only of one that did not, "no" is an answer. Else an entry
      // would stay behind in a segment that is written over.
      if (this.#chain.isHeadUnchanged()) return false;
    }
  }

  #cause(address: number): RemovalCause | undefined {
    return deathCause(this.#slab, this.#cells, this.#clock, address);
  }

  /** Puts something else at the head of a bucket whose head is a list in a segment that is emptied. */
  #settleList(address: number, bucket: number): void {
    do this.#chain.loadHead(bucket);
    while (this.#chain.head === address && !this.#moveList());
  }

  /** @returns as `RecordWriter.unlink` */
  #move(address: number, queue: QueueName): 1 | 0 | -1 {
    const { i32 } = this.#slab;
    const flags = i32[address * 2 + RECORD.flags] as number;
    const units = (i32[address * 2 + RECORD.size] as number) - siblingCountOf(flags);
    // Of a segment that is not claimed by this thread anything may stand here by now; then the bucket has changed as well.
    if (units < HEADER_UNITS || units > this.#slab.layout.segmentUnits - LIST_UNITS) return 0;
    const touches = this.#writer.touchesOf(address);
    const target = this.#targetOf(queue, touches);
    const place = this.#placeForMove(target, units + LIST_UNITS);
    if (place === 0) return -1;
    i32.copyWithin(place * 2, address * 2, (address + units) * 2);
    const stamp = this.#freshStamp(address);
    if (stamp !== undefined) this.#slab.f64[place + 5] = stamp;
    if (!this.#writer.publish(target, units, address, this.#witness)) return 0;
    this.#writer.setTouches(place, queue === MAIN ? Math.max(0, touches - 1) : 0);
    return 1;
  }

  #targetOf(queue: QueueName, touches: number): QueueName {
    return queue === MAIN || touches >= PROMOTION_TOUCH_COUNT ? MAIN : PROBATION;
  }

  /**
   * A newer stamp for an entry that lives, so that it need not answer for what was invalidated long ago. Only while no invalidation
   * is under way: one that drew its version before the stamp would otherwise end the entry, and the stamp bring it back for a moment.
   */
  #freshStamp(address: number): number | undefined {
    const stamp = this.#slab.currentVersion();
    if (this.#slab.hasInvalidationsInFlight()) return undefined;
    return this.#cause(address) === undefined ? stamp : undefined;
  }

  #moveList(): boolean {
    if (this.#writer.unlink(0, MAIN) !== -1) return this.#chain.head === 0 || !this.#isHeadUnchanged();
    if (this.#placeForMove(MAIN, HEADER_UNITS + LIST_UNITS) === 0) return this.#writer.unlinkAll(this.#witness);
    return false;
  }

  #isHeadUnchanged(): boolean {
    const { head, bucket } = this.#chain;
    this.#chain.loadHead(bucket);
    return this.#chain.head === head;
  }

  #drop(address: number, queue: QueueName): boolean {
    this.#witness.foresee(address);
    const outcome = this.#writer.unlink(address, queue);
    this.#witness.settle(outcome === 1);
    if (outcome !== -1) return outcome === 1;
    if (this.#placeForMove(queue, HEADER_UNITS + LIST_UNITS) !== 0) return false;
    return this.#writer.unlinkAll(this.#witness);
  }

  /** Room for what stays: the reserve is for this. 0: there is none. */
  #placeForMove(queue: QueueName, units: number): number {
    const place = this.#writer.place(queue, units);
    if (place !== 0) return place;
    this.#writer.seal(queue);
    return this.#takeFree(queue, 0) ? this.#writer.place(queue, units) : 0;
  }

  /** Gives up what is open. */
  close(): void {
    for (const queue of QUEUES) this.#writer.seal(queue);
  }
}
