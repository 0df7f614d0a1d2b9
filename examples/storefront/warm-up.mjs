/**
 * How long the cache is left to fill before latencies count: an empty one has to load everything once, and code that
 * has just started is slow, which says nothing about what comes after.
 */
export const WARM_UP_MS = 5_000;

/** Knows whether a run is still warming up. */
export class WarmUp {
  /** Whether the first seconds are over. */
  isOver = false;

  /**
   * Looks again.
   *
   * @param {number} elapsedMs since the start of the run
   * @returns {boolean} whether the warm-up ended just now
   */
  update(elapsedMs) {
    if (this.isOver || elapsedMs < WARM_UP_MS) return false;
    this.isOver = true;
    return true;
  }
}
