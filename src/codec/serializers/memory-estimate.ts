import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";

/**
 * How much memory a value may take for each byte that it may have encoded. An empty map takes one byte of msgpack and some fifty in memory: 64 MiB of
 * them, which compress to 64 KiB, would end the process.
 */
const MEMORY_PER_BYTE = 16;

/** What parts of a value take in memory, in bytes, roughly. */
export const PART_BYTES = {
  /** An array or plain object without its parts. */
  container: 56,
  /** A `Map` or `Set`, which begins with room for some members. */
  collection: 200,
  /** A `Date`, error or box. */
  object: 120,
  /** A buffer or view without its bytes, which takes the platform microseconds as well. */
  buffer: 1_000,
} as const;

/** Counts what a value will take in memory before anything is made of its bytes. */
export class MemoryEstimate {
  #leftBytes: number;

  constructor(limits: CodecLimits) {
    this.#leftBytes = limits.maxValueBytes * MEMORY_PER_BYTE;
  }

  /** @throws CodecFault `too-large` when the value takes more than it may */
  take(bytes: number): void {
    this.#leftBytes -= bytes;
    if (this.#leftBytes < 0) throw new CodecFault("too-large", "a value that takes far more memory than its bytes");
  }
}

/** Whether bytes could be refused for the memory they take. A value that is written is read, so those are looked at before they are written. */
export function mayTakeTooMuch(byteCount: number, limits: CodecLimits): boolean {
  return byteCount * PART_BYTES.buffer > limits.maxValueBytes * MEMORY_PER_BYTE;
}
