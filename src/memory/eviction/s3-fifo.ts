import { Uint8Pages } from "../slot-pages.ts";
import { type EvictionPolicy, type EvictionPolicyOptions, NO_SLOT } from "./eviction-policy.ts";
import { GhostList } from "./ghost-list.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/** Share of the small queue: the paper's choice, good over its 6,594 traces. */
const SMALL_RATIO = 0.1;
/** Reads that an entry of the small queue needs to be moved to the main one instead of leaving. */
const PROMOTION_READS = 2;

/** What is known of an entry, in one byte: its reads in two bits, and whether it is in the main queue. */
const READS = 3;
const IN_MAIN = 4;

/**
 * S3-FIFO: newcomers pass through a small queue (10 %), which the many entries that are read once leave soon; those read
 * more go to the main queue, where each read grants another round. A ghost list remembers what left the small queue, as many
 * as the main queue holds; a key found there goes to the main queue at once. Reads write at most one byte and move nothing.
 * 13 bytes a slot and 20 a ghost; a victim is amortized O(1).
 *
 * Deviations from the source: ghosts are known by the 32-bit hash of their key, and a newcomer is looked up among them after
 * the eviction that made room for it. Entries that are deleted or expire leave no ghost.
 *
 * Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, https://dl.acm.org/doi/10.1145/3600006.3613147
 */
export function createS3FifoPolicy(options: EvictionPolicyOptions): EvictionPolicy {
  return new S3Fifo(options.capacityCount);
}

class S3Fifo implements EvictionPolicy {
  readonly name = "s3-fifo";
  readonly #links = new SlotLinks();
  readonly #small = new SlotList(this.#links);
  readonly #main = new SlotList(this.#links);
  readonly #ghosts = new GhostList(0);
  readonly #states = new Uint8Pages();
  #smallTarget = 1;
  /** What `victim` chose last: only entries that leave for want of room become ghosts. */
  #chosen: number = NO_SLOT;

  constructor(capacityCount: number) {
    this.resize(capacityCount);
  }

  inserted(slot: number, keyHash: number): void {
    this.#states.ensure(slot);
    if (this.#ghosts.take(keyHash)) {
      this.#states.set(slot, IN_MAIN);
      this.#main.pushFront(slot);
    } else {
      this.#states.set(slot, 0);
      this.#small.pushFront(slot);
    }
  }

  touched(slot: number): void {
    const state = this.#states.get(slot);
    if ((state & READS) !== READS) this.#states.set(slot, state + 1);
  }

  removed(slot: number, keyHash: number): void {
    if ((this.#states.get(slot) & IN_MAIN) !== 0) {
      this.#main.remove(slot);
    } else {
      this.#small.remove(slot);
      if (slot === this.#chosen) this.#ghosts.add(keyHash);
    }
    this.#chosen = NO_SLOT;
  }

  replaced(slot: number, formerHash: number, keyHash: number): void {
    this.removed(slot, formerHash);
    this.inserted(slot, keyHash);
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
    this.#links.clear();
    this.#ghosts.clear();
    this.#states.clear();
    this.#chosen = NO_SLOT;
  }

  checkInvariants(): void {
    this.#small.checkInvariants();
    this.#main.checkInvariants();
    this.#ghosts.checkInvariants();
    for (const slot of this.#small.toArray())
      if ((this.#states.get(slot) & IN_MAIN) !== 0) throw new Error(`s3-fifo: slot ${slot} is not in small`);
    for (const slot of this.#main.toArray())
      if ((this.#states.get(slot) & IN_MAIN) === 0) throw new Error(`s3-fifo: slot ${slot} is not in main`);
  }

  /** The oldest of the small queue, or `NO_SLOT` when it earned its move to the main queue. */
  #fromSmall(): number {
    const slot = this.#small.back;
    if (this.#states.get(slot) < PROMOTION_READS) return slot;
    this.#small.remove(slot);
    this.#main.pushFront(slot);
    this.#states.set(slot, IN_MAIN);
    return NO_SLOT;
  }

  /** The oldest of the main queue, or `NO_SLOT` when a read grants it another round. */
  #fromMain(): number {
    const slot = this.#main.back;
    const state = this.#states.get(slot);
    if ((state & READS) === 0) return slot;
    this.#states.set(slot, state - 1);
    this.#main.moveToFront(slot);
    return NO_SLOT;
  }
}
