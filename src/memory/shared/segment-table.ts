import { leaveParticipant, participantsOf } from "./participants.ts";
import type { SharedSlab } from "./shared-slab.ts";

/** What a segment is. Bits 0–1 of its state word; bit 2 is its queue, the rest the number of its holder. */
export const SEGMENT_STATE = { free: 0, open: 1, sealed: 2, emptying: 3 } as const;

/** Where entries stand in the order of eviction. */
export type QueueName = 0 | 1;
/** New entries: those that are not read again leave soon. */
export const PROBATION: QueueName = 0;
/** Entries that were read again. */
export const MAIN: QueueName = 1;

const LINE_WORDS = 16;
const STATE_MASK = 3;
const QUEUE_SHIFT = 2;
const HOLDER_SHIFT = 3;

/** Words of a segment's line. */
const FIELD = { state: 0, generation: 1, tail: 2, liveUnits: 3, liveCount: 4, sequence: 5 } as const;

/**
 * The segments' shared words.
 *
 * ```text
 *  free ──take──▶ open ──seal──▶ sealed ──claim──▶ emptying ──release──▶ free
 *                  │ its holder died ▲                 │ its holder died
 *                  └─────────────────┘◀────────────────┘
 * ```
 *
 * Only the holder writes into an open segment and only the holder of one that is being emptied gives it out again. A holder's
 * number is never used again, so a compare-and-set of the state word by somebody who was away for long fails.
 */
export class SegmentTable {
  readonly slab: SharedSlab;
  readonly #i32: Int32Array;
  readonly #at: number;
  readonly #dataAt: number;
  readonly #shift: number;

  constructor(slab: SharedSlab) {
    this.slab = slab;
    this.#i32 = slab.i32;
    this.#at = slab.layout.segmentAt * 2;
    this.#dataAt = slab.layout.dataAt;
    this.#shift = Math.log2(slab.layout.segmentUnits);
  }

  /** The segment that an address lies in. */
  of(address: number): number {
    return (address - this.#dataAt) >>> this.#shift;
  }

  /** The address of a segment's first unit. */
  startOf(segment: number): number {
    return this.#dataAt + (segment << this.#shift);
  }

  /** Index of the word that rises before a segment is written again. */
  generationWord(segment: number): number {
    return this.#at + segment * LINE_WORDS + FIELD.generation;
  }

  stateOf(segment: number): number {
    return this.#load(segment, FIELD.state) & STATE_MASK;
  }

  queueOf(segment: number): QueueName {
    return ((this.#load(segment, FIELD.state) >> QUEUE_SHIFT) & 1) as QueueName;
  }

  /** Units written, from the start. */
  tailOf(segment: number): number {
    return this.#load(segment, FIELD.tail);
  }

  liveUnitsOf(segment: number): number {
    return this.#load(segment, FIELD.liveUnits);
  }

  liveCountOf(segment: number): number {
    return this.#load(segment, FIELD.liveCount);
  }

  sequenceOf(segment: number): number {
    return this.#load(segment, FIELD.sequence);
  }

  setTail(segment: number, units: number): void {
    Atomics.store(this.#i32, this.#at + segment * LINE_WORDS + FIELD.tail, units);
  }

  /** Counts what can be found in a segment, in or out. */
  count(segment: number, units: number, entries: number): void {
    const line = this.#at + segment * LINE_WORDS;
    Atomics.add(this.#i32, line + FIELD.liveUnits, units);
    if (entries !== 0) Atomics.add(this.#i32, line + FIELD.liveCount, entries);
  }

  /** Entries stored, dead ones included. Off by what killed threads did not get to count, until their segments are emptied. O(segments) */
  keyCount(): number {
    let count = 0;
    for (let segment = 0; segment < this.slab.layout.segmentCount; segment += 1) count += this.liveCountOf(segment);
    return Math.max(0, count);
  }

  /** Takes a free segment to write into. @returns whether it was still free */
  take(segment: number, holder: number, queue: QueueName): boolean {
    const open = toState(SEGMENT_STATE.open, queue, holder);
    return this.#change(segment, toState(SEGMENT_STATE.free, PROBATION, 0), open);
  }

  /** Ends writing into a segment, by its holder or on behalf of one that is known to have ended. */
  seal(segment: number, holder: number, queue: QueueName): boolean {
    Atomics.store(this.#i32, this.#at + segment * LINE_WORDS + FIELD.sequence, this.slab.nextSealSequence());
    const open = toState(SEGMENT_STATE.open, queue, holder);
    return this.#change(segment, open, toState(SEGMENT_STATE.sealed, queue, 0));
  }

  /** Claims a sealed segment to empty it. */
  claim(segment: number, holder: number, queue: QueueName): boolean {
    const sealed = toState(SEGMENT_STATE.sealed, queue, 0);
    return this.#change(segment, sealed, toState(SEGMENT_STATE.emptying, queue, holder));
  }

  /**
   * Gives out a segment in which nothing can be found any more. The generation rises before anybody can write: who read in it
   * finds out. What is still counted was lost by threads that were killed between a change and its counting.
   */
  release(segment: number): void {
    const line = this.#at + segment * LINE_WORDS;
    Atomics.add(this.#i32, line + FIELD.generation, 1);
    Atomics.store(this.#i32, line + FIELD.liveUnits, 0);
    Atomics.store(this.#i32, line + FIELD.liveCount, 0);
    Atomics.store(this.#i32, line + FIELD.tail, 0);
    Atomics.store(this.#i32, line + FIELD.state, toState(SEGMENT_STATE.free, PROBATION, 0));
  }

  /** Seals what a holder has open or was emptying. Only for a holder that will never write again. */
  releaseHolder(holder: number): void {
    for (let segment = 0; segment < this.slab.layout.segmentCount; segment += 1) {
      const state = this.#load(segment, FIELD.state);
      if (state >>> HOLDER_SHIFT !== holder) continue;
      const queue = ((state >> QUEUE_SHIFT) & 1) as QueueName;
      if ((state & STATE_MASK) === SEGMENT_STATE.open) this.seal(segment, holder, queue);
      else this.#change(segment, state, toState(SEGMENT_STATE.sealed, queue, 0));
    }
  }

  /** What a thread held is everybody's again. Only for a thread that is known to have ended. */
  releaseThread(threadId: number): void {
    for (const holder of participantsOf(this.slab, threadId)) {
      this.releaseHolder(holder);
      leaveParticipant(this.slab, threadId, holder);
    }
  }

  #load(segment: number, field: number): number {
    return Atomics.load(this.#i32, this.#at + segment * LINE_WORDS + field);
  }

  #change(segment: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#i32, this.#at + segment * LINE_WORDS + FIELD.state, from, to) === from;
  }
}

function toState(state: number, queue: QueueName, holder: number): number {
  return state | (queue << QUEUE_SHIFT) | (holder << HOLDER_SHIFT);
}
