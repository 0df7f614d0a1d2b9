import * as zlib from "node:zlib";
import type { CompressionDictionary } from "../dictionary/compression-dictionary.ts";
import { type CompressorOptions, resolveLevel } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { MAX_DEFLATE_RATIO } from "./gzip-compressor.ts";
import { asyncFromBytes, GZIP_COSTS } from "./measured-costs.ts";
import { createZlibCompressor, type ZlibCalls } from "./zlib-compressor.ts";

/** The window of deflate: nothing further back can be pointed at. */
const WINDOW_BYTES = 32_768;

const CALLS: ZlibCalls = {
  compressSync: zlib.deflateRawSync,
  compress: zlib.deflateRaw,
  decompressSync: zlib.inflateRawSync,
  decompress: zlib.inflateRaw,
} as unknown as ZlibCalls;

/**
 * Deflate (RFC 1951) with a preset dictionary, for small similar values: no header, no checksum, which the envelope has. On every Node.js, without a
 * package; of the dictionary's content the last 32 KiB count.
 *
 * @throws InvalidArgumentError for a level outside 1–9
 */
export function createDeflateDictionaryCompressor(
  dictionary: CompressionDictionary,
  { level }: CompressorOptions = {},
): Compressor {
  const preset = { dictionary: dictionary.content.subarray(-WINDOW_BYTES) };
  const compressOptions = { ...preset, level: resolveLevel("gzip", level), flush: zlib.constants.Z_FINISH };
  return createZlibCompressor({
    name: "gzip",
    id: 6,
    dictionaryId: dictionary.id,
    calls: CALLS,
    compressOptions: () => compressOptions,
    decompressOptions: preset,
    asyncFromBytes: asyncFromBytes(GZIP_COSTS, compressOptions.level),
    maxExpansionRatio: MAX_DEFLATE_RATIO,
  });
}
