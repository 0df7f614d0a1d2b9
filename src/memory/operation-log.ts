import { type CounterResult, OP_ID_WINDOW_MS } from "../backend/counter.ts";
import type { Clock } from "../foundation/clock.ts";

interface LoggedResult {
  readonly result: CounterResult;
  /** Monotonic instant from which the id is forgotten. */
  readonly keptUntil: number;
}

/**
 * The results of counter operations that carry an id, for {@link OP_ID_WINDOW_MS}: a repeated request returns the first
 * result, also when the entry is gone. Not part of the store's bounds: about 200 bytes for every operation of the last ten minutes.
 */
export class OperationLog {
  /** In the order of their ends, for all are kept equally long. */
  readonly #results = new Map<string, LoggedResult>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The result of an operation on a key that was done already. */
  find(key: string, opId: string): CounterResult | undefined {
    this.purge();
    return this.#results.get(identify(key, opId))?.result;
  }

  /** Remembers a result. */
  record(key: string, opId: string, result: CounterResult): void {
    this.#results.set(identify(key, opId), { result, keptUntil: this.#clock.monotonicMs() + OP_ID_WINDOW_MS });
  }

  /** Forgets what is over. Amortized O(1) per recorded operation. */
  purge(): void {
    if (this.#results.size === 0) return;
    const nowMs = this.#clock.monotonicMs();
    for (const [id, logged] of this.#results) {
      if (nowMs < logged.keptUntil) return;
      this.#results.delete(id);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#results.clear();
  }
}

/** The key's length stands in front, so that no two pairs of key and id give the same text. */
function identify(key: string, opId: string): string {
  return `${key.length}:${key}${opId}`;
}
