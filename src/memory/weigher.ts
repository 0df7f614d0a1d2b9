import { stringBytes } from "./leaf-estimate.ts";
import { estimateValueBytes } from "./value-estimate.ts";

/**
 * What one entry costs besides its key and value, on 64-bit V8: its places in the arrays of the store (44 bytes), in the key index (8 to
 * 16) and in the policy (about 21), with what arrays that double keep in reserve. Measured as the heap's growth by 10,000 to a
 * million entries under the default policy: 42 to 97.
 */
export const ENTRY_OVERHEAD_BYTES = 80;
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
