import type { CodecLimits } from "../codec-limits.ts";

/**
 * How much memory a value may take for each byte that it may have encoded. A byte of gob can stand for much more than itself: an empty map
 * in a slice takes one, and so does a struct of which all fields are zero, whose definition may name a thousand of them.
 */
const MEMORY_PER_BYTE = 8;

/** What parts of a value take in memory, in bytes, roughly and rather too much than too little. */
export const PART_BYTES = {
  /** A place in an array or object. */
  slot: 8,
  /** An array or plain object without its parts. */
  container: 32,
  /** A `Map` or `Set`, which begins with room for some members. */
  collection: 192,
  /** A `Date`, `bigint` or typed array without its bytes. */
  small: 96,
} as const;

/** Memory of an array. */
export function arrayBytes(count: number): number {
  return PART_BYTES.container + count * PART_BYTES.slot;
}

/** Memory of a plain object, as if it were a table of names. */
export function objectBytes(count: number): number {
  return PART_BYTES.container + count * PART_BYTES.slot * 3;
}

/** Memory of a `Map` or `Set`. */
export function collectionBytes(count: number): number {
  return PART_BYTES.collection + count * PART_BYTES.slot * 5;
}

/** Counts the memory of one value while it is read or written, so that a few bytes cannot fill all memory. */
export class MemoryBudget {
  #leftBytes: number;

  constructor(limits: CodecLimits) {
    this.#leftBytes = limits.maxValueBytes * MEMORY_PER_BYTE;
  }

  /** Takes bytes away. @returns whether there were enough */
  take(bytes: number): boolean {
    this.#leftBytes -= bytes;
    return this.#leftBytes >= 0;
  }
}
