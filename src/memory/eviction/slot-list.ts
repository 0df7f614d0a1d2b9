import { Int32Pages } from "../slot-pages.ts";
import { NO_SLOT } from "./eviction-policy.ts";

/**
 * The links of all slots. Lists of one policy share them, for a slot is in at most one list at a time: 8 bytes a slot. Both links
 * of a slot stand side by side, so that following one brings the other into the processor's cache.
 */
export class SlotLinks {
  /** The next newer slot at `2 * slot`, the next older one at `2 * slot + 1`. */
  readonly #links = new Int32Pages();

  /** Makes room for a slot. The only place that allocates. */
  ensure(slot: number): void {
    this.#links.ensure(2 * slot + 1);
  }

  /** The next newer slot of a linked slot. */
  newer(slot: number): number {
    return this.#links.get(2 * slot);
  }

  /** The next older slot of a linked slot. */
  older(slot: number): number {
    return this.#links.get(2 * slot + 1);
  }

  /** Sets the next newer slot. */
  setNewer(slot: number, newer: number): void {
    this.#links.set(2 * slot, newer);
  }

  /** Sets the next older slot. */
  setOlder(slot: number, older: number): void {
    this.#links.set(2 * slot + 1, older);
  }

  /** Gives the memory back. All lists over these links must be cleared too. */
  clear(): void {
    this.#links.clear();
  }
}

/**
 * A doubly linked list of slots over {@link SlotLinks}. By convention the front is the newest and the back the oldest.
 * All O(1) but `toArray` and `checkInvariants`.
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
    links.setNewer(slot, NO_SLOT);
    links.setOlder(slot, this.front);
    if (this.front === NO_SLOT) this.back = slot;
    else links.setNewer(this.front, slot);
    this.front = slot;
    this.size += 1;
  }

  /** Puts a slot that is in no list at the back. */
  pushBack(slot: number): void {
    const links = this.#links;
    links.ensure(slot);
    links.setOlder(slot, NO_SLOT);
    links.setNewer(slot, this.back);
    if (this.back === NO_SLOT) this.front = slot;
    else links.setOlder(this.back, slot);
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
    links.setNewer(slot, newer);
    links.setOlder(slot, older);
    links.setOlder(newer, slot);
    links.setNewer(older, slot);
    this.size += 1;
  }

  /** Takes a slot of this list out of it. */
  remove(slot: number): void {
    const links = this.#links;
    const newer = links.newer(slot);
    const older = links.older(slot);
    if (newer === NO_SLOT) this.front = older;
    else links.setOlder(newer, older);
    if (older === NO_SLOT) this.back = newer;
    else links.setNewer(older, newer);
    this.size -= 1;
  }

  /** Makes a slot of this list its newest. */
  moveToFront(slot: number): void {
    if (this.front === slot) return;
    const links = this.#links;
    const newer = links.newer(slot);
    const older = links.older(slot);
    links.setOlder(newer, older);
    if (older === NO_SLOT) this.back = newer;
    else links.setNewer(older, newer);
    links.setNewer(this.front, slot);
    links.setOlder(slot, this.front);
    links.setNewer(slot, NO_SLOT);
    this.front = slot;
  }

  /** The next newer slot, or {@link NO_SLOT} at the front. */
  newerThan(slot: number): number {
    return this.#links.newer(slot);
  }

  /** Empties the list. */
  clear(): void {
    this.front = NO_SLOT;
    this.back = NO_SLOT;
    this.size = 0;
  }

  /** All slots from front to back. O(n). */
  toArray(): number[] {
    const slots: number[] = [];
    for (let slot = this.front; slot !== NO_SLOT; slot = this.#links.older(slot)) {
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
      if (this.#links.newer(slot) !== newer) throw new Error(`slot list: wrong back link at ${slot}`);
      newer = slot;
    }
  }
}
