import type { EvictionPolicy } from "./eviction-policy.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/** Least recently used: the entry that was not read or written for the longest time leaves. 8 bytes a slot, all O(1). */
export function createLruPolicy(): EvictionPolicy {
  return new Lru();
}

class Lru implements EvictionPolicy {
  readonly name = "lru";
  readonly #links = new SlotLinks();
  readonly #list = new SlotList(this.#links);

  inserted(slot: number): void {
    this.#list.pushFront(slot);
  }

  touched(slot: number): void {
    this.#list.moveToFront(slot);
  }

  removed(slot: number): void {
    this.#list.remove(slot);
  }

  replaced(slot: number): void {
    this.#list.moveToFront(slot);
  }

  victim(): number {
    return this.#list.back;
  }

  resize(): void {}

  clear(): void {
    this.#list.clear();
    this.#links.clear();
  }

  checkInvariants(): void {
    this.#list.checkInvariants();
  }
}
