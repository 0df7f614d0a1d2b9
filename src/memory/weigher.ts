import { stringBytes } from "./leaf-estimate.ts";
import { estimateValueBytes } from "./value-estimate.ts";

/**
 * What one entry costs besides its key and value, on 64-bit V8: its place in the `Map` (about 45 bytes), in the parallel arrays (7
 * of 8 bytes, with what growing arrays keep in reserve about 80) and in the policy (8 to 35, the sketch included).
 * Set to the measured heap growth of 150,000 entries under the default policy.
 */
export const ENTRY_OVERHEAD_BYTES = 160;
/** An entry with tags: the two arrays that name them. */
const TAG_SET_BYTES = 96;
/** Each tag of an entry: two references; the tag's text and record are shared by all entries that carry it. */
const TAG_REFERENCE_BYTES = 16;

/**
 * Estimated memory of an entry, in whole bytes, so that sums of them stay exact: key, value, tags, and {@link ENTRY_OVERHEAD_BYTES}. Strings, buffers and
 * numbers are exact up to V8's own bookkeeping; see {@link estimateValueBytes} for objects. Cost: O(1) for
 * primitives and buffers, bounded for everything else.
 */
export function weighEntry(key: string, value: unknown, tagCount: number): number {
  const tagBytes = tagCount === 0 ? 0 : TAG_SET_BYTES + tagCount * TAG_REFERENCE_BYTES;
  return ENTRY_OVERHEAD_BYTES + tagBytes + stringBytes(key) + estimateValueBytes(value);
}
