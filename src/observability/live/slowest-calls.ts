/** Something that took long. */
export interface SlowCall {
  /** When it ended, in ms since the epoch. */
  readonly at: number;
  readonly durationMs: number;
}

/** The slowest calls of the last minutes, in bounded memory. */
export class SlowestCalls<T extends SlowCall> {
  readonly #capacity: number;
  readonly #maxAgeMs: number;
  /** Slowest first. */
  #calls: T[] = [];

  /**
   * @param capacity how many are kept
   * @param maxAgeMs how long one is remembered
   */
  constructor(capacity: number, maxAgeMs: number) {
    this.#capacity = capacity;
    this.#maxAgeMs = maxAgeMs;
  }

  /** Whether a call of this duration would be kept: asked before the call is described. O(1). */
  wants(durationMs: number): boolean {
    return this.#calls.length < this.#capacity || durationMs > (this.#calls.at(-1) as T).durationMs;
  }

  /** Remembers a call if it is among the slowest. O(capacity). */
  add(call: T): void {
    if (!this.wants(call.durationMs)) return;
    const index = this.#calls.findIndex(({ durationMs }) => durationMs < call.durationMs);
    this.#calls.splice(index === -1 ? this.#calls.length : index, 0, call);
    if (this.#calls.length > this.#capacity) this.#calls.pop();
  }

  /** Forgets what is too old. @param now ms since the epoch */
  expire(now: number): void {
    this.#calls = this.#calls.filter(({ at }) => now - at <= this.#maxAgeMs);
  }

  /** Slowest first. */
  list(): readonly T[] {
    return [...this.#calls];
  }
}
