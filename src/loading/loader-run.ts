/** What one call of a loader feeds. */
export interface Fed {
  /** The call that feeds it. */
  readonly run: LoaderRun;
}

/**
 * One call of a loader: it feeds a load, or many where it is a batch loader's, and may wait for loads itself. A loader that waits for something that it feeds, straight or
 * through others, waits for ever; so who waits for whom is kept by calls, and not by loads.
 */
export class LoaderRun {
  /** What it waits for, and how many times. */
  readonly #awaited = new Map<Fed, number>();
  #fedCount = 0;

  /** Whether nothing needs it any more. */
  get isOver(): boolean {
    return this.#fedCount === 0;
  }

  /** It feeds one load more. */
  enter(): void {
    this.#fedCount += 1;
  }

  /** One of the loads that it feeds is over, or is fed by another call. */
  leave(): void {
    this.#fedCount -= 1;
  }

  /** Whether it waits for another call, straight or through others. O(calls that wait for each other). */
  waitsFor(other: LoaderRun): boolean {
    // A set that grows while it is walked: each call is looked at once, on however many ways it is reached.
    const reached = new Set<LoaderRun>([this]);
    for (const run of reached) {
      if (run === other) return true;
      for (const awaited of run.#awaited.keys()) reached.add(awaited.run);
    }
    return false;
  }

  /** Remembers that it waits for a load, as long as a promise is not settled. */
  async during<T>(awaited: Fed, waiting: Promise<T>): Promise<T> {
    this.#awaited.set(awaited, (this.#awaited.get(awaited) ?? 0) + 1);
    try {
      return await waiting;
    } finally {
      const count = (this.#awaited.get(awaited) as number) - 1;
      if (count > 0) this.#awaited.set(awaited, count);
      else this.#awaited.delete(awaited);
    }
  }
}
