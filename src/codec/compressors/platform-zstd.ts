import { Buffer } from "node:buffer";
import { asyncFromBytes, ZSTD_COSTS } from "./measured-costs.ts";
import { createZlibCompressor, type ZlibCalls } from "./zlib-compressor.ts";
import type { ZstdCalls, ZstdSetting } from "./zstd-calls.ts";

/** A stream of the platform, as far as it is used here. */
interface CompressStream {
  on(event: "data", listener: (piece: Buffer) => void): void;
  on(event: "end", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  end(bytes: Uint8Array): void;
}

/** What `node:zlib` has from Node.js 22.15 and 23.8 on. */
interface PlatformFunctions {
  readonly zstdCompressSync: ZlibCalls["compressSync"];
  readonly createZstdCompress: (options: object) => CompressStream;
  readonly zstdDecompressSync: ZlibCalls["decompressSync"];
  readonly zstdDecompress: ZlibCalls["decompress"];
}

/** `ZSTD_c_compressionLevel`. The types of Node.js 20 do not have it. */
const LEVEL_PARAMETER = 100;
/** An empty block with nothing around it is the least of it; a byte of a run is 128 KiB at most. */
const MAX_RATIO = 2 ** 17;

/**
 * The platform's zstd.
 *
 * @param zlib the module `node:zlib`
 * @returns `undefined` when this version of Node.js has none, or none that takes the dictionary
 */
export function platformZstd(zlib: object, { level, dictionary }: ZstdSetting): ZstdCalls | undefined {
  if (!hasZstd(zlib)) return undefined;
  if (dictionary !== undefined && !takesDictionaries(zlib)) return undefined;
  const shared = dictionary === undefined ? {} : { dictionary };
  const compressOptions = { ...shared, params: { [LEVEL_PARAMETER]: level } };
  const compressor = createZlibCompressor({
    name: "zstd",
    id: 3,
    calls: {
      compressSync: zlib.zstdCompressSync,
      compress: compressByStream(zlib),
      decompressSync: zlib.zstdDecompressSync,
      decompress: zlib.zstdDecompress,
    },
    compressOptions: (rawBytes) => ({ ...compressOptions, pledgedSrcSize: rawBytes }),
    decompressOptions: shared,
    asyncFromBytes: asyncFromBytes(ZSTD_COSTS, level),
    maxExpansionRatio: MAX_RATIO,
  });
  return { ...compressor, boundsOutput: true };
}

/**
 * The asynchronous call, made of the platform's stream. Its own one gives the end in a second piece and copies both together, which blocks the event
 * loop for milliseconds; and told to flush to the end at once, as the other formats are, it would write another frame of nothing.
 */
function compressByStream(zlib: PlatformFunctions): ZlibCalls["compress"] {
  return (bytes, options, done) => {
    const pieces: Buffer[] = [];
    const stream = zlib.createZstdCompress(options);
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.on("end", () => done(null, joinPieces(pieces)));
    stream.on("error", (error) => done(error, Buffer.alloc(0)));
    stream.end(bytes);
  };
}

/** One view of pieces that stand behind each other in memory, as those of one chunk do; else a copy. */
function joinPieces(pieces: readonly Buffer[]): Buffer {
  const [first, ...rest] = pieces;
  if (first === undefined) return Buffer.alloc(0);
  let end = first.byteOffset + first.length;
  for (const piece of rest) {
    if (piece.buffer !== first.buffer || piece.byteOffset !== end) return Buffer.concat(pieces);
    end += piece.length;
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset);
}

function hasZstd(zlib: object): zlib is PlatformFunctions {
  return typeof (zlib as Partial<PlatformFunctions>).zstdCompressSync === "function";
}

/** Versions before 22.19 and 24.6 have no such option and take no notice of it, so it is tried: with it a text of the dictionary takes less. */
function takesDictionaries(zlib: PlatformFunctions): boolean {
  const dictionary = Buffer.from("The quick brown fox jumps over the lazy dog, 0123456789.");
  return zlib.zstdCompressSync(dictionary, { dictionary }).length < zlib.zstdCompressSync(dictionary, {}).length;
}
