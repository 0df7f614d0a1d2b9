import { NO_SLOT } from "./eviction-policy.ts";

/** Words of a slot's record: next, previous, the time of its last known use. */
export const NEXT = 0;
const PREVIOUS = 1;
export const USED = 2;
const WORD_COUNT = 3;
/** Slots in a page, of 1.5 MB. The first page doubles; the others are made whole. */
const PAGE_BITS = 17;
const PAGE_SLOT_COUNT: number = 1 << PAGE_BITS;
const OFFSET_MASK: number = PAGE_SLOT_COUNT - 1;
const FIRST_SLOT_COUNT = 64;
const NO_RECORDS = new Int32Array(0);

/**
 * What a policy knows about each slot, 12 bytes side by side: an eviction looks at most of it, and so waits for memory once,
 * not three times. Rings of one policy share the nodes, for a slot is in at most one ring at a time.
 */
export class SlotNodes {
  /** Page 0, at hand: most stores have no other. */
  #first: Int32Array = NO_RECORDS;
  readonly #pages: Int32Array[] = [];

  /** The page with a slot's record, which starts at {@link recordOf}. */
  page(slot: number): Int32Array {
    return slot < PAGE_SLOT_COUNT ? this.#first : (this.#pages[slot >>> PAGE_BITS] as Int32Array);
  }

  /** When the slot's entry was known to be in use last, in the policy's time. */
  usedAt(slot: number): number {
    return this.page(slot)[recordOf(slot) + USED] as number;
  }

  setUsedAt(slot: number, usedAt: number): void {
    this.page(slot)[recordOf(slot) + USED] = usedAt;
  }

  /** Starts the record of a new entry. Makes room for a slot that is at most one above the highest so far; nothing else allocates. */
  open(slot: number, usedAt: number): void {
    const record = recordOf(slot);
    let page: Int32Array | undefined = this.page(slot);
    if (page === undefined || record >= page.length) page = this.#growPage(slot >>> PAGE_BITS, record);
    page[record + USED] = usedAt;
  }

  /** Gives the memory back. All rings over these nodes must be cleared too. */
  clear(): void {
    this.#first = NO_RECORDS;
    this.#pages.length = 0;
  }

  #growPage(index: number, record: number): Int32Array {
    let length = (index > 0 ? PAGE_SLOT_COUNT : FIRST_SLOT_COUNT) * WORD_COUNT;
    while (length <= record) length *= 2;
    const larger = new Int32Array(length);
    if (index === 0) {
      larger.set(this.#first);
      this.#first = larger;
    }
    this.#pages[index] = larger;
    return larger;
  }
}

/** Where a slot's record starts in its page. */
export function recordOf(slot: number): number {
  return (slot & OFFSET_MASK) * WORD_COUNT;
}

/**
 * Slots in a ring, with a hand at the oldest. A newcomer stands right behind the hand, as the newest; moving the hand on makes the oldest
 * the newest without touching a link. All O(1) but `toArray` and `checkInvariants`.
 */
export class SlotRing {
  /** The slot under the hand, or {@link NO_SLOT}. */
  oldest: number = NO_SLOT;
  /** Number of slots in the ring. */
  size = 0;
  readonly #nodes: SlotNodes;

  constructor(nodes: SlotNodes) {
    this.#nodes = nodes;
  }

  /** Adds a slot that is in no ring as the newest. */
  add(slot: number): void {
    const page = this.#nodes.page(slot);
    const record = recordOf(slot);
    const oldest = this.oldest;
    this.size += 1;
    if (oldest === NO_SLOT) {
      this.oldest = slot;
      page[record + NEXT] = slot;
      page[record + PREVIOUS] = slot;
      return;
    }
    const oldestPage = this.#nodes.page(oldest);
    const oldestRecord = recordOf(oldest);
    const newest = oldestPage[oldestRecord + PREVIOUS] as number;
    oldestPage[oldestRecord + PREVIOUS] = slot;
    this.#nodes.page(newest)[recordOf(newest) + NEXT] = slot;
    page[record + NEXT] = oldest;
    page[record + PREVIOUS] = newest;
  }

  /** Takes a slot of this ring out of it. The hand moves on when it stood there. */
  remove(slot: number): void {
    this.size -= 1;
    if (this.size === 0) {
      this.oldest = NO_SLOT;
      return;
    }
    const page = this.#nodes.page(slot);
    const record = recordOf(slot);
    const next = page[record + NEXT] as number;
    const previous = page[record + PREVIOUS] as number;
    this.#nodes.page(previous)[recordOf(previous) + NEXT] = next;
    this.#nodes.page(next)[recordOf(next) + PREVIOUS] = previous;
    if (this.oldest === slot) this.oldest = next;
  }

  /** Moves the hand on: the oldest becomes the newest. The ring must not be empty. */
  advance(): void {
    this.oldest = this.#next(this.oldest);
  }

  /** Empties the ring. */
  clear(): void {
    this.oldest = NO_SLOT;
    this.size = 0;
  }

  /** All slots from the oldest to the newest. O(n). */
  toArray(): number[] {
    const slots: number[] = [];
    let slot = this.oldest;
    while (slot !== NO_SLOT && (slots.length === 0 || slot !== this.oldest)) {
      slots.push(slot);
      if (slots.length > this.size) throw new Error("slot ring: more links than its size, or a cycle");
      slot = this.#next(slot);
    }
    return slots;
  }

  /** Throws when a link or the size is wrong. O(n). */
  checkInvariants(): void {
    const slots = this.toArray();
    if (slots.length !== this.size) throw new Error(`slot ring: size is ${this.size}, but ${slots.length} are linked`);
    let previous = slots.at(-1);
    for (const slot of slots) {
      if (this.#nodes.page(slot)[recordOf(slot) + PREVIOUS] !== previous)
        throw new Error(`slot ring: wrong back link at ${slot}`);
      previous = slot;
    }
  }

  #next(slot: number): number {
    return this.#nodes.page(slot)[recordOf(slot) + NEXT] as number;
  }
}
