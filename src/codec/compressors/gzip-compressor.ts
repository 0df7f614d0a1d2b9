import * as zlib from "node:zlib";
import { type CompressorOptions, resolveLevel } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { malformed } from "./decompressed-size.ts";
import { asyncFromBytes, GZIP_COSTS } from "./measured-costs.ts";
import { createZlibCompressor, type ZlibCalls } from "./zlib-compressor.ts";

/** Header and trailer without anything between them. */
const MIN_GZIP_BYTES = 18;
/** What deflate can make of a byte: 258 bytes from two bits, and the bits of the block. */
export const MAX_DEFLATE_RATIO = 1032;

const CALLS: ZlibCalls = {
  compressSync: zlib.gzipSync,
  compress: zlib.gzip,
  decompressSync: zlib.gunzipSync,
  decompress: zlib.gunzip,
} as unknown as ZlibCalls;

/**
 * gzip (RFC 1952) as `gzip -d` reads it: deflate with a header of 10 bytes and a trailer of 8, whose checksum is verified.
 *
 * @throws InvalidArgumentError for a level outside 1–9
 */
export function createGzipCompressor({ level }: CompressorOptions = {}): Compressor {
  const compressOptions = { level: resolveLevel("gzip", level), flush: zlib.constants.Z_FINISH };
  return createZlibCompressor({
    name: "gzip",
    id: 1,
    calls: CALLS,
    compressOptions: () => compressOptions,
    decompressOptions: {},
    asyncFromBytes: asyncFromBytes(GZIP_COSTS, compressOptions.level),
    maxExpansionRatio: MAX_DEFLATE_RATIO,
    assertInput: assertTrailer,
  });
}

/**
 * The last four bytes are the length of what the last member holds. A file may have several members, which the platform joins; with this check
 * all but the last are empty.
 */
function assertTrailer(bytes: Uint8Array, rawBytes: number): void {
  if (bytes.length < MIN_GZIP_BYTES) throw malformed("gzip: cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(bytes.length - 4, true) !== rawBytes % 2 ** 32)
    throw malformed("gzip: another length than declared");
}
