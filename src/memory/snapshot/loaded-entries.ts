import { CacheClosedError } from "../../foundation/errors.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import type { WorkSlice } from "./work-slice.ts";

/** The entries that a load wrote, so that they can be taken back: key and version, for what was written over since is not the load's. */
export class LoadedEntries {
  readonly #store: SnapshotStore;
  readonly #keys: string[] = [];
  readonly #versions: number[] = [];

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  get count(): number {
    return this.#keys.length;
  }

  add(storedKey: string, version: number): void {
    this.#keys.push(storedKey);
    this.#versions.push(version);
  }

  /** Removes every one that still is as it was written, in slices. A closed store holds none. O(entries) */
  async takeBack(slice: WorkSlice): Promise<void> {
    try {
      for (const [index, key] of this.#keys.entries()) {
        this.#store.removeVersion(key, this.#versions[index] as number);
        if (slice.isOver()) await slice.turn();
      }
    } catch (error) {
      if (!(error instanceof CacheClosedError)) throw error;
    }
  }
}
