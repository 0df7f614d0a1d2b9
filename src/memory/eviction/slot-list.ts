import { grownLength, resizedSlotArray } from "../slot-array.ts";
import { NO_SLOT } from "./eviction-policy.ts";

/** Mark of a slot that is in no list; distinct from {@link NO_SLOT}, which ends a list. */
const UNLINKED = -2;

/** The links of all slots. Lists of one policy share them, for a slot is in at most one list at a time: 8 bytes a slot. */
export class SlotLinks {
  next: Int32Array = new Int32Array(0);
  previous: Int32Array = new Int32Array(0);

  /** Makes room for a slot. The only place that allocates. */
  ensure(slot: number): void {
    if (slot < this.next.length) return;
    const length = grownLength(this.next.length, slot);
    this.next = resizedSlotArray(this.next, length, UNLINKED);
    this.previous = resizedSlotArray(this.previous, length, UNLINKED);
  }
}

/**
 * A doubly linked list of slots over {@link SlotLinks}. By convention the front is the newest and the back the oldest.
 * All O(1) but `clear`, `toArray` and `checkInvariants`.
 */
export class SlotList {
  /** Newest slot, or {@link NO_SLOT}. */
  front: number = NO_SLOT;
  /** Oldest slot, or {@link NO_SLOT}. */
  back: number = NO_SLOT;
  /** Number of slots in the list. */
  size = 0;
  readonly #links: SlotLinks;

  constructor(links: SlotLinks) {
    this.#links = links;
  }

  /** Puts a slot that is in no list at the front. */
  pushFront(slot: number): void {
    const links = this.#links;
    links.ensure(slot);
    links.previous[slot] = NO_SLOT;
    links.next[slot] = this.front;
    if (this.front === NO_SLOT) this.back = slot;
    else links.previous[this.front] = slot;
    this.front = slot;
    this.size += 1;
  }

  /** Puts a slot that is in no list at the back. */
  pushBack(slot: number): void {
    const links = this.#links;
    links.ensure(slot);
    links.next[slot] = NO_SLOT;
    links.previous[slot] = this.back;
    if (this.back === NO_SLOT) this.front = slot;
    else links.next[this.back] = slot;
    this.back = slot;
    this.size += 1;
  }

  /** Puts a slot that is in no list right before `older`, one of this list. */
  insertNewer(slot: number, older: number): void {
    const newer = this.newerThan(older);
    if (newer === NO_SLOT) {
      this.pushFront(slot);
      return;
    }
    const links = this.#links;
    links.ensure(slot);
    links.previous[slot] = newer;
    links.next[slot] = older;
    links.next[newer] = slot;
    links.previous[older] = slot;
    this.size += 1;
  }

  /** Takes a slot of this list out of it. */
  remove(slot: number): void {
    const { next, previous } = this.#links;
    const newer = previous[slot] as number;
    const older = next[slot] as number;
    if (newer === NO_SLOT) this.front = older;
    else next[newer] = older;
    if (older === NO_SLOT) this.back = newer;
    else previous[older] = newer;
    next[slot] = UNLINKED;
    previous[slot] = UNLINKED;
    this.size -= 1;
  }

  /** Makes a slot of this list its newest. */
  moveToFront(slot: number): void {
    if (this.front === slot) return;
    this.remove(slot);
    this.pushFront(slot);
  }

  /** The next newer slot, or {@link NO_SLOT} at the front. */
  newerThan(slot: number): number {
    return this.#links.previous[slot] as number;
  }

  /** Empties the list. O(n). */
  clear(): void {
    while (this.back !== NO_SLOT) this.remove(this.back);
  }

  /** All slots from front to back. O(n). */
  toArray(): number[] {
    const slots: number[] = [];
    for (let slot = this.front; slot !== NO_SLOT; slot = this.#links.next[slot] as number) {
      slots.push(slot);
      if (slots.length > this.size) throw new Error("slot list: more links than its size, or a cycle");
    }
    return slots;
  }

  /** Throws when a link or the size is wrong. O(n). */
  checkInvariants(): void {
    const slots = this.toArray();
    if (slots.length !== this.size) throw new Error(`slot list: size is ${this.size}, but ${slots.length} are linked`);
    if (slots.length > 0 && slots.at(-1) !== this.back) throw new Error("slot list: the back is not the last");
    if (slots.length === 0 && this.back !== NO_SLOT) throw new Error("slot list: empty, but it has a back");
    let newer = NO_SLOT;
    for (const slot of slots) {
      if (this.#links.previous[slot] !== newer) throw new Error(`slot list: wrong back link at ${slot}`);
      newer = slot;
    }
  }
}
