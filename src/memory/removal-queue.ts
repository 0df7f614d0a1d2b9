import type { RemovalCause, RemovalListener } from "../entry/removal.ts";

/** Removals that happened within one operation, told only when the store is consistent again: listeners may read it. */
export class RemovalQueue {
  readonly #listener: RemovalListener;
  #keys: string[] = [];
  #causes: RemovalCause[] = [];

  constructor(listener: RemovalListener) {
    this.#listener = listener;
  }

  /** Notes one entry that left. */
  add(storedKey: string, cause: RemovalCause): void {
    this.#keys.push(storedKey);
    this.#causes.push(cause);
  }

  /** Tells all, in order, each once: what a listener's own reads remove is told by those reads. */
  flush(): void {
    if (this.#keys.length === 0) return;
    const keys = this.#keys;
    const causes = this.#causes;
    this.#keys = [];
    this.#causes = [];
    for (let index = 0; index < keys.length; index += 1) {
      this.#listener(keys[index] as string, causes[index] as RemovalCause);
    }
  }
}
