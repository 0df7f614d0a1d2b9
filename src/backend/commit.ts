import type { EntryWrite } from "./stored-entry.ts";

/** A key that must still be as it was read. */
export interface KeyCheck {
  /** The stored key. */
  readonly key: string;
  /** Version of the live entry that was read; 0 when there was none. */
  readonly version: number;
}

/** One change of a transaction. */
export interface KeyWrite {
  /** The stored key; one that the checks name. */
  readonly key: string;
  /** The new entry, or `undefined` to delete the key. Its `condition` is not used: the checks decide. */
  readonly write: EntryWrite | undefined;
}

/** All or nothing. */
export interface CommitResult {
  /** False when a check failed; then nothing changed. */
  readonly committed: boolean;
  /** Versions of the writes in their order (0 for a delete); empty when nothing was committed. */
  readonly versions: readonly number[];
}
