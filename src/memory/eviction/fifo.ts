import type { EvictionPolicy } from "./eviction-policy.ts";
import { SlotLinks, SlotList } from "./slot-list.ts";

/** First in, first out: the entry whose key came first leaves, whatever was read or rewritten since. 8 bytes a slot. */
export function createFifoPolicy(): EvictionPolicy {
  const list = new SlotList(new SlotLinks());
  return {
    name: "fifo",
    inserted: (slot) => list.pushFront(slot),
    touched: () => undefined,
    removed: (slot) => list.remove(slot),
    victim: () => list.back,
    resize: () => undefined,
    clear: () => list.clear(),
    checkInvariants: () => list.checkInvariants(),
  };
}
