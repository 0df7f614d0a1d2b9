const PAGE_BITS = 14;
const PAGE_SLOT_COUNT: number = 1 << PAGE_BITS;
const OFFSET_MASK: number = PAGE_SLOT_COUNT - 1;

/**
 * A reference by slot, `undefined` at first, in pages of 16,384 slots that are made when something is set in them: what
 * most stores never have, such as tags, costs them nothing.
 */
export class RefPages<Ref> {
  readonly #pages: (Ref | undefined)[][] = [];

  /** The slot's reference. */
  get(slot: number): Ref | undefined {
    const page = this.#pages[slot >>> PAGE_BITS];
    return page === undefined ? undefined : page[slot & OFFSET_MASK];
  }

  /** Sets or, with `undefined`, drops the slot's reference. */
  set(slot: number, ref: Ref | undefined): void {
    const page = this.#pages[slot >>> PAGE_BITS];
    if (page !== undefined) grow(page, slot & OFFSET_MASK)[slot & OFFSET_MASK] = ref;
    else if (ref !== undefined) this.#pages[slot >>> PAGE_BITS] = makePage(slot & OFFSET_MASK, ref);
  }

  /** Gives the memory back. */
  clear(): void {
    this.#pages.length = 0;
  }
}

function makePage<Ref>(offset: number, ref: Ref): (Ref | undefined)[] {
  const page = grow<Ref>([], offset);
  page[offset] = ref;
  return page;
}

/** Pages grow by pushing, so that V8 keeps them without holes and over-allocates by half only. */
function grow<Ref>(page: (Ref | undefined)[], offset: number): (Ref | undefined)[] {
  while (page.length <= offset) page.push(undefined);
  return page;
}
