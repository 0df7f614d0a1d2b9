import type { Load } from "../loading/load.ts";
import { callInside, callingLoad } from "../loading/loader-chain.ts";
import { answerKeys, findKeys, type KeyOutcome, type KeySearch } from "./key-search.ts";

/** One who asks once more. */
interface Asker {
  readonly key: string;
  /** The load whose loader asks. */
  readonly inside: Load | undefined;
  readonly take: (outcome: KeyOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Keys of one call whose loads, begun by others, brought nothing that this call may take. They come together mostly, for many keys are one load of somebody else, with one
 * timer each: so what comes before a timer of no time fires is read and loaded together again.
 */
export class BatchRetry<T> {
  readonly #search: KeySearch<T>;
  #askers: Asker[] = [];

  constructor(search: KeySearch<T>) {
    this.#search = search;
  }

  /** Asks for a key once more, and takes what there is then in the same step in which it is decided. */
  ask(key: string, take: (outcome: KeyOutcome) => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#askers.push({ key, inside: callingLoad(), take: (outcome) => resolve(take(outcome)), reject });
      if (this.#askers.length === 1) this.#search.scope.core.scheduler.after(0, () => this.#send(), true);
    });
  }

  #send(): void {
    const askers = this.#askers;
    this.#askers = [];
    this.#answer(askers).catch((error: unknown) => {
      for (const { reject } of askers) reject(error);
    });
  }

  async #answer(askers: readonly Asker[]): Promise<void> {
    const keys = [...new Set(askers.map(({ key }) => key))];
    const reading = findKeys(this.#search, keys);
    const found = reading instanceof Promise ? await reading : reading;
    // Meanwhile the cache may have been closed: it starts no load then.
    this.#search.scope.core.lifecycle.assertOpen();
    const outcomes = new Map(answerKeys(this.#search, found).map((outcome, index) => [keys[index], outcome]));
    for (const { key, inside, take } of askers) callInside(inside, () => take(outcomes.get(key) as KeyOutcome));
  }
}
