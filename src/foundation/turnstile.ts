/** Lets so many calls run at a time; others wait in their order. */
export class Turnstile {
  readonly #maxCount: number;
  #runningCount = 0;
  /** A set, so that the first of many is taken out in O(1). */
  readonly #waiting = new Set<() => void>();

  /** @param maxCount calls at a time, at least 1 */
  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** Makes a call when it is its turn: in the same step where there is room. @returns what the call returns, or rejects as it does */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    if (this.#runningCount < this.#maxCount) this.#runningCount += 1;
    else await new Promise<void>((resolve) => this.#waiting.add(resolve));
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  /** Its place goes straight to who waits: nobody who comes in between takes it. */
  #leave(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next();
      return;
    }
    this.#runningCount -= 1;
  }
}
