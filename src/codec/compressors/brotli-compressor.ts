import * as zlib from "node:zlib";
import { type CompressorOptions, resolveLevel } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { asyncFromBytes, BROTLI_COSTS } from "./measured-costs.ts";
import { createZlibCompressor, type ZlibCalls } from "./zlib-compressor.ts";

const CALLS: ZlibCalls = {
  compressSync: zlib.brotliCompressSync,
  compress: zlib.brotliCompress,
  decompressSync: zlib.brotliDecompressSync,
  decompress: zlib.brotliDecompress,
} as unknown as ZlibCalls;

/** Bits of the sliding window, the least and the most that the format has without its extension. */
const WINDOW_BITS = { min: 10, max: 22 } as const;

/**
 * Brotli (RFC 7932) as `brotli -d` reads it. It has no checksum: damage may read as other bytes of the same length, which the envelope's check finds.
 *
 * @throws InvalidArgumentError for a level outside 0–11
 */
export function createBrotliCompressor({ level }: CompressorOptions = {}): Compressor {
  const quality = resolveLevel("brotli", level);
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_PARAM_LGWIN } = zlib.constants;
  return createZlibCompressor({
    name: "brotli",
    id: 2,
    calls: CALLS,
    compressOptions: (rawBytes) => ({
      flush: zlib.constants.BROTLI_OPERATION_FINISH,
      params: {
        [BROTLI_PARAM_QUALITY]: quality,
        [BROTLI_PARAM_SIZE_HINT]: rawBytes,
        [BROTLI_PARAM_LGWIN]: windowBitsFor(rawBytes),
      },
    }),
    decompressOptions: {},
    asyncFromBytes: asyncFromBytes(BROTLI_COSTS, quality),
    // A few bytes can stand for a metablock of 16 MiB.
    maxExpansionRatio: Number.POSITIVE_INFINITY,
  });
}

/** A window that holds the value is as good as any larger one, and the reader needs less memory. */
function windowBitsFor(rawBytes: number): number {
  const bits = 32 - Math.clz32(rawBytes + 16);
  return Math.min(WINDOW_BITS.max, Math.max(WINDOW_BITS.min, bits));
}
