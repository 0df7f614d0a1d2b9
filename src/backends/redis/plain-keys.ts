import type { RedisArgument } from "../../clients/redis/redis-client.ts";
import { slotOfKey } from "../../clients/redis/redis-slot.ts";
import { InvalidArgumentError } from "../../foundation/errors.ts";
import { encodeKeyText } from "./key-text.ts";
import { KEY_STEM } from "./redis-key-layout.ts";

/** A stored key as it stands in Redis, and its slot. */
export interface PlainKey {
  readonly redisKey: RedisArgument;
  readonly slot: number;
}

/**
 * Refuses to write where locks, their tokens and operations are kept: whoever chooses a key could take a lock away, or a count back.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_KEY`
 */
export function assertPlainKey(key: string): void {
  if (!key.startsWith(KEY_STEM)) return;
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_KEY",
    "key",
    `A key must not begin with "${KEY_STEM}" in mode "plain": locks and operations are kept under such keys. Use another key, or a namespace.`,
  );
}

/** The key itself, to write to it. @throws InvalidArgumentError see {@link assertPlainKey} */
export function plainKey(key: string, isCluster: boolean): PlainKey {
  assertPlainKey(key);
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
