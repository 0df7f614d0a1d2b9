import { NO_SLOT } from "./eviction-policy.ts";
import { ReadMarks } from "./read-marks.ts";
import { ReuseHistory } from "./reuse-history.ts";
import { NEXT, recordOf, SlotNodes, SlotRing, USED } from "./slot-ring.ts";

/** Most entries the hand passes at a time: bounds an eviction to a microsecond or two, whatever was read before. */
const MAX_STEPS = 16;
/** Most entries that one insertion moves from the window to the main ring while the cache fills. */
const MAX_MOVES = 2;
/** A step of time is so many insertions that a history of 65,536 steps spans 16 times the capacity. */
const STEPS_PER_CAPACITY_BITS = 12;

/**
 * A cache order of two rings with a window of a given share. The core of {@link createWLirsPolicy}, which says how it works; it
 * tunes the window of the real order by running others like it in miniature.
 */
export class ReuseClock {
  readonly #nodes = new SlotNodes();
  readonly #marks = new ReadMarks();
  readonly #window = new SlotRing(this.#nodes);
  readonly #main = new SlotRing(this.#nodes);
  readonly #history: ReuseHistory;
  #windowRatio: number;
  /** The window is everything: then entries stand in the order of their last use, as in an LRU cache. */
  #isByRecency: boolean;
  /** How many entries the window should hold, */
  #target = 1;
  /** of so many. */
  #targetedSize = -1;
  /** Insertions so far, in steps. */
  #now = 1;
  #insertionsInStep = 0;
  #insertionsPerStep = 1;
  /** What `victim` chose last: only entries that leave for want of room are remembered, not deleted or expired ones. */
  #chosen: number = NO_SLOT;
  /** No victim was asked for since the last insertion, so there was room for one more. */
  #isFilling = true;

  constructor(capacityCount: number, windowRatio: number) {
    this.#history = new ReuseHistory(capacityCount);
    this.#windowRatio = windowRatio;
    this.#isByRecency = windowRatio === 1;
    this.fit(capacityCount);
  }

  /** Number of entries. */
  get size(): number {
    return this.#window.size + this.#main.size;
  }

  /** The share of the entries that the window should hold, 0 to 1; 1 is an LRU cache. Entries move over with the next evictions. */
  setWindowRatio(windowRatio: number): void {
    this.#windowRatio = windowRatio;
    this.#isByRecency = windowRatio === 1;
    this.#targetedSize = -1;
  }

  /** Fits history and time to a number of entries. */
  fit(capacityCount: number): void {
    this.#history.fit(capacityCount);
    this.#insertionsPerStep = Math.max(1, capacityCount >>> STEPS_PER_CAPACITY_BITS);
  }

