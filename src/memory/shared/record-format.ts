import type { SharedSlab } from "./shared-slab.ts";

/**
 * A record, as 32-bit words from its address; it never changes once it can be found.
 *
 * ```text
 *  word 0       size in units of 8 bytes
 *       1       value kind (bits 0–3), wide key (4), list only (5), tags (6), scopes (8–18), siblings (19–26)
 *       2       bucket
 *       3       high hash of the key
 *       4       bytes of the key
 *       5       bytes of the value
 *       6       the clear epoch it was written in
 *       7       bytes of the tags' text
 *       8, 9    version          (double)
 *      10, 11   stamp            (double): invalidations with a larger version end it
 *      12, 13   expires at       (double), wall-clock ms
 *      14 …     key, value, tags' text; padding
 *               scopes: a pair of hashes for each namespace it lies in and each tag
 *               siblings: high hash and address of every other entry of the bucket
 * ```
 *
 * A record with "list only" has words 0–2, one of padding, and siblings: it stands for the bucket without being an entry.
 */
export const RECORD = {
  size: 0,
  flags: 1,
  bucket: 2,
  hash: 3,
  keyBytes: 4,
  valueBytes: 5,
  epoch: 6,
  tagBytes: 7,
} as const;

/** Units of the fixed part of an entry. */
export const HEADER_UNITS: number = 7;
/** Units of the fixed part of a list. */
export const LIST_HEADER_UNITS: number = 2;
export const HEADER_BYTES: number = 56;

export const KIND_MASK: number = 0xf;
export const WIDE_KEY_FLAG: number = 1 << 4;
export const LIST_FLAG: number = 1 << 5;
export const TAGS_FLAG: number = 1 << 6;
const SCOPE_SHIFT = 8;
const SCOPE_MASK = 0x7ff;
const SIBLING_SHIFT = 19;
const SIBLING_MASK = 0xff;

/** Most entries of a bucket besides the one at its head; above, the oldest is evicted. Bounds every search, whatever keys come. */
export const MAX_SIBLING_COUNT: number = 31;
/** Most namespaces and tags of one entry. */
export const MAX_SCOPE_COUNT: number = SCOPE_MASK;

/** The flags word. */
export function toFlags(kindAndBits: number, scopeCount: number, siblingCount: number): number {
  return kindAndBits | (scopeCount << SCOPE_SHIFT) | (siblingCount << SIBLING_SHIFT);
}

export function scopeCountOf(flags: number): number {
  return (flags >> SCOPE_SHIFT) & SCOPE_MASK;
}

export function siblingCountOf(flags: number): number {
  return (flags >> SIBLING_SHIFT) & SIBLING_MASK;
}

/** Flags as they were, with another number of siblings. */
export function withSiblingCount(flags: number, siblingCount: number): number {
  return (flags & ~(SIBLING_MASK << SIBLING_SHIFT)) | (siblingCount << SIBLING_SHIFT);
}

/** The units that a record needs without siblings. */
export function unitsOf(dataBytes: number, scopeCount: number): number {
  return HEADER_UNITS + Math.ceil(dataBytes / 8) + scopeCount;
}

/**
 * Whether what stands at an address can be a record that ends within its segment. What a reader meets may have been written
 * over meanwhile; this keeps it from running away with such bytes until the check that finds out.
 */
export function isPlausible(slab: SharedSlab, address: number): boolean {
  const { dataAt, segmentUnits, segmentCount } = slab.layout;
  const offset = address - dataAt;
  if (offset < 0 || offset >= segmentUnits * segmentCount) return false;
  const { i32 } = slab;
  const word = address * 2;
  const sizeUnits = i32[word + RECORD.size] as number;
  const roomUnits = segmentUnits - (offset & (segmentUnits - 1));
  if (sizeUnits < LIST_HEADER_UNITS || sizeUnits > roomUnits) return false;
  const flags = i32[word + RECORD.flags] as number;
  const listUnits = siblingCountOf(flags);
  if ((flags & LIST_FLAG) !== 0) return LIST_HEADER_UNITS + listUnits <= sizeUnits;
  const keyBytes = i32[word + RECORD.keyBytes] as number;
  const valueBytes = i32[word + RECORD.valueBytes] as number;
  const tagBytes = i32[word + RECORD.tagBytes] as number;
  if (keyBytes < 0 || valueBytes < 0 || tagBytes < 0) return false;
  return unitsOf(keyBytes + valueBytes + tagBytes, scopeCountOf(flags)) + listUnits <= sizeUnits;
}

/** Index of the first sibling's words. */
export function siblingWord(i32: Int32Array, word: number, siblingCount: number): number {
  return word + ((i32[word + RECORD.size] as number) - siblingCount) * 2;
}

/** Index of the first scope's words. */
export function scopeWord(i32: Int32Array, word: number, flags: number): number {
  const behind = siblingCountOf(flags) + scopeCountOf(flags);
  return word + ((i32[word + RECORD.size] as number) - behind) * 2;
}
