import type { EntrySlots } from "./entry-slots.ts";
import type { EntryWeigher } from "./user-weigher.ts";

/** Entries weighed for one answer. */
const SAMPLE_COUNT = 64;

/**
 * The mean weight of the entries of a store that does not weigh what is written, for want of a bound in bytes: of up to 64
 * entries at even distances. 0 for an empty store. O(1)
 */
export function sampledMeanBytes(slots: EntrySlots, weigh: EntryWeigher): number {
  const step = Math.max(1, Math.floor(slots.highWater / SAMPLE_COUNT));
  let count = 0;
  let totalBytes = 0;
  for (let slot = 0; slot < slots.highWater; slot += step) {
    const key = slots.refs.key(slot);
    if (key === undefined) continue;
    count += 1;
    totalBytes += weigh(key, slots.refs.value(slot), slots.tagSets.get(slot)?.tags.length ?? 0);
  }
  return count === 0 ? 0 : totalBytes / count;
}
