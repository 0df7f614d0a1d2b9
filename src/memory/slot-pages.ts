/*
 * Numbers by slot. The first half million are in one array, read with one look; those above in pages of 65,536: a large store gets
 * another page, and nothing is copied. One array for all would be copied whole when it grows, which stops the program for 5 to 10 ms at some
 * million slots; pages for all would make every small store pay for the way to its only page.
 *
 * A class for each kind of number, with the same text: shared methods would see arrays of several kinds, and every
 * access of every policy would pay for the question which one it is.
 */

/** Slots below this are in one array, which doubles: the largest copy, of 2 MB, takes a fraction of a millisecond. */
const NEAR_LENGTH: number = 1 << 19;
const PAGE_BITS = 16;
const PAGE_LENGTH: number = 1 << PAGE_BITS;
const OFFSET_MASK: number = PAGE_LENGTH - 1;
const FIRST_LENGTH = 64;

/** The length that the near array needs for a slot. */
function nearLengthFor(slot: number): number {
  let length = FIRST_LENGTH;
  while (length <= slot) length *= 2;
  return length;
}

/** A 32-bit signed number per slot; 0 at first. */
export class Int32Pages {
  #near: Int32Array = new Int32Array(0);
  readonly #far: Int32Array[] = [];

  /** The number of a slot for which {@link Int32Pages.ensure} was called. */
  get(slot: number): number {
    const near = this.#near;
    return slot < near.length ? (near[slot] as number) : this.#getFar(slot);
  }

  /** Sets the number of a slot for which {@link Int32Pages.ensure} was called. */
  set(slot: number, value: number): void {
    const near = this.#near;
    if (slot < near.length) near[slot] = value;
    else this.#setFar(slot, value);
  }

  /** Makes room for a slot that is at most one above the highest so far. The only place that allocates. */
  ensure(slot: number): void {
    if (slot < this.#near.length) return;
    if (slot >= NEAR_LENGTH) {
      this.#far[(slot - NEAR_LENGTH) >>> PAGE_BITS] ??= new Int32Array(PAGE_LENGTH);
      return;
    }
    const larger = new Int32Array(nearLengthFor(slot));
    larger.set(this.#near);
    this.#near = larger;
  }

  /** Gives the memory back. */
  clear(): void {
    this.#near = new Int32Array(0);
    this.#far.length = 0;
  }

  #getFar(slot: number): number {
    const at = slot - NEAR_LENGTH;
    return (this.#far[at >>> PAGE_BITS] as Int32Array)[at & OFFSET_MASK] as number;
  }

  #setFar(slot: number, value: number): void {
    const at = slot - NEAR_LENGTH;
    (this.#far[at >>> PAGE_BITS] as Int32Array)[at & OFFSET_MASK] = value;
  }
}

/** A byte per slot; 0 at first. */
export class Uint8Pages {
  #near: Uint8Array = new Uint8Array(0);
  readonly #far: Uint8Array[] = [];

  /** The number of a slot for which {@link Uint8Pages.ensure} was called. */
  get(slot: number): number {
    const near = this.#near;
    return slot < near.length ? (near[slot] as number) : this.#getFar(slot);
  }

  /** Sets the number of a slot for which {@link Uint8Pages.ensure} was called. */
  set(slot: number, value: number): void {
    const near = this.#near;
    if (slot < near.length) near[slot] = value;
    else this.#setFar(slot, value);
  }

  /** Makes room for a slot that is at most one above the highest so far. The only place that allocates. */
  ensure(slot: number): void {
    if (slot < this.#near.length) return;
    if (slot >= NEAR_LENGTH) {
      this.#far[(slot - NEAR_LENGTH) >>> PAGE_BITS] ??= new Uint8Array(PAGE_LENGTH);
      return;
    }
    const larger = new Uint8Array(nearLengthFor(slot));
    larger.set(this.#near);
    this.#near = larger;
  }

  /** Gives the memory back. */
  clear(): void {
    this.#near = new Uint8Array(0);
    this.#far.length = 0;
  }

  #getFar(slot: number): number {
    const at = slot - NEAR_LENGTH;
    return (this.#far[at >>> PAGE_BITS] as Uint8Array)[at & OFFSET_MASK] as number;
  }

  #setFar(slot: number, value: number): void {
    const at = slot - NEAR_LENGTH;
    (this.#far[at >>> PAGE_BITS] as Uint8Array)[at & OFFSET_MASK] = value;
  }
}

/** A double per slot; 0 at first. */
export class Float64Pages {
  #near: Float64Array = new Float64Array(0);
  readonly #far: Float64Array[] = [];

  /** The number of a slot for which {@link Float64Pages.ensure} was called. */
  get(slot: number): number {
    const near = this.#near;
    return slot < near.length ? (near[slot] as number) : this.#getFar(slot);
  }

  /** Sets the number of a slot for which {@link Float64Pages.ensure} was called. */
  set(slot: number, value: number): void {
    const near = this.#near;
    if (slot < near.length) near[slot] = value;
    else this.#setFar(slot, value);
  }

  /** Makes room for a slot that is at most one above the highest so far. The only place that allocates. */
  ensure(slot: number): void {
    if (slot < this.#near.length) return;
    if (slot >= NEAR_LENGTH) {
      this.#far[(slot - NEAR_LENGTH) >>> PAGE_BITS] ??= new Float64Array(PAGE_LENGTH);
      return;
    }
    const larger = new Float64Array(nearLengthFor(slot));
    larger.set(this.#near);
    this.#near = larger;
  }

  /** Makes room for the slots below `count` and gives all of them a number. O(count), some 0.6 ms a million. */
  fill(count: number, value: number): void {
    if (count > 0) this.ensure(Math.min(count, NEAR_LENGTH) - 1);
    for (let slot = NEAR_LENGTH; slot < count; slot += PAGE_LENGTH) this.ensure(slot);
    this.#near.fill(value);
    for (const page of this.#far) page.fill(value);
  }

  /** Gives the memory back. */
  clear(): void {
    this.#near = new Float64Array(0);
    this.#far.length = 0;
  }

  #getFar(slot: number): number {
    const at = slot - NEAR_LENGTH;
    return (this.#far[at >>> PAGE_BITS] as Float64Array)[at & OFFSET_MASK] as number;
  }

  #setFar(slot: number, value: number): void {
    const at = slot - NEAR_LENGTH;
    (this.#far[at >>> PAGE_BITS] as Float64Array)[at & OFFSET_MASK] = value;
  }
}
