import type { AsyncFromBytes } from "./compressor.ts";

/** What a call costs on the thread that makes it, measured (`docs/design/compression.md`). */
export interface MeasuredCosts {
  /** Nanoseconds a byte of compressing, by level; an algorithm without levels has one, at 0. */
  readonly compressNsPerByte: Readonly<Record<number, number>>;
  /** Nanoseconds a byte of the result of decompressing. */
  readonly decompressNsPerByte: number;
}

/** What one call may block the event loop for, on the machine that was measured; a few times that on a slow or busy one. */
const BLOCK_NS = 1_000_000;

/** JSON records of 64 KB; values that compress worse cost up to twice that. */
export const GZIP_COSTS: MeasuredCosts = {
  compressNsPerByte: { 1: 4.5, 2: 5, 3: 6, 4: 7, 5: 10, 6: 14, 7: 17, 8: 26, 9: 28 },
  decompressNsPerByte: 2,
};

/** From 10 on trees of all ways to write a value are searched. */
export const BROTLI_COSTS: MeasuredCosts = {
  compressNsPerByte: { 0: 2, 1: 3, 2: 5, 3: 6, 4: 10, 5: 18, 6: 20, 7: 25, 8: 28, 9: 30, 10: 1100, 11: 2000 },
  decompressNsPerByte: 2,
};

/** With the package, which is the slower one: from 12 on a call of it takes 0.1 s before the first byte. */
export const ZSTD_COSTS: MeasuredCosts = {
  compressNsPerByte: { 1: 3.5, 2: 4, 3: 5, 4: 6, 5: 9, 6: 11, 7: 13, 8: 16, 9: 20, 10: 50, 11: 50 },
  decompressNsPerByte: 8,
};

/** Most of it is the system handing out fresh memory. */
export const LZ4_COSTS: MeasuredCosts = { compressNsPerByte: { 0: 3 }, decompressNsPerByte: 4 };

/** As with lz4. */
export const SNAPPY_COSTS: MeasuredCosts = { compressNsPerByte: { 0: 5 }, decompressNsPerByte: 5 };

/**
 * From which sizes on a thread is to do it.
 *
 * @returns 0 for a level that is not in the table: it blocks for too long at every size
 */
export function asyncFromBytes(costs: MeasuredCosts, level: number): AsyncFromBytes {
  const nsPerByte = costs.compressNsPerByte[level];
  return Object.freeze({
    compress: nsPerByte === undefined ? 0 : Math.floor(BLOCK_NS / nsPerByte),
    decompress: Math.floor(BLOCK_NS / costs.decompressNsPerByte),
  });
}
