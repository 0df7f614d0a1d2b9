import type { EvictionPolicy } from "./eviction-policy.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/**
 * First in, first out: the entry whose key came first leaves, whatever was read or rewritten since. A read writes nothing.
 * 8 bytes a slot, all O(1).
 */
export function createFifoPolicy(): EvictionPolicy {
  return new Fifo();
}

class Fifo implements EvictionPolicy {
  readonly name = "fifo";
  readonly #links = new SlotLinks();
  readonly #list = new SlotList(this.#links);

  inserted(slot: number): void {
    this.#list.pushFront(slot);
  }

  touched(): void {}

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