  inserted(slot: number, keyHash: number): void {
    this.#marks.ensure(slot);
    this.#tick();
    this.#nodes.open(slot, this.#now);
    this.#enter(slot, this.#history.take(keyHash, this.#now));
    if (this.#isFilling) this.#fillMain();
    this.#isFilling = true;
  }

  /** `removed` for the victim and `inserted` for the newcomer that takes its slot. */
  replaced(slot: number, formerHash: number, keyHash: number): void {
    const page = this.#nodes.page(slot);
    const record = recordOf(slot);
    this.#history.put(formerHash, page[record + USED] as number);
    this.#tick();
    const now = this.#now;
    page[record + USED] = now;
    const reuse = this.#history.take(keyHash, now);
    const window = this.#window;
    if (slot === window.oldest && (reuse < 0 || this.#isByRecency)) {
      // Mostly: the oldest of the window gives way to the newest, and stands where that belongs when the hand moves on.
      this.#marks.place(slot, false);
      window.oldest = page[record + NEXT] as number;
    } else {
      this.#detach(slot);
      this.#enter(slot, reuse);
    }
    this.#chosen = NO_SLOT;
    this.#isFilling = true;
  }

  touched(slot: number): void {
    this.#marks.countRead(slot);
    if (this.#isByRecency) this.#renew(slot);
  }

  removed(slot: number, keyHash: number): void {
    if (slot === this.#chosen) this.#history.put(keyHash, this.#nodes.usedAt(slot));
    this.#chosen = NO_SLOT;
    this.#detach(slot);
  }

  victim(): number {
    this.#isFilling = false;
    this.#chosen = this.size === 0 ? NO_SLOT : this.#choose();
    return this.#chosen;
  }

  /** Forgets everything but the window's share and the capacity. */
  clear(): void {
    this.#nodes.clear();
    this.#marks.clear();
    this.#window.clear();
    this.#main.clear();
    this.#history.clear();
    this.#now = 1;
    this.#insertionsInStep = 0;
    this.#chosen = NO_SLOT;
    this.#isFilling = true;
  }

  checkInvariants(): void {
    this.#window.checkInvariants();
    this.#main.checkInvariants();
    this.#history.checkInvariants();
    for (const slot of this.#window.toArray())
      if (this.#marks.isInMain(slot)) throw new Error(`reuse clock: slot ${slot} is not in the window`);
    for (const slot of this.#main.toArray())
      if (!this.#marks.isInMain(slot)) throw new Error(`reuse clock: slot ${slot} is not in the main ring`);
    for (const slot of [...this.#window.toArray(), ...this.#main.toArray()])
      if (((this.#now - this.#nodes.usedAt(slot)) | 0) < 0)
        throw new Error(`reuse clock: slot ${slot} was used in the future`);
  }

  #tick(): void {
    this.#insertionsInStep += 1;
    if (this.#insertionsInStep < this.#insertionsPerStep) return;
    this.#insertionsInStep = 0;
    this.#now = (this.#now + 1) | 0;
  }

  /** Adds a newcomer to the ring it belongs to. `reuse`: how long ago its key was used last, or negative when that is not known. */
  #enter(slot: number, reuse: number): void {
    const isWelcome =
      reuse >= 0 && !this.#isByRecency && this.#main.size > 0 && this.#isIdleLonger(this.#sweep(), reuse);
    this.#marks.place(slot, isWelcome);
    if (isWelcome) this.#main.add(slot);
    else this.#window.add(slot);
  }

  #choose(): number {
    const target = this.#windowTarget();
    const windowSize = this.#window.size;
    if (this.#main.size === 0) {
      if (windowSize <= target) return this.#window.oldest;
    } else if (windowSize < target || windowSize === 0) {
      return this.#sweep();
    }
    if (windowSize > target) this.#moveToMain();
    const candidate = this.#window.oldest;
    if (!this.#marks.isRead(candidate)) return candidate;
    const defender = this.#sweep();
    if (!this.#isIdleLonger(defender, this.#idleFor(candidate))) return candidate;
    this.#moveToMain();
    return defender;
  }

  /** Whether an entry of the main ring is idle for longer than a candidate took to be used again. One with reads left is not idle. */
  #isIdleLonger(slot: number, reuse: number): boolean {
    return !this.#marks.isRead(slot) && this.#idleFor(slot) > reuse;
  }

  /** How long an entry has not been seen in use, at least. */
  #idleFor(slot: number): number {
    return (this.#now - this.#nodes.usedAt(slot)) | 0;
  }

  /** Moves the main hand to an entry that was not read since it was there last, a few steps at most. @returns the slot it stands at */
  #sweep(): number {
    const main = this.#main;
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const slot = main.oldest;
      if (!this.#marks.takeRead(slot)) return slot;
      this.#nodes.setUsedAt(slot, this.#now);
      main.advance();
    }
    return main.oldest;
  }

  #windowTarget(): number {
    const { size } = this;
    if (size !== this.#targetedSize) {
      this.#targetedSize = size;
      this.#target = Math.max(1, (size * this.#windowRatio) | 0);
    }
    return this.#target;
  }

  /** Moves the oldest of the window to the main ring, right behind the hand. */
  #moveToMain(): void {
    const slot = this.#window.oldest;
    this.#window.remove(slot);
    this.#main.add(slot);
    if (this.#marks.isRead(slot)) this.#nodes.setUsedAt(slot, this.#now);
    this.#marks.place(slot, true);
  }

  /** While nothing has to leave, what the window does not take belongs to the main ring. */
  #fillMain(): void {
    for (let move = 0; move < MAX_MOVES && this.#window.size > this.#windowTarget(); move += 1) this.#moveToMain();
  }

  /** Makes an entry the newest of the window. */
  #renew(slot: number): void {
    if (this.#marks.isInMain(slot)) {
      this.#main.remove(slot);
      this.#marks.place(slot, false);
    } else {
      this.#window.remove(slot);
    }
    this.#window.add(slot);
    this.#nodes.setUsedAt(slot, this.#now);
  }

  #detach(slot: number): void {
    if (this.#marks.isInMain(slot)) this.#main.remove(slot);
    else this.#window.remove(slot);
  }
}
