/** Slots below this are in one array, which doubles: the largest copy, of 2 MB, takes about a millisecond. */
const NEAR_SLOT_COUNT: number = 1 << 17;
const PAGE_BITS = 14;
const PAGE_SLOT_COUNT: number = 1 << PAGE_BITS;
const OFFSET_MASK: number = PAGE_SLOT_COUNT - 1;
const FIRST_SLOT_COUNT = 32;

/**
 * Key and value by slot, side by side, so that a hit finds both on one cache line. The first 131,072 slots are in one array,
 * those above in pages of 16,384: growth never copies more than 2 MB, and the garbage collector marks page by page.
 *
 * ```text
 * │ key 0 │ value 0 │ key 1 │ value 1 │ …
 * ```
 */
export class SlotRefs {
  #near: unknown[] = [];
  readonly #far: unknown[][] = [];

  /** The key; `undefined`: the slot is free. */
  key(slot: number): string | undefined {
    const near = this.#near;
    return (slot << 1 < near.length ? near[slot << 1] : this.#pageOf(slot)[farOffset(slot)]) as string | undefined;
  }

  /** The value. */
  value(slot: number): unknown {
    const near = this.#near;
    return slot << 1 < near.length ? near[(slot << 1) | 1] : this.#pageOf(slot)[farOffset(slot) | 1];
  }

  /** Sets key and value. */
  fill(slot: number, key: string, value: unknown): void {
    const isNear = slot << 1 < this.#near.length;
    const page = isNear ? this.#near : this.#pageOf(slot);
    const offset = isNear ? slot << 1 : farOffset(slot);
    page[offset] = key;
    page[offset | 1] = value;
  }

  /** Sets the value. */
  setValue(slot: number, value: unknown): void {
    const near = this.#near;
    if (slot << 1 < near.length) near[(slot << 1) | 1] = value;
    else this.#pageOf(slot)[farOffset(slot) | 1] = value;
  }

  /** Drops key and value. */
  drop(slot: number): void {
    const isNear = slot << 1 < this.#near.length;
    const page = isNear ? this.#near : this.#pageOf(slot);
    const offset = isNear ? slot << 1 : farOffset(slot);
    page[offset] = undefined;
    page[offset | 1] = undefined;
  }

  /** Makes room for a slot that is at most one above the highest so far. The only place that allocates. */
  ensure(slot: number): void {
    if (slot << 1 < this.#near.length) return;
    if (slot >= NEAR_SLOT_COUNT) {
      this.#far[(slot - NEAR_SLOT_COUNT) >>> PAGE_BITS] ??= new Array<unknown>(PAGE_SLOT_COUNT << 1).fill(undefined);
      return;
    }
    const missing = new Array<unknown>(Math.max(FIRST_SLOT_COUNT << 1, this.#near.length)).fill(undefined);
    this.#near = this.#near.concat(missing);
  }

  /** Gives the memory back. */
  clear(): void {
    this.#near = [];
    this.#far.length = 0;
  }

  #pageOf(slot: number): unknown[] {
    return this.#far[(slot - NEAR_SLOT_COUNT) >>> PAGE_BITS] as unknown[];
  }
}

function farOffset(slot: number): number {
  return ((slot - NEAR_SLOT_COUNT) & OFFSET_MASK) << 1;
}
