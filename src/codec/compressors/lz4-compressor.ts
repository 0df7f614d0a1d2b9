import { type BlockCalls, createBlockCompressor } from "./block-compressor.ts";
import { type CompressorOptions, resolveLevel } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { malformed } from "./decompressed-size.ts";
import { asyncFromBytes, LZ4_COSTS } from "./measured-costs.ts";
import { packageCalls } from "./package-calls.ts";

/** The package `lz4-napi`, as far as it is used here. */
interface Lz4Package {
  readonly compressSync: BlockCalls["compressSync"];
  readonly compress: BlockCalls["compress"];
  readonly uncompressSync: BlockCalls["decompressSync"];
  readonly uncompress: BlockCalls["decompress"];
}

const PREFIX_BYTES = 4;
/** A byte of a match's length stands for 255 bytes at most. */
const MAX_RATIO = 255;
/** `LZ4_MAX_INPUT_SIZE` of the reference implementation, which other readers have. */
const MAX_RAW_BYTES = 0x7e000000;

/**
 * LZ4 blocks with their length in front, as `lz4.block` of Python and `lz4_flex` of Rust write them by default:
 *
 * ```
 * 0               4
 * ├ raw length ───┼ block ─ …
 * │ u32, little   │
 * ```
 *
 * Block format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md. No checksum: the envelope has one.
 *
 * @param importPackage for tests
 * @throws InvalidArgumentError for any level: the package has none
 */
export function createLz4Compressor(
  { level }: CompressorOptions = {},
  importPackage: () => Promise<unknown> = () => import("lz4-napi"),
): Compressor {
  const asyncFrom = asyncFromBytes(LZ4_COSTS, resolveLevel("lz4", level));
  return createBlockCompressor({
    name: "lz4",
    id: 4,
    dependency: {
      name: "lz4-napi",
      purpose: "Compression with lz4",
      range: "^2.10.0",
      load: async () => {
        const names = ["compressSync", "compress", "uncompressSync", "uncompress"] as const;
        const lz4 = packageCalls<Lz4Package>(await importPackage(), names);
        return {
          compressSync: (bytes) => lz4.compressSync(bytes),
          compress: (bytes) => lz4.compress(bytes),
          decompressSync: (bytes) => lz4.uncompressSync(bytes),
          decompress: (bytes) => lz4.uncompress(bytes),
        };
      },
    },
    asyncFromBytes: asyncFrom,
    maxRawBytes: MAX_RAW_BYTES,
    assertInput: assertPrefix,
  });
}

function assertPrefix(bytes: Uint8Array, rawBytes: number): void {
  if (bytes.length <= PREFIX_BYTES) throw malformed("lz4: cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== rawBytes) throw malformed("lz4: another length than declared");
  if (rawBytes > (bytes.length - PREFIX_BYTES) * MAX_RATIO)
    throw malformed(`lz4: ${bytes.length} bytes that claim to hold ${rawBytes}`);
}
