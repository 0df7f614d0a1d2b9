/** The window's first share: good for most loads; climbing finds the rest. */
const INITIAL_WINDOW_RATIO = 0.01;
/** The window keeps at least this share (and one entry), so that it can grow again. */
const MIN_WINDOW_RATIO = 0.001;
/** First step, as a share of the capacity. */
const STEP_RATIO = 0.0625;
/** Steps shrink by this factor while the hit ratio is steady, so that the window settles. */
const STEP_DECAY = 0.98;
/** A change of the hit ratio from which on the load counts as a new one, and steps start anew. */
const RESTART_CHANGE = 0.05;
/** The window leaves at least this share to the main part. */
const MIN_MAIN_RATIO = 0.2;

/**
 * Finds a good window size by hill climbing: after each sample of requests it moves the window by a step, goes on in the same
 * direction while the hit ratio rises, and turns back when it falls.
 *
 * Source: "Adaptive Software Cache Management", Middleware 2018, https://dl.acm.org/doi/10.1145/3274808.3274816
 */
export class WindowClimber {
  #capacityCount = 1;
  #sampleSize = 1;
  /** Kept as a share, so that a capacity that becomes known step by step ends at the right window. */
  #windowRatio = INITIAL_WINDOW_RATIO;
  /** As a share of the capacity; the sign is the direction. */
  #step = STEP_RATIO;
  #hits = 0;
  #misses = 0;
  #previousHitRatio = 0;

  constructor(capacityCount: number, sampleSize: number) {
    this.resize(capacityCount, sampleSize);
  }

  /** Entries that the window should hold, at least 1. */
  get windowTarget(): number {
    return Math.max(1, Math.round(this.#capacityCount * this.#windowRatio));
  }

  /** Entries that the main part should hold. */
  get mainTarget(): number {
    return Math.max(0, this.#capacityCount - this.windowTarget);
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

  /** Fits the window to a capacity, keeping its share. */
  resize(capacityCount: number, sampleSize: number): void {
    this.#capacityCount = Math.max(1, Math.floor(capacityCount));
    this.#sampleSize = sampleSize;
  }

  /** Starts anew. */
  clear(): void {
    this.#windowRatio = INITIAL_WINDOW_RATIO;
    this.#step = STEP_RATIO;
    this.#hits = 0;
    this.#misses = 0;
    this.#previousHitRatio = 0;
    this.resize(this.#capacityCount, this.#sampleSize);
  }

  /** Throws when the window is outside its limits. */
  checkInvariants(): void {
    const limit = Math.max(1, this.#capacityCount);
    if (!(this.windowTarget >= 1 && this.windowTarget <= limit))
      throw new Error("window climber: the window is out of range");
  }

  #climb(): boolean {
    const hitRatio = this.#hits / (this.#hits + this.#misses);
    const change = hitRatio - this.#previousHitRatio;
    const step = change >= 0 ? this.#step : -this.#step;
    const isNewLoad = Math.abs(change) >= RESTART_CHANGE;
    this.#step = isNewLoad ? Math.sign(step) * STEP_RATIO : STEP_DECAY * step;
    this.#previousHitRatio = hitRatio;
    this.#hits = 0;
    this.#misses = 0;
    const before = this.windowTarget;
    this.#windowRatio = Math.min(Math.max(this.#windowRatio + step, MIN_WINDOW_RATIO), 1 - MIN_MAIN_RATIO);
    return this.windowTarget !== before;
  }
}
