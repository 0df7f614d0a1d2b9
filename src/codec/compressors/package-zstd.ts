import type { Buffer } from "node:buffer";
import { asBuffer } from "./block-compressor.ts";
import { assertRawBytes, malformed } from "./decompressed-size.ts";
import { packageCalls } from "./package-calls.ts";
import type { ZstdCalls, ZstdSetting } from "./zstd-calls.ts";

/** The package `@toondepauw/node-zstd`, as far as it is used here. */
interface ZstdPackage {
  readonly Encoder: new (
    level: number,
    dictionary?: Buffer,
  ) => { encodeSync(bytes: Buffer): Uint8Array; encode(bytes: Buffer): Promise<Uint8Array> };
  readonly Decoder: new (
    dictionary?: Buffer,
  ) => { decodeSync(bytes: Buffer): Uint8Array; decode(bytes: Buffer): Promise<Uint8Array> };
}

/**
 * zstd of the package. It has no limit for what comes out, and decodes one frame after another as long as there are any: it must be
 * given frames of `boundedFrame` only.
 *
 * @param module what `import("@toondepauw/node-zstd")` gave
 * @throws TypeError when the module has another interface; Error when the library does not take the dictionary
 */
export function packageZstd(module: unknown, { level, dictionary }: ZstdSetting): ZstdCalls {
  const { Encoder, Decoder } = packageCalls<ZstdPackage>(module, ["Encoder", "Decoder"]);
  // Prepared once: calls share it, in threads too.
  const shared = dictionary === undefined ? undefined : asBuffer(dictionary);
  const encoder = shared === undefined ? new Encoder(level) : new Encoder(level, shared);
  const decoder = shared === undefined ? new Decoder() : new Decoder(shared);
  const damaged = (error: unknown): never => {
    throw malformed("zstd: damaged, cut off, or of another dictionary", error);
  };
  return {
    boundsOutput: false,
    compressSync: (bytes) => encoder.encodeSync(asBuffer(bytes)),
    compress: (bytes) => encoder.encode(asBuffer(bytes)),
    decompressSync: (frame, rawBytes) => {
      let result: Uint8Array | undefined;
      try {
        result = decoder.decodeSync(asBuffer(frame));
      } catch (error) {
        return damaged(error);
      }
      return assertRawBytes("zstd", result, rawBytes);
    },
    decompress: async (frame, rawBytes) =>
      assertRawBytes("zstd", await decoder.decode(asBuffer(frame)).catch(damaged), rawBytes),
  };
}
