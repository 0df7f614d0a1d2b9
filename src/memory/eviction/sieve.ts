import { grownLength, resizedSlotArray } from "../slot-array.ts";
import { type EvictionPolicy, NO_SLOT } from "./eviction-policy.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/**
 * SIEVE: a queue in order of arrival, one "visited" bit an entry, and a hand that moves from old to new. The hand clears
 * bits as it passes and stops at the first entry without one; survivors keep their place, so a read costs one byte write.
 * 9 bytes a slot; a victim is amortized O(1), for each step clears a bit that a read had set.
 *
 * Source: Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024, https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo
 */
export function createSievePolicy(): EvictionPolicy {
  const list = new SlotList(new SlotLinks());
  let visited = new Uint8Array(0);
  /** Where the search goes on; `NO_SLOT`: at the oldest. */
  let hand = NO_SLOT;
  return {
    name: "sieve",
    inserted(slot) {
      if (slot >= visited.length) visited = resizedSlotArray(visited, grownLength(visited.length, slot));
      visited[slot] = 0;
      list.pushFront(slot);
    },
    touched(slot) {
      visited[slot] = 1;
    },
    removed(slot) {
      if (hand === slot) hand = list.newerThan(slot);
      list.remove(slot);
    },
    victim() {
      let slot = hand === NO_SLOT ? list.back : hand;
      while (slot !== NO_SLOT && visited[slot] === 1) {
        visited[slot] = 0;
        const newer = list.newerThan(slot);
        slot = newer === NO_SLOT ? list.back : newer;
      }
      hand = slot;
      return slot;
    },
    resize: () => undefined,
    clear() {
      list.clear();
      hand = NO_SLOT;
    },
    checkInvariants() {
      list.checkInvariants();
      if (hand !== NO_SLOT && !list.toArray().includes(hand)) throw new Error("sieve: the hand points to no entry");
    },
  };
}
