import { Uint8Pages } from "../slot-pages.ts";
import { type EvictionPolicy, NO_SLOT } from "./eviction-policy.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/**
 * SIEVE: a queue in order of arrival, one "visited" mark an entry, and a hand that moves from old to new. The hand clears
 * marks as it passes and stops at the first entry without one; survivors keep their place, so a read costs one byte write.
 * 9 bytes a slot; a victim is amortized O(1), for each step clears a mark that a read had set.
 *
 * Source: Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024, https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo
 */
export function createSievePolicy(): EvictionPolicy {
  return new Sieve();
}

class Sieve implements EvictionPolicy {
  readonly name = "sieve";
  readonly #links = new SlotLinks();
  readonly #list = new SlotList(this.#links);
  readonly #visited = new Uint8Pages();
  /** Where the search goes on; `NO_SLOT`: at the oldest. */
  #hand: number = NO_SLOT;

  inserted(slot: number): void {
    this.#visited.ensure(slot);
    this.#visited.set(slot, 0);
    this.#list.pushFront(slot);
  }

  touched(slot: number): void {
    this.#visited.set(slot, 1);
  }

  removed(slot: number): void {
    if (this.#hand === slot) this.#hand = this.#list.newerThan(slot);
    this.#list.remove(slot);
  }

  replaced(slot: number): void {
    this.removed(slot);
    this.inserted(slot);
  }

  victim(): number {
    let slot = this.#hand === NO_SLOT ? this.#list.back : this.#hand;
    while (slot !== NO_SLOT && this.#visited.get(slot) === 1) {
      this.#visited.set(slot, 0);
      const newer = this.#list.newerThan(slot);
      slot = newer === NO_SLOT ? this.#list.back : newer;
    }
    this.#hand = slot;
    return slot;
  }

  resize(): void {}

  clear(): void {
    this.#list.clear();
    this.#links.clear();
    this.#visited.clear();
    this.#hand = NO_SLOT;
  }

  checkInvariants(): void {
    this.#list.checkInvariants();
    if (this.#hand !== NO_SLOT && !this.#list.toArray().includes(this.#hand))
      throw new Error("sieve: the hand points to no entry");
  }
}
