/** Loads in the background at a time, when nothing is said. */
export const DEFAULT_BACKGROUND_COUNT = 32;

/**
 * How many refreshes may run in the background at a time (a bulkhead): a slow source must not be asked for everything that ages at once. Where there is no room the
 * entry is served all the same, and a later call tries again.
 */
export class BackgroundRoom {
  readonly #maxCount: number;
  #count = 0;

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** Takes a place. @returns false when there is none */
  tryEnter(): boolean {
    if (this.#count >= this.#maxCount) return false;
    this.#count += 1;
    return true;
  }

  /** Gives a place back. */
  leave(): void {
    this.#count -= 1;
  }
}
