import type { EntryWrite } from "../../src/backend/stored-entry.ts";
import type { StoreWatch } from "./shared-store-model.ts";

/** One run of a loader. */
export interface LoaderRun {
  readonly key: string;
  readonly value: unknown;
  /** Virtual instant at which the loader looked at the source. */
  readonly startMs: number;
}

/**
 * Follows the runs of loaders, and looks at what of them reaches the store: nothing that was loaded before a change of its key, of one of its tags or of its namespace may. Runs
 * are known by their values; those of "there is none" have none of their own, and of them the newest of the key counts.
 */
export class LoadWatch implements StoreWatch {
  readonly #nowMs: () => number;
  readonly #report: (text: string) => void;
  readonly #runs = new Map<string, LoaderRun[]>();
  readonly #changedAtMs = new Map<string, number>();
  readonly #tagsEndedAtMs = new Map<string, number>();

  constructor(nowMs: () => number, report: (text: string) => void) {
    this.#nowMs = nowMs;
    this.#report = report;
  }

  /** A loader looks at the source now. */
  begin(key: string, value: unknown): void {
    const runs = this.#runs.get(key) ?? [];
    this.#runs.set(key, runs);
    runs.push({ key, value, startMs: this.#nowMs() });
  }

  /** The newest run that came to a value of a key. */
  find(key: string, value: unknown): LoaderRun | undefined {
    return this.#runs.get(key)?.findLast((run) => run.value === value);
  }

  /** What changed before the store lost writes may come back: nobody can know better. */
  storeLostWrites(): void {
    this.#changedAtMs.clear();
    this.#tagsEndedAtMs.clear();
  }

  stored(key: string, { value, tags }: EntryWrite): void {
    const run = this.find(key, value);
    if (run !== undefined) {
      const endedAtMs = tags.map((tag) => this.#tagsEndedAtMs.get(tag) ?? -1);
      const changedAtMs = Math.max(this.#changedAtMs.get(key) ?? -1, ...endedAtMs);
      if (changedAtMs > run.startMs)
        this.#report(
          `${String(value)} of ${key} was loaded at ${run.startMs} and stored after a change at ${changedAtMs}`,
        );
    }
    this.#changedAtMs.set(key, this.#nowMs());
  }

  ended(keys: readonly string[]): void {
    for (const key of keys) this.#changedAtMs.set(key, this.#nowMs());
  }

  endedTags(tags: readonly string[]): void {
    for (const tag of tags) this.#tagsEndedAtMs.set(tag, this.#nowMs());
  }
}
