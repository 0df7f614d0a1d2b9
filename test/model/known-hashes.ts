const FIRST_SLOT_COUNT = 2 ** 12;
/** Fuller than this, and places next to one another fill up. */
const MAX_FILL_RATIO = 0.5;

/** A set of hashes of states. A `Set` of them would keep an object for each, and look at several for every question. O(1) time, some 30 bytes for each. */
export class KnownHashes {
  /** Each hash plus 1, in the first place that was free from its own on; 0: free. */
  #slots = new Float64Array(FIRST_SLOT_COUNT);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Tells whether it was not there before. */
  add(hash: number): boolean {
    const slots = this.#slots;
    const at = placeOf(hash, slots);
    if (slots[at] !== 0) return false;
    slots[at] = hash + 1;
    this.#size += 1;
    if (this.#size > slots.length * MAX_FILL_RATIO) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(old.length * 2);
    for (const entry of old) if (entry !== 0) this.#slots[placeOf(entry - 1, this.#slots)] = entry;
  }
}

/** Where a hash is, or would be put. The number of places is a power of two. */
function placeOf(hash: number, slots: Float64Array): number {
  const last = slots.length - 1;
  // The lower 21 of the 53 bits are of the other half.
  let at = Math.floor(hash / 2 ** 21) & last;
  while (slots[at] !== 0 && slots[at] !== hash + 1) at = (at + 1) & last;
  return at;
}
