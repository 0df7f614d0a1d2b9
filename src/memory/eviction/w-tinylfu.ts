import type { RandomSource } from "../../foundation/random-source.ts";
import { grownLength, resizedSlotArray } from "../slot-array.ts";
import { type EvictionPolicy, type EvictionPolicyOptions, NO_SLOT } from "./eviction-policy.ts";
import { FrequencySketch } from "./frequency-sketch.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";
import { WindowClimber } from "./window-climber.ts";

/** Share of the main part that is protected from newcomers. */
const PROTECTED_RATIO = 0.8;
/** A candidate this warm may get in although it lost, so that nobody can freeze the cache by colliding with a hot victim. */
const WARM_FREQUENCY = 6;
const WARM_ADMISSION_RATIO = 1 / 128;
/** Most entries that one insertion moves out of a window that shrank, so that no single write pays for all. */
const MAX_WINDOW_MOVES = 1_000;

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;

/**
 * W-TinyLFU: newcomers enter a small LRU window. What falls out of it competes with the oldest of the main part, and the one seen
 * more often lately (by a {@link FrequencySketch}) stays. The main part is a segmented LRU: probation, and the protected 80 % that were
 * read there. The window starts at 1 % and follows the workload by hill climbing: recency-heavy loads widen it, frequency-heavy
 * ones narrow it. 13 bytes a slot and 8 per entry of capacity for the sketch.
 *
 * Deviations from the source: the store asks for a victim before it inserts, so the window counts as overflowing when it is
 * full; a miss is counted when its entry is inserted, for a policy does not see misses that nobody fills.
 *
 * Sources: Einziger, Friedman, Manes, "TinyLFU", https://arxiv.org/abs/1512.00727; "Adaptive Software Cache Management",
 * https://dl.acm.org/doi/10.1145/3274808.3274816; Caffeine's BoundedLocalCache, https://github.com/ben-manes/caffeine
 */
export function createWTinyLfuPolicy(options: EvictionPolicyOptions): EvictionPolicy {
  return new WTinyLfu(options);
}

class WTinyLfu implements EvictionPolicy {
  readonly name = "w-tinylfu";
  readonly #random: RandomSource;
  readonly #sketch: FrequencySketch;
  readonly #climber: WindowClimber;
  readonly #window: SlotList;
  readonly #probation: SlotList;
  readonly #protected: SlotList;
  #segmentOf = new Uint8Array(0);
  #hashes = new Uint32Array(0);
  #protectedTarget = 0;

  constructor(options: EvictionPolicyOptions) {
    const links = new SlotLinks();
    this.#random = options.random;
    this.#window = new SlotList(links);
    this.#probation = new SlotList(links);
    this.#protected = new SlotList(links);
    this.#sketch = new FrequencySketch(options.capacityCount);
    this.#climber = new WindowClimber(options.capacityCount, this.#sketch.sampleSize);
    this.#fitProtected();
  }

  inserted(slot: number, keyHash: number): void {
    if (slot >= this.#hashes.length) this.#grow(slot);
    this.#hashes[slot] = keyHash;
    this.#segmentOf[slot] = WINDOW;
    this.#window.pushFront(slot);
    this.#sketch.increment(keyHash);
    if (this.#climber.missed()) this.#fitProtected();
    for (let moves = 0; this.#window.size > this.#climber.windowTarget && moves < MAX_WINDOW_MOVES; moves += 1) {
      this.#admit(this.#window.back);
    }
  }

  touched(slot: number): void {
    this.#sketch.increment(this.#hashes[slot] as number);
    const segment = this.#segmentOf[slot];
    if (segment === WINDOW) this.#window.moveToFront(slot);
    else if (segment === PROTECTED) this.#protected.moveToFront(slot);
    else this.#protect(slot);
    if (this.#climber.hit()) this.#fitProtected();
  }

  removed(slot: number): void {
    this.#listOf(slot).remove(slot);
  }

  victim(): number {
    const defender = this.#probation.back === NO_SLOT ? this.#protected.back : this.#probation.back;
    if (defender === NO_SLOT) return this.#window.back;
    if (this.#window.size === 0 || this.#window.size < this.#climber.windowTarget) return defender;
    const candidate = this.#window.back;
    if (!this.#wins(candidate, defender)) return candidate;
    this.#admit(candidate);
    return defender;
  }

  resize(capacityCount: number): void {
    this.#sketch.ensureCapacity(capacityCount);
    this.#climber.resize(capacityCount, this.#sketch.sampleSize);
    this.#fitProtected();
  }

  clear(): void {
    this.#window.clear();
    this.#probation.clear();
    this.#protected.clear();
    this.#sketch.clear();
    this.#climber.clear();
    this.#fitProtected();
  }

  checkInvariants(): void {
    this.#sketch.checkInvariants();
    this.#climber.checkInvariants();
    for (const [segment, list] of [this.#window, this.#probation, this.#protected].entries()) {
      list.checkInvariants();
      for (const slot of list.toArray()) {
        if (this.#segmentOf[slot] !== segment) throw new Error(`w-tinylfu: slot ${slot} is not in segment ${segment}`);
      }
    }
    if (this.#protected.size > this.#protectedTarget)
      throw new Error("w-tinylfu: the protected segment is above its target");
  }

  /** Whether a candidate was seen more often than the one it would push out. */
  #wins(candidate: number, defender: number): boolean {
    const candidateFrequency = this.#sketch.frequency(this.#hashes[candidate] as number);
    const defenderFrequency = this.#sketch.frequency(this.#hashes[defender] as number);
    if (candidateFrequency > defenderFrequency) return true;
    return candidateFrequency >= WARM_FREQUENCY && this.#random.next() < WARM_ADMISSION_RATIO;
  }

  /** Moves an entry of the window to the newest place of probation. */
  #admit(slot: number): void {
    this.#window.remove(slot);
    this.#probation.pushFront(slot);
    this.#segmentOf[slot] = PROBATION;
  }

  #protect(slot: number): void {
    if (this.#protectedTarget === 0) {
      this.#probation.moveToFront(slot);
      return;
    }
    this.#probation.remove(slot);
    this.#protected.pushFront(slot);
    this.#segmentOf[slot] = PROTECTED;
    this.#demote();
  }

  /** Sends what is above the protected target back to probation, where it has one more chance. */
  #demote(): void {
    while (this.#protected.size > this.#protectedTarget) {
      const slot = this.#protected.back;
      this.#protected.remove(slot);
      this.#probation.pushFront(slot);
      this.#segmentOf[slot] = PROBATION;
    }
  }

  /** Follows a new window: what it does not take belongs to the main part. */
  #fitProtected(): void {
    this.#protectedTarget = Math.floor(this.#climber.mainTarget * PROTECTED_RATIO);
    this.#demote();
  }

  #listOf(slot: number): SlotList {
    const segment = this.#segmentOf[slot];
    if (segment === WINDOW) return this.#window;
    return segment === PROTECTED ? this.#protected : this.#probation;
  }

  #grow(slot: number): void {
    const length = grownLength(this.#hashes.length, slot);
    this.#segmentOf = resizedSlotArray(this.#segmentOf, length);
    this.#hashes = resizedSlotArray(this.#hashes, length);
  }
}
