import { MiniatureCache } from "./miniature-cache.ts";

/** The windows that are tried, as shares of the cache: for loops and steady popularity, for most loads, for bursts, for queues, and plain LRU. */
const WINDOW_RATIOS: readonly number[] = [0.01, 0.05, 0.2, 0.9, 1];
const FIRST_CHOICE = 1;
/** Capacity of a miniature: enough to tell windows from chance. Twice as many gain less than a thousandth of the hit ratio. */
const MINIATURE_COUNT = 128;
/** Requests that are shown to the miniatures at a time: one after another, they would find nothing of theirs in the processor's cache. */
const BATCH_COUNT = 64;
/** Entries that move to the other ring are lost with about this probability: the price of a change, in hits. */
const LOSS_RATIO = 0.25;
/** A change must promise this many hits more than its price, */
const MIN_GAIN_COUNT = 4;
/** and this much per request, so that chance alone does not add up to one. */
const MIN_GAIN_RATIO = 0.002;

/**
 * Finds the window that suits the load. Miniatures of the cache, one for each window that is tried, see the requests for a
 * fixed sample of the keys: those whose hash is below a threshold, so few that a miniature of 128 entries stands in
 * the same proportion to them as the cache to all keys. What each would have hit beyond the window in use adds up,
 * never below zero; once that is more than changing costs, it becomes the window in use.
 *
 * In a cache of 100,000 entries one request in 800 is sampled. In one of up to 128 entries all are, which costs a hit some 100 to 200 ns.
 *
 * Sources: miniature simulation as in {@link MiniatureCache}; the sum that starts anew at zero: Page, "Continuous inspection
 * schemes", Biometrika 41, 1954, https://doi.org/10.1093/biomet/41.1-2.100
 */
export class WindowTuner {
  /** Hashes up to here, as signed numbers, are in the sample. */
  threshold = 0;
  readonly #miniatures: readonly MiniatureCache[];
  /** What each window would have earned beyond the one in use. */
  readonly #gains: number[] = WINDOW_RATIOS.map(() => 0);
  #miniatureCount: number;
  readonly #batch = new Int32Array(BATCH_COUNT);
  #batchCount = 0;
  #choice: number = FIRST_CHOICE;

  constructor(capacityCount: number) {
    const miniatureCount = Math.min(capacityCount, MINIATURE_COUNT);
    this.#miniatureCount = miniatureCount;
    this.#miniatures = WINDOW_RATIOS.map((windowRatio) => new MiniatureCache(miniatureCount, windowRatio));
    this.fit(capacityCount);
  }

  /** The window in use, as a share of the cache. */
  get windowRatio(): number {
    return WINDOW_RATIOS[this.#choice] as number;
  }

  /** Fits sample and miniatures to a capacity. What they hold stays, as far as it is in the sample. */
  fit(capacityCount: number): void {
    const miniatureCount = Math.min(capacityCount, MINIATURE_COUNT);
    const sampledShare = Math.min(1, miniatureCount / capacityCount);
    const threshold = (Math.floor(sampledShare * 2 ** 32) - 2 ** 31 - 1) | 0;
    if (miniatureCount === this.#miniatureCount && threshold === this.threshold) return;
    this.#miniatureCount = miniatureCount;
    this.threshold = threshold;
    for (const miniature of this.#miniatures) miniature.fit(miniatureCount, threshold);
  }

  /** Notes a request for a key of the sample; one in 64 shows them to the miniatures. @returns whether the window in use changed */
  request(keyHash: number): boolean {
    this.#batch[this.#batchCount] = keyHash;
    this.#batchCount += 1;
    return this.#batchCount === BATCH_COUNT && this.#compare();
  }

  /** Takes back all choices, for they were made for another capacity. */
  restart(): void {
    this.#gains.fill(0);
    this.#batchCount = 0;
    this.#choice = FIRST_CHOICE;
  }

  /** Starts anew. */
  clear(): void {
    for (const miniature of this.#miniatures) miniature.clear();
    this.restart();
  }

  /** Throws when a miniature is wrong. */
  checkInvariants(): void {
    for (const miniature of this.#miniatures) miniature.checkInvariants();
  }

  /** Adds up what the windows would have earned since the last time, and takes the one that is worth a change. */
  #compare(): boolean {
    for (const miniature of this.#miniatures) miniature.request(this.#batch, BATCH_COUNT);
    this.#batchCount = 0;
    const hitsInUse = (this.#miniatures[this.#choice] as MiniatureCache).hits + MIN_GAIN_RATIO * BATCH_COUNT;
    let best = this.#choice;
    let bestGain = 0;
    for (const [index, miniature] of this.#miniatures.entries()) {
      const gain =
        index === this.#choice ? 0 : Math.max(0, (this.#gains[index] as number) + miniature.hits - hitsInUse);
      const worth = gain - this.#priceOf(index);
      this.#gains[index] = gain;
      if (worth > bestGain) {
        best = index;
        bestGain = worth;
      }
    }
    for (const miniature of this.#miniatures) miniature.hits = 0;
    if (best === this.#choice) return false;
    this.#choice = best;
    this.#gains.fill(0);
    return true;
  }

  #priceOf(index: number): number {
    const shift = Math.abs((WINDOW_RATIOS[index] as number) - this.windowRatio);
    return MIN_GAIN_COUNT + LOSS_RATIO * shift * this.#miniatureCount;
  }
}
