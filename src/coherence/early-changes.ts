/** Changes that came before the one they follow; beyond that the next probe has to settle it. */
const MAX_COUNT = 1_024;

/** Changes of a shard that were heard of before those that they follow, by the head that they follow. */
export class EarlyChanges {
  readonly #versionAfter = new Map<number, number>();

  /** Keeps a change that follows a head which is not there yet. */
  add(previousHead: number, version: number): void {
    if (this.#versionAfter.size >= MAX_COUNT) this.#versionAfter.clear();
    this.#versionAfter.set(previousHead, version);
  }

  /** Takes the change that follows a head; `undefined` when none was heard of. */
  takeAfter(head: number): number | undefined {
    const version = this.#versionAfter.get(head);
    if (version !== undefined) this.#versionAfter.delete(head);
    return version;
  }

  /** Forgets changes that lead no further than a head. O(changes kept). */
  forgetUpTo(head: number): void {
    for (const [previous, version] of this.#versionAfter) if (version <= head) this.#versionAfter.delete(previous);
  }

  /** Forgets all. */
  clear(): void {
    this.#versionAfter.clear();
  }
}
