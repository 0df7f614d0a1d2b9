import { REDIS_SLOT_COUNT, slotOfKey } from "../redis-slot.ts";

let keys: string[] | undefined;

/**
 * A key that is in a slot, for libraries that route by a key and not by a slot. The first call makes the table of all slots, which takes
 * some tens of milliseconds.
 */
export function keyOfSlot(slot: number): string {
  keys ??= makeTable();
  return keys[slot] as string;
}

function makeTable(): string[] {
  const table: string[] = new Array(REDIS_SLOT_COUNT);
  for (let number = 0, missing = REDIS_SLOT_COUNT; missing > 0; number += 1) {
    const key = number.toString(36);
    const slot = slotOfKey(key);
    if (table[slot] !== undefined) continue;
    table[slot] = key;
    missing -= 1;
  }
  return table;
}
