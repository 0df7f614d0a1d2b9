import { randomFillSync } from "node:crypto";

/**
 * 64 random bits that name a state: of a namespace between two clears, of a tag between two invalidations. Two are compared for equality
 * alone, so nothing is gained by numbers that grow, and a server that restarted and counts anew can never repeat one.
 */
export interface Mark {
  readonly high: number;
  readonly low: number;
}

/** Length of a mark in bytes. */
export const MARK_BYTES = 8;

/** What an entry without a namespace's mark has; no state is ever named so. */
export const NO_MARK: Mark = Object.freeze({ high: 0, low: 0 });

const POOL_BYTES = 1_024;
const pool = Buffer.alloc(POOL_BYTES);
let poolOffset = POOL_BYTES;

/**
 * A new mark, from the platform's generator. Not from the host's source of randomness: a seed that two processes share would give both
 * the same marks, and a clear by one would look like what was there before to the other.
 */
export function createMark(): Mark {
  if (poolOffset >= POOL_BYTES) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const mark = readMark(pool, poolOffset);
  poolOffset += MARK_BYTES;
  return mark.high === 0 && mark.low === 0 ? createMark() : mark;
}

/** Reads a mark from its eight bytes, most significant first. */
export function readMark(bytes: Buffer, offset: number): Mark {
  return { high: bytes.readUInt32BE(offset), low: bytes.readUInt32BE(offset + 4) };
}

/** Writes a mark as {@link readMark} reads it. */
export function writeMark(bytes: Buffer, offset: number, mark: Mark): void {
  bytes.writeUInt32BE(mark.high, offset);
  bytes.writeUInt32BE(mark.low, offset + 4);
}

/** Whether two marks are the same. */
export function isSameMark(one: Mark, other: Mark): boolean {
  return one.high === other.high && one.low === other.low;
}

/**
 * One mark of several, in any order: it changes when one of them does, but for one time in 2^64. Fine for random marks that nobody
 * outside chooses.
 */
export function combineMarks(one: Mark, other: Mark): Mark {
  return { high: (one.high ^ other.high) >>> 0, low: (one.low ^ other.low) >>> 0 };
}
