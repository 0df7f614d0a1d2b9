/** Slots in a page. The first page doubles; the others are made whole. */
const PAGE_BITS = 17;
const PAGE_LENGTH: number = 1 << PAGE_BITS;
const OFFSET_MASK: number = PAGE_LENGTH - 1;
const FIRST_PAGE_LENGTH = 64;
const NO_MARKS = new Uint8Array(0);
/** Reads are counted in two bits. */
const READS_MASK = 3;
const IN_MAIN = 4;

/**
 * A byte per slot: reads since the hand passed, up to 3, and whether the slot is in the main ring.
 */
export class ReadMarks {
  /** Page 0, at hand: most stores have no other. */
  #first: Uint8Array = NO_MARKS;
  readonly #pages: Uint8Array[] = [];

  /** Counts a read. The path of every hit. */
  countRead(slot: number): void {
    const page = this.#page(slot);
    const at = slot & OFFSET_MASK;
    const mark = page[at] as number;
    if ((mark & READS_MASK) !== READS_MASK) page[at] = mark + 1;
  }

  /** Takes a read off. @returns whether there was one */
  takeRead(slot: number): boolean {
    const page = this.#page(slot);
    const at = slot & OFFSET_MASK;
    const mark = page[at] as number;
    if ((mark & READS_MASK) === 0) return false;
    page[at] = mark - 1;
    return true;
  }

  /** Whether there were reads that were not taken off. */
  isRead(slot: number): boolean {
    return ((this.#page(slot)[slot & OFFSET_MASK] as number) & READS_MASK) !== 0;
  }

  isInMain(slot: number): boolean {
    return ((this.#page(slot)[slot & OFFSET_MASK] as number) & IN_MAIN) !== 0;
  }

  /** Says where the slot is now, without any reads. */
  place(slot: number, isInMain: boolean): void {
    this.#page(slot)[slot & OFFSET_MASK] = isInMain ? IN_MAIN : 0;
  }

  /** Makes room for a slot that is at most one above the highest so far. The only place that allocates. */
  ensure(slot: number): void {
    const index = slot >>> PAGE_BITS;
    const offset = slot & OFFSET_MASK;
    const current = index === 0 ? this.#first : this.#pages[index];
    if (current !== undefined && offset < current.length) return;
    let length = index > 0 ? PAGE_LENGTH : FIRST_PAGE_LENGTH;
    while (length <= offset) length *= 2;
    const larger = new Uint8Array(length);
    this.#pages[index] = larger;
    if (index > 0) return;
    larger.set(this.#first);
    this.#first = larger;
  }

  /** Gives the memory back. */
  clear(): void {
    this.#first = NO_MARKS;
    this.#pages.length = 0;
  }

  #page(slot: number): Uint8Array {
    return slot < PAGE_LENGTH ? this.#first : (this.#pages[slot >>> PAGE_BITS] as Uint8Array);
  }
}
