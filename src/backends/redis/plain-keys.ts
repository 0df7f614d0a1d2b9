import type { RedisArgument } from "../../clients/redis/redis-client.ts";
import { slotOfKey } from "../../clients/redis/redis-slot.ts";
import { encodeKeyText } from "./key-text.ts";
import { KEY_STEM } from "./redis-key-layout.ts";

/** A stored key as it stands in Redis, and its slot. */
export interface PlainKey {
  readonly redisKey: RedisArgument;
  readonly slot: number;
}

/** The key itself. */
export function plainKey(key: string, isCluster: boolean): PlainKey {
  const redisKey = encodeKeyText("", key);
  return { redisKey, slot: isCluster ? slotOfKey(redisKey) : 0 };
}

const tagOfSlot = new Map<number, string>();
let tried = 0;

/**
 * What a key of ours begins with so that it lies in a slot. A key of somebody else cannot always stand between braces, so texts are tried until one
 * falls into its slot: once for each slot, some 16,000 tries, about 10 ms for those that come first and next to nothing later.
 */
export function plainSlotTag(slot: number): string {
  for (let found = tagOfSlot.get(slot); ; found = tagOfSlot.get(slot)) {
    if (found !== undefined) return found;
    const tag = `${KEY_STEM}p${tried}}`;
    tried += 1;
    const tagSlot = slotOfKey(tag);
    if (!tagOfSlot.has(tagSlot)) tagOfSlot.set(tagSlot, tag);
  }
}
