import { CodecFault } from "../codec-fault.ts";
import type { AsyncFromBytes, Compressor } from "./compressor.ts";
import { assertRawBytes, malformed } from "./decompressed-size.ts";

/** What `node:zlib` answers with `info: true`. */
interface Inspected {
  readonly buffer: Uint8Array;
  readonly engine: {
    /** Bytes of the input that were used. */
    readonly bytesWritten: number;
  };
}

type Answered<Result> = (error: Error | null, result: Result) => void;

/** The four calls of `node:zlib` for one format, as far as they are used here. */
export interface ZlibCalls {
  readonly compressSync: (bytes: Uint8Array, options: object) => Uint8Array;
  readonly compress: (bytes: Uint8Array, options: object, done: Answered<Uint8Array>) => void;
  readonly decompressSync: (bytes: Uint8Array, options: object) => Inspected;
  readonly decompress: (bytes: Uint8Array, options: object, done: Answered<Inspected>) => void;
}

/** What makes a compressor out of calls of `node:zlib`. */
export interface ZlibFormat {
  readonly name: string;
  readonly id: number;
  readonly dictionaryId?: number;
  readonly calls: ZlibCalls;
  /** Options of the platform for one value; with `flush` to the end, or the result comes in two pieces. */
  readonly compressOptions: (rawBytes: number) => object;
  readonly decompressOptions: object;
  readonly asyncFromBytes: AsyncFromBytes;
  /** A byte of input cannot become more than this; the limit of the format, or `Infinity`. */
  readonly maxExpansionRatio: number;
  /** Looks at what the platform does not, before it is called. @throws CodecFault */
  readonly assertInput?: (bytes: Uint8Array, rawBytes: number) => void;
}

/** The smallest that the platform takes for a chunk. */
const MIN_CHUNK_BYTES = 64;

/**
 * A compressor of what `node:zlib` has.
 *
 * Each call is given one chunk that holds the whole result. With the platform's chunks of 16 KiB a large result would be put together on
 * the event loop, which blocks it for milliseconds, and a small one would keep 16 KiB alive.
 */
export function createZlibCompressor(format: ZlibFormat): Compressor {
  const { name, id, dictionaryId, calls, asyncFromBytes } = format;
  return {
    name,
    id,
    ...(dictionaryId === undefined ? {} : { dictionaryId }),
    asyncFromBytes,
    load: () => Promise.resolve(),
    isLoaded: true,
    compressSync: (bytes) => calls.compressSync(bytes, optionsToCompress(format, bytes)),
    compress: (bytes) =>
      new Promise((resolve, reject) => {
        calls.compress(bytes, optionsToCompress(format, bytes), (error, result) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      }),
    decompressSync: (bytes, rawBytes) => {
      assertInput(format, bytes, rawBytes);
      let answer: Inspected;
      try {
        answer = calls.decompressSync(bytes, optionsToDecompress(format, rawBytes));
      } catch (error) {
        throw faultOf(name, error);
      }
      return outputOf(name, answer, bytes, rawBytes);
    },
    decompress: async (bytes, rawBytes) => {
      assertInput(format, bytes, rawBytes);
      const answer = await new Promise<Inspected>((resolve, reject) => {
        calls.decompress(bytes, optionsToDecompress(format, rawBytes), (error, result) => {
          if (error === null) resolve(result);
          else reject(faultOf(name, error));
        });
      });
      return outputOf(name, answer, bytes, rawBytes);
    },
  };
}

function optionsToCompress({ compressOptions }: ZlibFormat, bytes: Uint8Array): object {
  // What does not shrink grows by less than this in every format here: a few bytes a block, and the frame around all.
  const boundBytes = bytes.length + (bytes.length >>> 8) + 128;
  return { ...compressOptions(bytes.length), chunkSize: boundBytes };
}

/** One byte more than there should be: the call ends with the chunk not full, and so without a second one. */
function optionsToDecompress({ decompressOptions }: ZlibFormat, rawBytes: number): object {
  return {
    ...decompressOptions,
    chunkSize: Math.max(MIN_CHUNK_BYTES, rawBytes + 1),
    maxOutputLength: Math.max(1, rawBytes),
    info: true,
  };
}

function assertInput(format: ZlibFormat, bytes: Uint8Array, rawBytes: number): void {
  if (rawBytes > bytes.length * format.maxExpansionRatio)
    throw malformed(`${format.name}: ${bytes.length} bytes that claim to hold ${rawBytes}`);
  format.assertInput?.(bytes, rawBytes);
}

function outputOf(name: string, { buffer, engine }: Inspected, bytes: Uint8Array, rawBytes: number): Uint8Array {
  if (engine.bytesWritten !== bytes.length) throw malformed(`${name}: bytes behind the end`);
  return assertRawBytes(name, buffer, rawBytes);
}

/** Being out of memory says nothing about the bytes. */
function faultOf(name: string, error: unknown): unknown {
  const { code } = error as { readonly code?: unknown };
  if (code === "Z_MEM_ERROR") return error;
  if (code === "ERR_BUFFER_TOO_LARGE") return new CodecFault("malformed", `${name}: more bytes than declared`, error);
  return malformed(`${name}: damaged, cut off, or of another algorithm`, error);
}
