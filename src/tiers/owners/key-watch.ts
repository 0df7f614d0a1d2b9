import type { OwnerFleet } from "./owner-fleet.ts";

/** Wakes those who wait for something to happen to a key. */
export class KeyWatch {
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(fleet: Pick<OwnerFleet, "watch">) {
    fleet.watch((news) => {
      if (this.#watchers.size === 0) return;
      if (news.kind === "change" || news.kind === "freed") this.#ring(news.key);
      else for (const key of [...this.#watchers.keys()]) this.#ring(key);
    });
  }

  /** Until the returned function is called. */
  watch(key: string, onChange: () => void): () => void {
    const own = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, own);
    // A function of its own: the same one may be given twice.
    const ring = (): void => onChange();
    own.add(ring);
    return () => {
      own.delete(ring);
      if (own.size === 0 && this.#watchers.get(key) === own) this.#watchers.delete(key);
    };
  }

  #ring(key: string): void {
    for (const ring of [...(this.#watchers.get(key) ?? [])]) ring();
  }
}
