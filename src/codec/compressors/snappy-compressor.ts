import { type BlockCalls, createBlockCompressor } from "./block-compressor.ts";
import { type CompressorOptions, resolveLevel } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { malformed } from "./decompressed-size.ts";
import { asyncFromBytes, SNAPPY_COSTS } from "./measured-costs.ts";
import { packageCalls } from "./package-calls.ts";

/** The package `snappy`, as far as it is used here. */
interface SnappyPackage {
  readonly compressSync: BlockCalls["compressSync"];
  readonly compress: BlockCalls["compress"];
  readonly uncompressSync: (bytes: Buffer, options: { readonly asBuffer: true }) => unknown;
  readonly uncompress: (bytes: Buffer, options: { readonly asBuffer: true }) => Promise<unknown>;
}

/** A copy of 64 bytes takes two bytes of the block at least. */
const MAX_RATIO = 32;
/** Seven bits a byte: 32 bits fit into five. */
const MAX_PREAMBLE_BYTES = 5;
const MAX_RAW_BYTES = 2 ** 32 - 1;

/**
 * Snappy's raw format, as `snappy.compress` of Python writes it: the length as a varint, then the block. Format:
 * https://github.com/google/snappy/blob/main/format_description.txt. No checksum: the envelope has one.
 *
 * @param importPackage for tests
 * @throws InvalidArgumentError for any level: the algorithm has none
 */
export function createSnappyCompressor(
  { level }: CompressorOptions = {},
  importPackage: () => Promise<unknown> = () => import("snappy"),
): Compressor {
  const asyncFrom = asyncFromBytes(SNAPPY_COSTS, resolveLevel("snappy", level));
  return createBlockCompressor({
    name: "snappy",
    id: 5,
    dependency: {
      name: "snappy",
      purpose: "Compression with snappy",
      range: "^7.4.3",
      load: async () => {
        const names = ["compressSync", "compress", "uncompressSync", "uncompress"] as const;
        const snappy = packageCalls<SnappyPackage>(await importPackage(), names);
        return {
          compressSync: (bytes) => snappy.compressSync(bytes),
          compress: (bytes) => snappy.compress(bytes),
          decompressSync: (bytes) => snappy.uncompressSync(bytes, { asBuffer: true }),
          decompress: (bytes) => snappy.uncompress(bytes, { asBuffer: true }),
        };
      },
    },
    asyncFromBytes: asyncFrom,
    maxRawBytes: MAX_RAW_BYTES,
    assertInput: assertPreamble,
  });
}

function assertPreamble(bytes: Uint8Array, rawBytes: number): void {
  if (preambleOf(bytes) !== rawBytes) throw malformed("snappy: another length than declared");
  if (rawBytes > bytes.length * MAX_RATIO)
    throw malformed(`snappy: ${bytes.length} bytes that claim to hold ${rawBytes}`);
}

/** @returns the length that a block declares; -1 when its varint does not end or is longer than any writer makes it */
function preambleOf(bytes: Uint8Array): number {
  let length = 0;
  for (let at = 0; at < MAX_PREAMBLE_BYTES && at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    length += (byte & 127) * 2 ** (7 * at);
    if (byte < 128) return at > 0 && byte === 0 ? -1 : length;
  }
  return -1;
}
