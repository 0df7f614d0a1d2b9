import { grownLength, resizedSlotArray } from "../slot-array.ts";
import { type EvictionPolicy, type EvictionPolicyOptions, NO_SLOT } from "./eviction-policy.ts";
import { GhostList } from "./ghost-list.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/** Share of the small queue: the paper's choice, good over its 6,594 traces. */
const SMALL_RATIO = 0.1;
/** Reads are counted in two bits. */
const MAX_READS = 3;
/** Reads that an entry of the small queue needs to be moved to the main one instead of leaving. */
const PROMOTION_READS = 2;

const SMALL = 0;
const MAIN = 1;

/**
 * S3-FIFO: newcomers pass through a small queue (10 %), which the many entries that are read once leave soon; those read
 * more go to the main queue, where each read grants another round. A ghost list remembers what left the small queue, as many
 * as the main queue holds; a key found there goes to the main queue at once. Reads write one byte and move nothing.
 * 15 bytes a slot and about 60 a ghost; a victim is amortized O(1).
 *
 * Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, https://dl.acm.org/doi/10.1145/3600006.3613147
 */
export function createS3FifoPolicy(options: EvictionPolicyOptions): EvictionPolicy {
  return new S3Fifo(options.capacityCount);
}

class S3Fifo implements EvictionPolicy {
  readonly name = "s3-fifo";
  readonly #small: SlotList;
  readonly #main: SlotList;
  readonly #ghosts = new GhostList(0);
  #queueOf = new Uint8Array(0);
  #reads = new Uint8Array(0);
  #hashes = new Uint32Array(0);
  #smallTarget = 1;
  /** What `victim` chose last: only entries that leave for want of room become ghosts, not deleted or expired ones. */
  #chosen = NO_SLOT;

  constructor(capacityCount: number) {
    const links = new SlotLinks();
    this.#small = new SlotList(links);
    this.#main = new SlotList(links);
    this.resize(capacityCount);
  }

  inserted(slot: number, keyHash: number): void {
    if (slot >= this.#reads.length) this.#grow(slot);
    const hash = keyHash >>> 0;
    this.#hashes[slot] = hash;
    this.#reads[slot] = 0;
    const isKnown = this.#ghosts.take(hash);
    this.#queueOf[slot] = isKnown ? MAIN : SMALL;
    if (isKnown) this.#main.pushFront(slot);
    else this.#small.pushFront(slot);
  }

  touched(slot: number): void {
    const reads = this.#reads[slot] as number;
    if (reads < MAX_READS) this.#reads[slot] = reads + 1;
  }

  removed(slot: number): void {
    if (this.#queueOf[slot] === MAIN) {
      this.#main.remove(slot);
    } else {
      this.#small.remove(slot);
      if (slot === this.#chosen) this.#ghosts.add(this.#hashes[slot] as number);
    }
    this.#chosen = NO_SLOT;
  }

  victim(): number {
    this.#chosen = NO_SLOT;
    while (this.#chosen === NO_SLOT && this.#small.size + this.#main.size > 0) {
      const isSmallFull = this.#small.size >= this.#smallTarget || this.#main.size === 0;
      this.#chosen = isSmallFull ? this.#fromSmall() : this.#fromMain();
    }
    return this.#chosen;
  }

  resize(capacityCount: number): void {
    const smallTarget = Math.max(1, Math.floor(capacityCount * SMALL_RATIO));
    this.#smallTarget = smallTarget;
    this.#ghosts.resize(Math.max(1, Math.floor(capacityCount) - smallTarget));
  }

  clear(): void {
    this.#small.clear();
    this.#main.clear();
    this.#ghosts.clear();
    this.#chosen = NO_SLOT;
  }

  checkInvariants(): void {
    this.#small.checkInvariants();
    this.#main.checkInvariants();
    this.#ghosts.checkInvariants();
    for (const slot of this.#small.toArray())
      if (this.#queueOf[slot] !== SMALL) throw new Error(`s3-fifo: slot ${slot} is not in small`);
    for (const slot of this.#main.toArray())
      if (this.#queueOf[slot] !== MAIN) throw new Error(`s3-fifo: slot ${slot} is not in main`);
  }

  /** The oldest of the small queue, or `NO_SLOT` when it earned its move to the main queue. */
  #fromSmall(): number {
    const slot = this.#small.back;
    if ((this.#reads[slot] as number) < PROMOTION_READS) return slot;
    this.#small.remove(slot);
    this.#main.pushFront(slot);
    this.#queueOf[slot] = MAIN;
    this.#reads[slot] = 0;
    return NO_SLOT;
  }

  /** The oldest of the main queue, or `NO_SLOT` when a read grants it another round. */
  #fromMain(): number {
    const slot = this.#main.back;
    const reads = this.#reads[slot] as number;
    if (reads === 0) return slot;
    this.#reads[slot] = reads - 1;
    this.#main.moveToFront(slot);
    return NO_SLOT;
  }

  #grow(slot: number): void {
    const length = grownLength(this.#reads.length, slot);
    this.#queueOf = resizedSlotArray(this.#queueOf, length);
    this.#reads = resizedSlotArray(this.#reads, length);
    this.#hashes = resizedSlotArray(this.#hashes, length);
  }
}
