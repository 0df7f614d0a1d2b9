import type { EvictionPolicy } from "./eviction-policy.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/** Least recently used: the entry that was not read or written for the longest time leaves. 8 bytes a slot. */
export function createLruPolicy(): EvictionPolicy {
  const list = new SlotList(new SlotLinks());
  return {
    name: "lru",
    inserted: (slot) => list.pushFront(slot),
    touched: (slot) => list.moveToFront(slot),
    removed: (slot) => list.remove(slot),
    victim: () => list.back,
    resize: () => undefined,
    clear: () => list.clear(),
    checkInvariants: () => list.checkInvariants(),
  };
}
