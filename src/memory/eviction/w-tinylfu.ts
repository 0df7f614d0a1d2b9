import type { RandomSource } from "../../foundation/random-source.ts";
import { Int32Pages, Uint8Pages } from "../slot-pages.ts";
import { type EvictionPolicy, type EvictionPolicyOptions, NO_SLOT } from "./eviction-policy.ts";
import { FrequencySketch } from "./frequency-sketch.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";
import { WindowClimber } from "./window-climber.ts";

/** A candidate this warm may get in although it lost, so that nobody can freeze the cache by colliding with a hot victim. */
const WARM_FREQUENCY = 6;
const WARM_ADMISSION_RATIO = 1 / 128;
/** Most entries that one operation moves to fit the segments to new targets: some ten microseconds. */
const MAX_MOVES = 128;

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
 * full, and the newcomer is counted after the contest it causes, in which it takes no part; a miss is counted when its entry is inserted, for a
 * policy does not see misses that nobody fills; where deletions left the window short, the main part gives way without a contest.
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
  readonly #links = new SlotLinks();
  readonly #window = new SlotList(this.#links);
  readonly #probation = new SlotList(this.#links);
  readonly #protected = new SlotList(this.#links);
  readonly #segmentOf = new Uint8Pages();
  readonly #hashes = new Int32Pages();
  /** The targets changed, and entries still have to move. */
  #isSettling = false;

  constructor(options: EvictionPolicyOptions) {
    this.#random = options.random;
    this.#sketch = new FrequencySketch(options.capacityCount);
    this.#climber = new WindowClimber(options.capacityCount, this.#sketch.sampleSize);
  }

  inserted(slot: number, keyHash: number): void {
    this.#segmentOf.ensure(slot);
    this.#hashes.ensure(slot);
    this.#segmentOf.set(slot, WINDOW);
    this.#hashes.set(slot, keyHash);
    this.#sketch.increment(keyHash);
    this.#window.pushFront(slot);
    if (this.#window.size > this.#climber.windowTarget) this.#move(this.#window, this.#probation, PROBATION);
    if (this.#climber.missed()) this.#isSettling = true;
    if (this.#isSettling) this.#settle();
  }

  touched(slot: number, keyHash: number): void {
    // Another one than at insertion when the index went over to another hash: what is counted and what is asked for must be the same.
    this.#hashes.set(slot, keyHash);
    this.#sketch.increment(keyHash);
    const segment = this.#segmentOf.get(slot);
    if (segment === WINDOW) this.#window.moveToFront(slot);
    else if (segment === PROTECTED) this.#protected.moveToFront(slot);
    else this.#protect(slot);
    if (this.#climber.hit()) this.#isSettling = true;
    if (this.#isSettling) this.#settle();
  }

  removed(slot: number): void {
    const segment = this.#segmentOf.get(slot);
    if (segment === WINDOW) this.#window.remove(slot);
    else if (segment === PROTECTED) this.#protected.remove(slot);
    else this.#probation.remove(slot);
  }

  replaced(slot: number, _formerHash: number, keyHash: number): void {
    this.removed(slot);
    this.inserted(slot, keyHash);
  }

  victim(): number {
    const candidate = this.#window.back;
    const defender = this.#probation.back;
    if (candidate === NO_SLOT || this.#window.size < this.#climber.windowTarget) {
      if (defender !== NO_SLOT) return defender;
      return this.#protected.back === NO_SLOT ? candidate : this.#protected.back;
    }
    if (defender === NO_SLOT || !this.#wins(candidate, defender)) return candidate;
    this.#move(this.#window, this.#probation, PROBATION);
    return defender;
  }

  resize(capacityCount: number): void {
    this.#sketch.ensureCapacity(capacityCount);
    this.#climber.resize(capacityCount, this.#sketch.sampleSize);
    this.#isSettling = true;
  }

  clear(): void {
    this.#window.clear();
    this.#probation.clear();
    this.#protected.clear();
    this.#links.clear();
    this.#segmentOf.clear();
    this.#hashes.clear();
    this.#sketch.clear();
    this.#climber.clear();
    this.#isSettling = false;
  }

  checkInvariants(): void {
    this.#sketch.checkInvariants();
    this.#climber.checkInvariants();
    for (const [segment, list] of [this.#window, this.#probation, this.#protected].entries()) {
      list.checkInvariants();
      for (const slot of list.toArray()) {
        if (this.#segmentOf.get(slot) !== segment)
          throw new Error(`w-tinylfu: slot ${slot} is not in segment ${segment}`);
      }
    }
    if (this.#isSettling) return;
    if (this.#protected.size > this.#climber.protectedTarget || this.#window.size > this.#climber.windowTarget)
      throw new Error("w-tinylfu: a segment is above its target");
  }

  /** Whether a candidate was seen more often than the one it would push out. */
  #wins(candidate: number, defender: number): boolean {
    const candidateFrequency = this.#sketch.frequency(this.#hashes.get(candidate));
    const defenderFrequency = this.#sketch.frequency(this.#hashes.get(defender));
    if (candidateFrequency > defenderFrequency) return true;
    return candidateFrequency >= WARM_FREQUENCY && this.#random.next() < WARM_ADMISSION_RATIO;
  }

  #protect(slot: number): void {
    this.#probation.remove(slot);
    this.#protected.pushFront(slot);
    this.#segmentOf.set(slot, PROTECTED);
    if (this.#protected.size > this.#climber.protectedTarget) this.#move(this.#protected, this.#probation, PROBATION);
  }

  /** Moves the oldest of a segment to the newest place of another. */
  #move(from: SlotList, to: SlotList, segment: number): void {
    const slot = from.back;
    from.remove(slot);
    to.pushFront(slot);
    this.#segmentOf.set(slot, segment);
  }

  /** Moves entries until the segments fit their targets; where there are many, later operations go on. */
  #settle(): void {
    const { windowTarget, protectedTarget } = this.#climber;
    for (let moves = 0; moves < MAX_MOVES; moves += 1) {
      if (this.#protected.size > protectedTarget) this.#move(this.#protected, this.#probation, PROBATION);
      else if (this.#window.size > windowTarget) this.#move(this.#window, this.#probation, PROBATION);
      else if (this.#window.size < windowTarget && this.#probation.size > 0)
        this.#move(this.#probation, this.#window, WINDOW);
      else if (this.#window.size < windowTarget && this.#protected.size > 0)
        this.#move(this.#protected, this.#window, WINDOW);
      else {
        this.#isSettling = false;
        return;
      }
    }
  }
}
