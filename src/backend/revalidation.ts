import type { ChangeListener } from "./change-feed.ts";
import type { TierContext } from "./load-tier.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** An entry as a read of the store returned it, by which the store knows it again. */
export interface KnownEntry extends Pick<StoredEntry, "version" | "expiresAt" | "tags"> {
  readonly key: string;
}

/**
 * What a store says of a known entry.
 *
 * - `unchanged`: it is there, live and the very one that was read, in some moment after the question was sent.
 * - `changed`: it is not: written, counted, ended, cleared, its end moved, one of its tags invalidated; or that is not certain any more.
 * - `unknown`: nobody could be asked.
 */
export type EntryVerdict = "unchanged" | "changed" | "unknown";

/**
 * Questions by which caches in front of a store without heads prove their copies: of many entries at once, and without the values being sent. What HTTP calls revalidation.
 *
 * ```text
 * read(k) ─▶ value, version 7        a question later: [k, 7] ─▶ unchanged: the copy is as good as one that was read when this question was sent
 *                                                              └▶ changed: it ends, and is read when somebody wants it
 * ```
 */
export interface Revalidation {
  /**
   * Names what answers can be compared with, in this process and without I/O: another name means that versions may repeat, or that keys have another place. So a verdict counts only
   * for an entry that was read from beginning to end under the name that the question has from beginning to end.
   */
  readonly life: string;
  /**
   * Whether entries are what a read of this store returned. Only what a read returned: of its own writes a store need not know what became of them in the moment of their arrival.
   *
   * One round trip for each server, one more for entries with tags where a server cannot look at them in the same step. Rejects when no server could be asked; must settle by itself.
   *
   * @returns a verdict for each entry, in their order
   */
  revalidate(entries: readonly KnownEntry[], context: TierContext): Promise<readonly EntryVerdict[]>;
  /**
   * Tells of changes, until the returned function is called, so that copies end within milliseconds. As `SharedTier.watchChanges`, but the heads in what is told mean nothing, for there may
   * be many servers. Nothing may depend on it. Left out where the store has no messages.
   */
  watchChanges?(listener: ChangeListener): () => void;
}
