import { type CompressorOptions, resolveLevel } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { assertWithin } from "./decompressed-size.ts";
import { loadOnce } from "./load-once.ts";
import { loadZstd, ZSTD_SOURCES, type ZstdSources } from "./load-zstd.ts";
import { asyncFromBytes, ZSTD_COSTS } from "./measured-costs.ts";
import { assertFrame, boundedFrame, MAX_ZSTD_RAW_BYTES } from "./zstd-frame.ts";

/**
 * Zstandard (RFC 8878) as `zstd -d` reads it: one frame, without a checksum, which the envelope has.
 *
 * By `node:zlib` where it has zstd (Node.js 22.15), else by the package `@toondepauw/node-zstd`; each reads what the other wrote. The package's
 * levels from 12 on cost some 0.1 s a value of any size.
 *
 * @param sources for tests
 * @throws InvalidArgumentError for a level outside 1–19
 */
export function createZstdCompressor(
  { level }: CompressorOptions = {},
  sources: ZstdSources = ZSTD_SOURCES,
): Compressor {
  const resolved = resolveLevel("zstd", level);
  const library = loadOnce(() => loadZstd({ level: resolved }, sources));
  const checked = (bytes: Uint8Array, rawBytes: number): Uint8Array => {
    assertWithin("zstd", rawBytes, MAX_ZSTD_RAW_BYTES);
    if (!library.loaded.boundsOutput) return boundedFrame(bytes, rawBytes);
    assertFrame(bytes, rawBytes);
    return bytes;
  };
  return {
    name: "zstd",
    id: 3,
    maxRawBytes: MAX_ZSTD_RAW_BYTES,
    asyncFromBytes: asyncFromBytes(ZSTD_COSTS, resolved),
    load: library.load,
    get isLoaded() {
      return library.isLoaded;
    },
    compressSync: (bytes) => withContentSize(library.loaded.compressSync(bytes), bytes.length),
    compress: async (bytes) => withContentSize(await library.loaded.compress(bytes), bytes.length),
    decompressSync: (bytes, rawBytes) => library.loaded.decompressSync(checked(bytes, rawBytes), rawBytes),
    decompress: async (bytes, rawBytes) => library.loaded.decompress(checked(bytes, rawBytes), rawBytes),
  };
}

/** The package's frames do not say how long their content is, and a reader then takes memory for the largest that they might have. */
function withContentSize(frame: Uint8Array, rawBytes: number): Uint8Array {
  return rawBytes > MAX_ZSTD_RAW_BYTES ? frame : boundedFrame(frame, rawBytes);
}
