const PAGE_BITS = 16;
const PAGE_LENGTH: number = 1 << PAGE_BITS;
const OFFSET_MASK: number = PAGE_LENGTH - 1;
const FIRST_PAGE_LENGTH = 64;
/** Reads are counted in two bits. */
const READS_MASK = 3;
const IN_MAIN = 4;

/**
 * A byte per slot: reads since the hand passed, up to 3, and whether the slot is in the main ring. Paged as in {@link Uint8Pages}, with the
 * operation of a hit done in one go: finding the page is most of what it costs.
 */
export class ReadMarks {
  readonly #pages: Uint8Array[] = [];

  /** Counts a read. The path of every hit. */
  countRead(slot: number): void {
    const page = this.#pages[slot >>> PAGE_BITS] as Uint8Array;
    const at = slot & OFFSET_MASK;
    const mark = page[at] as number;
    if ((mark & READS_MASK) !== READS_MASK) page[at] = mark + 1;
  }

  /** Takes a read off. @returns whether there was one */
  takeRead(slot: number): boolean {
    const page = this.#pages[slot >>> PAGE_BITS] as Uint8Array;
    const at = slot & OFFSET_MASK;
    const mark = page[at] as number;
    if ((mark & READS_MASK) === 0) return false;
    page[at] = mark - 1;
    return true;
  }

  /** Whether there were reads that were not taken off. */
  isRead(slot: number): boolean {
    return (((this.#pages[slot >>> PAGE_BITS] as Uint8Array)[slot & OFFSET_MASK] as number) & READS_MASK) !== 0;
  }

  isInMain(slot: number): boolean {
    return (((this.#pages[slot >>> PAGE_BITS] as Uint8Array)[slot & OFFSET_MASK] as number) & IN_MAIN) !== 0;
  }

  /** Says where the slot is now, without any reads. */
  place(slot: number, isInMain: boolean): void {
    (this.#pages[slot >>> PAGE_BITS] as Uint8Array)[slot & OFFSET_MASK] = isInMain ? IN_MAIN : 0;
  }

  /** Makes room for a slot that is at most one above the highest so far. The only place that allocates. */
  ensure(slot: number): void {
    const index = slot >>> PAGE_BITS;
    const offset = slot & OFFSET_MASK;
    const current = this.#pages[index];
    if (current !== undefined && offset < current.length) return;
    let length = index > 0 ? PAGE_LENGTH : FIRST_PAGE_LENGTH;
    while (length <= offset) length *= 2;
    const larger = new Uint8Array(length);
    if (current !== undefined) larger.set(current);
    this.#pages[index] = larger;
  }

  /** Gives the memory back. */
  clear(): void {
    this.#pages.length = 0;
  }
}
