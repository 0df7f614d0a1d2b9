import { Buffer } from "node:buffer";
import { loadDependency, type OptionalDependency } from "../../foundation/optional-dependency.ts";
import type { AsyncFromBytes, Compressor } from "./compressor.ts";
import { assertRawBytes, assertWithin, malformed } from "./decompressed-size.ts";
import { loadOnce } from "./load-once.ts";

/** The four calls of a package that compresses whole blocks. Results that are no bytes are refused. */
export interface BlockCalls {
  readonly compressSync: (bytes: Buffer) => Uint8Array;
  readonly compress: (bytes: Buffer) => Promise<Uint8Array>;
  readonly decompressSync: (bytes: Buffer) => unknown;
  readonly decompress: (bytes: Buffer) => Promise<unknown>;
}

/** What makes a compressor out of such a package. */
export interface BlockFormat {
  readonly name: string;
  readonly id: number;
  readonly dependency: OptionalDependency<BlockCalls>;
  readonly asyncFromBytes: AsyncFromBytes;
  readonly maxRawBytes: number;
  /**
   * Holds the length at the front of a block against the declared one. The package takes memory by that length, so it must be true
   * before the package sees it. @throws CodecFault
   */
  readonly assertInput: (bytes: Uint8Array, rawBytes: number) => void;
}

/** A compressor of an optional package that takes and gives whole blocks whose front says how long the result is. */
export function createBlockCompressor(format: BlockFormat): Compressor {
  const { name, id, maxRawBytes, asyncFromBytes } = format;
  const calls = loadOnce(() => loadDependency(format.dependency));
  const assertInput = (bytes: Uint8Array, rawBytes: number): void => {
    assertWithin(name, rawBytes, maxRawBytes);
    format.assertInput(bytes, rawBytes);
  };
  const outputOf = (result: unknown, rawBytes: number): Uint8Array => {
    if (!(result instanceof Uint8Array)) throw malformed(`${name}: no bytes`);
    return assertRawBytes(name, result, rawBytes);
  };
  const damaged = (error: unknown): never => {
    throw malformed(`${name}: damaged, cut off, or of another algorithm`, error);
  };
  return {
    name,
    id,
    maxRawBytes,
    asyncFromBytes,
    load: calls.load,
    get isLoaded() {
      return calls.isLoaded;
    },
    compressSync: (bytes) => calls.loaded.compressSync(asBuffer(bytes)),
    compress: (bytes) => calls.loaded.compress(asBuffer(bytes)),
    decompressSync: (bytes, rawBytes) => {
      assertInput(bytes, rawBytes);
      let result: unknown;
      try {
        result = calls.loaded.decompressSync(asBuffer(bytes));
      } catch (error) {
        damaged(error);
      }
      return outputOf(result, rawBytes);
    },
    decompress: async (bytes, rawBytes) => {
      assertInput(bytes, rawBytes);
      return outputOf(await calls.loaded.decompress(asBuffer(bytes)).catch(damaged), rawBytes);
    },
  };
}

/** The same bytes as a `Buffer`, which is all that some packages take; not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
