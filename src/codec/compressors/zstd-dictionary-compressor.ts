import type { CompressionDictionary } from "../dictionary/compression-dictionary.ts";
import { type CompressorOptions, resolveLevel } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { assertWithin } from "./decompressed-size.ts";
import { loadOnce } from "./load-once.ts";
import { loadZstd, ZSTD_SOURCES, type ZstdSources } from "./load-zstd.ts";
import { asyncFromBytes, ZSTD_COSTS } from "./measured-costs.ts";
import { blocksOf, frameOfBlocks, MAX_ZSTD_RAW_BYTES } from "./zstd-frame.ts";

/**
 * Zstandard with a dictionary, for small similar values.
 *
 * What is stored is the blocks of a frame without its header, some ten bytes less of values that take fifty: magic, length and dictionary are
 * known to the envelope. `frameHeader(rawBytes)` in front makes it a frame that `zstd -D dictionary -d` reads.
 *
 * @param sources for tests
 * @throws InvalidArgumentError for a level outside 1–19
 */
export function createZstdDictionaryCompressor(
  dictionary: CompressionDictionary,
  { level }: CompressorOptions = {},
  sources: ZstdSources = ZSTD_SOURCES,
): Compressor {
  const resolved = resolveLevel("zstd", level);
  const library = loadOnce(() => loadZstd({ level: resolved, dictionary: dictionary.bytes }, sources));
  const frame = (blocks: Uint8Array, rawBytes: number): Uint8Array => {
    assertWithin("zstd", rawBytes, MAX_ZSTD_RAW_BYTES);
    return frameOfBlocks(blocks, rawBytes);
  };
  return {
    name: "zstd",
    id: 7,
    dictionaryId: dictionary.id,
    maxRawBytes: MAX_ZSTD_RAW_BYTES,
    asyncFromBytes: asyncFromBytes(ZSTD_COSTS, resolved),
    load: library.load,
    get isLoaded() {
      return library.isLoaded;
    },
    compressSync: (bytes) => blocksOf(library.loaded.compressSync(bytes)),
    compress: async (bytes) => blocksOf(await library.loaded.compress(bytes)),
    decompressSync: (blocks, rawBytes) => library.loaded.decompressSync(frame(blocks, rawBytes), rawBytes),
    decompress: async (blocks, rawBytes) => library.loaded.decompress(frame(blocks, rawBytes), rawBytes),
  };
}
