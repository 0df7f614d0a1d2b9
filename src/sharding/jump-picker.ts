import { ConfigError } from "../foundation/errors.ts";
import { hashRoutingPart, type KeyHash, mix } from "./key-hash.ts";
import type { NodePicker, PickerNode } from "./node-picker.ts";

const scratch: KeyHash = { high: 0, low: 0 };
/** 2862933555777941757, the paper's multiplier, in halves. */
const MULTIPLIER_HIGH = 0x27bb2ee6;
const MULTIPLIER_LOW = 0x87b0b0fd;
/** How often a key that meets excluded nodes is hashed anew before the list is walked. */
const MAX_REHASHES = 16;

/**
 * The bucket of a 64-bit number among `bucketCount`, by jump consistent hashing. O(log buckets), no memory.
 *
 * Source: J. Lamping, E. Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014, https://arxiv.org/abs/1406.2294
 *
 * @param high upper 32 bits
 * @param low lower 32 bits
 */
export function jumpHash(high: number, low: number, bucketCount: number): number {
  let upper = high | 0;
  let lower = low | 0;
  let bucket = -1;
  let next = 0;
  while (next < bucketCount) {
    bucket = next;
    // (upper, lower) = (upper, lower) × multiplier + 1, modulo 2^64
    const product = upperProduct(lower) + Math.imul(upper, MULTIPLIER_LOW) + Math.imul(lower, MULTIPLIER_HIGH);
    lower = (Math.imul(lower, MULTIPLIER_LOW) + 1) | 0;
    upper = (product + (lower === 0 ? 1 : 0)) | 0;
    next = Math.floor((bucket + 1) * (2_147_483_648 / ((upper >>> 1) + 1)));
  }
  return bucket;
}

/** The upper 32 bits of `lower` × the multiplier's lower half, both unsigned. */
function upperProduct(lower: number): number {
  const lowHalf = lower & 0xffff;
  const highHalf = lower >>> 16;
  const multiplierLow = MULTIPLIER_LOW & 0xffff;
  const multiplierHigh = MULTIPLIER_LOW >>> 16;
  const middle = highHalf * multiplierLow + ((lowHalf * multiplierLow) >>> 16);
  const carry = lowHalf * multiplierHigh + (middle & 0xffff);
  return highHalf * multiplierHigh + Math.floor(middle / 65_536) + Math.floor(carry / 65_536);
}

/**
 * Jump consistent hashing over the list of nodes: exactly even, exactly 1/n moves, no memory. **The position in the list is the node's identity**: nodes
 * may only be added and removed at its end; anything else moves most keys. All weights must be equal.
 *
 * A key whose node is away is hashed anew until it meets one that is not, so the keys of one node spread over all others.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when weights differ
 */
export function createJumpPicker(nodes: readonly PickerNode[]): NodePicker {
  if (nodes.some(({ weight }) => weight !== nodes[0]?.weight)) {
    throw new ConfigError(
      "GCX_CONFIG_INVALID",
      "sharding.algorithm",
      'sharding.algorithm "jump" knows no weights. Give all nodes the same one, or use "consistent" or "rendezvous".',
    );
  }
  const count = nodes.length;
  return {
    algorithm: "jump",
    nodes,
    pick(key) {
      hashRoutingPart(key, scratch);
      return jumpHash(scratch.high, scratch.low, count);
    },
    pickNext(key, isExcluded) {
      hashRoutingPart(key, scratch);
      let { high, low } = scratch;
      for (let attempt = 0; attempt < MAX_REHASHES; attempt += 1) {
        const node = jumpHash(high, low, count);
        if (!isExcluded(node)) return node;
        high = mix(high ^ 0x5bf03635);
        low = mix(low ^ high);
      }
      const start = jumpHash(high, low, count);
      return firstAfter(start, count, isExcluded);
    },
  };
}

/** The first node from `start` on, around the list, that is not excluded; -1 when all are. */
export function firstAfter(start: number, count: number, isExcluded: (node: number) => boolean): number {
  for (let step = 0; step < count; step += 1) {
    const node = (start + step) % count;
    if (!isExcluded(node)) return node;
  }
  return -1;
}
