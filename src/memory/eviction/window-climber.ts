/** The window's first share: good for most loads; climbing finds the rest. */
const INITIAL_MAIN_RATIO = 0.99;
/** Share of the main part that is protected at first. What the window takes, it takes from there. */
const PROTECTED_RATIO = 0.8;
/** First step, as a share of the capacity. */
const STEP_RATIO = 0.0625;
/** Steps shrink by this factor while the hit ratio is steady, so that the window settles. */
const STEP_DECAY = 0.98;
/** A change of the hit ratio from which on the load counts as a new one, and steps start anew. */
const RESTART_CHANGE = 0.05;

/**
 * Finds a good window size by hill climbing: after each sample of requests it moves the window by a step, goes on in the same
 * direction while the hit ratio rises, and turns back when it falls. The first step makes the window smaller.
 *
 * Deviations from the source: fractions of an entry that a step leaves over are added to the next one; when the capacity changes,
 * window and step keep their shares.
 *
 * Source: Einziger et al., "Adaptive Software Cache Management", Middleware 2018, https://dl.acm.org/doi/10.1145/3274808.3274816, with the
 * constants that Caffeine 2 and 3 had, https://github.com/ben-manes/caffeine
 */
export class WindowClimber {
  #capacityCount = 1;
  #sampleSize = 1;
  #windowTarget = 1;
  #protectedTarget = 0;
  /** In entries; the sign is the direction. */
  #step = -STEP_RATIO;
  #hits = 0;
  #misses = 0;
  #previousHitRatio = 0;
  #hasClimbed = false;
  /** What the last step was longer than the whole entries it moved. */
  #carry = 0;

  constructor(capacityCount: number, sampleSize: number) {
    this.resize(capacityCount, sampleSize);
  }

  /** Entries that the window should hold, at least 1. */
  get windowTarget(): number {
    return this.#windowTarget;
  }

  /** Entries that the protected segment of the main part may hold. */
  get protectedTarget(): number {
    return this.#protectedTarget;
  }

  /** Counts a hit. @returns whether the window changed */
  hit(): boolean {
    this.#hits += 1;
    return this.#hits + this.#misses >= this.#sampleSize && this.#climb();
  }

  /** Counts a miss. @returns whether the window changed */
  missed(): boolean {
    this.#misses += 1;
    return this.#hits + this.#misses >= this.#sampleSize && this.#climb();
  }

  /** Fits the window to a capacity; when it has climbed, it keeps its share. */
  resize(capacityCount: number, sampleSize: number): void {
    const capacity = Math.max(1, Math.floor(capacityCount));
    const growth = capacity / this.#capacityCount;
    this.#capacityCount = capacity;
    this.#sampleSize = sampleSize;
    if (this.#hasClimbed) {
      this.#step *= growth;
      this.#setWindow(Math.round(this.#windowTarget * growth));
    } else {
      this.#step = -STEP_RATIO * capacity;
      this.#setWindow(this.#initialWindow());
    }
  }

  /** Starts anew. */
  clear(): void {
    this.#hits = 0;
    this.#misses = 0;
    this.#previousHitRatio = 0;
    this.#hasClimbed = false;
    this.#carry = 0;
    this.resize(this.#capacityCount, this.#sampleSize);
  }

  /** Throws when the window is outside its limits. */
  checkInvariants(): void {
    const isInside = this.#windowTarget >= 1 && this.#protectedTarget >= 0;
    if (!(isInside && this.#windowTarget + this.#protectedTarget <= this.#capacityCount))
      throw new Error("window climber: the window is out of range");
  }

  #climb(): boolean {
    const hitRatio = this.#hits / (this.#hits + this.#misses);
    const change = hitRatio - this.#previousHitRatio;
    const step = change >= 0 ? this.#step : -this.#step;
    const isNewLoad = Math.abs(change) >= RESTART_CHANGE;
    this.#step = isNewLoad ? Math.sign(step) * STEP_RATIO * this.#capacityCount : STEP_DECAY * step;
    this.#previousHitRatio = hitRatio;
    this.#hits = 0;
    this.#misses = 0;
    this.#hasClimbed = true;
    const before = this.#windowTarget;
    const wanted = step + this.#carry;
    this.#carry = wanted - Math.trunc(wanted);
    this.#setWindow(before + Math.trunc(wanted));
    return this.#windowTarget !== before;
  }

  #initialWindow(): number {
    return Math.max(1, this.#capacityCount - Math.floor(INITIAL_MAIN_RATIO * this.#capacityCount));
  }

  /** Sets the window, between 1 and what leaves probation its first size; the protected segment gets the rest. */
  #setWindow(wanted: number): void {
    const mainCount = this.#capacityCount - this.#initialWindow();
    const limit = this.#initialWindow() + Math.floor(PROTECTED_RATIO * mainCount);
    this.#windowTarget = Math.min(Math.max(1, wanted), limit);
    this.#protectedTarget = limit - this.#windowTarget;
  }
}
