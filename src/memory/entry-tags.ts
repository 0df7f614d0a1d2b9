import type { EntrySlots } from "./entry-slots.ts";
import type { TagTable } from "./tag-table.ts";

/** Tags of an entry without any. */
export const NO_TAGS: readonly string[] = Object.freeze([]);

/** The tags that entries carry. While none carries any, nobody looks for them. */
export class EntryTags {
  /** Entries with tags. */
  taggedCount = 0;
  readonly #slots: EntrySlots;
  readonly #table: TagTable;

  constructor(slots: EntrySlots, table: TagTable) {
    this.#slots = slots;
    this.#table = table;
  }

  /** Gives the entry of a slot other tags; {@link NO_TAGS} takes them away. */
  set(slot: number, tags: readonly string[]): void {
    if (this.taggedCount === 0 && tags.length === 0) return;
    const former = this.#slots.tagSets.get(slot);
    // Take the new tags before the old ones go, so that a record both have is not dropped and made again.
    const tagSet = this.#table.retain(tags);
    this.#table.release(former);
    this.#slots.tagSets.set(slot, tagSet);
    this.taggedCount += (tagSet === undefined ? 0 : 1) - (former === undefined ? 0 : 1);
  }

  /** Whether no tag of a taken slot's entry was invalidated since it was written. */
  isCurrent(slot: number): boolean {
    return this.#table.isCurrent(this.#slots.tagSets.get(slot));
  }

  /** Forgets all, without a look at the slots. */
  clear(): void {
    this.#table.clear();
    this.taggedCount = 0;
  }

  /** Throws when what is counted is not what the taken slots have. O(n) */
  checkInvariants(taken: readonly number[]): void {
    const tagSets = taken.flatMap((slot) => this.#slots.tagSets.get(slot) ?? []);
    this.#table.checkInvariants(tagSets);
    if (tagSets.length !== this.taggedCount)
      throw new Error(`entry tags: ${this.taggedCount} entries counted of ${tagSets.length}`);
  }
}
