import type { CompressionDictionary } from "../dictionary/compression-dictionary.ts";
import { type CompressorOptions, resolveLevel } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { assertWithin } from "./decompressed-size.ts";
import { loadOnce } from "./load-once.ts";
import { loadZstd, ZSTD_SOURCES, type ZstdSources } from "./load-zstd.ts";
import { asyncFromBytes, ZSTD_COSTS } from "./measured-costs.ts";
import { assertFrame, blocksOf, boundedFrame, frameOfBlocks, MAX_ZSTD_RAW_BYTES } from "./zstd-frame.ts";

/** Longer values are stored as whole frames: to put a header in front means a copy, which would block the event loop. */
const MAX_HEADERLESS_BYTES: number = 2 ** 20;

/**
 * Zstandard with a dictionary, for small similar values.
 *
 * Of values of up to 1 MiB the blocks of a frame are stored without its header, some ten bytes less of values that take fifty: magic, length and
 * dictionary are known to the envelope. `frameHeader(rawBytes)` in front makes it a frame that `zstd -D dictionary -d` reads. Longer ones are such
 * frames.
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
  const idInFrames = new DataView(dictionary.bytes.buffer, dictionary.bytes.byteOffset).getUint32(4, true);
  const store = (frame: Uint8Array, rawBytes: number): Uint8Array =>
    rawBytes <= MAX_HEADERLESS_BYTES ? blocksOf(frame) : frame;
  const frameOf = (bytes: Uint8Array, rawBytes: number): Uint8Array => {
    assertWithin("zstd", rawBytes, MAX_ZSTD_RAW_BYTES);
    if (rawBytes <= MAX_HEADERLESS_BYTES) return frameOfBlocks(bytes, rawBytes);
    if (!library.loaded.boundsOutput) return boundedFrame(bytes, rawBytes, idInFrames);
    assertFrame(bytes, rawBytes, idInFrames);
    return bytes;
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
    compressSync: (bytes) => store(library.loaded.compressSync(bytes), bytes.length),
    compress: async (bytes) => store(await library.loaded.compress(bytes), bytes.length),
    decompressSync: (bytes, rawBytes) => library.loaded.decompressSync(frameOf(bytes, rawBytes), rawBytes),
    decompress: async (bytes, rawBytes) => library.loaded.decompress(frameOf(bytes, rawBytes), rawBytes),
  };
}
