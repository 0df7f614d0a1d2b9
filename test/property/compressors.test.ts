import fc from "fast-check";
import { expect, it } from "vitest";
import { compressValue, decompressValue } from "../../src/codec/compressors/compress-value.ts";
import type { Compressor } from "../../src/codec/compressors/compressor.ts";
import {
  COMPRESSOR_NAMES,
  createCompressor,
  createDictionaryCompressor,
} from "../../src/codec/compressors/create-compressor.ts";
import { trainDictionary } from "../../src/codec/dictionary/train-dictionary.ts";
import { smallValues } from "../support/compression/sample-values.ts";

const DICTIONARY = trainDictionary(smallValues("json", 100), { sizeBytes: 2_048 });
const COMPRESSORS = [
  ...COMPRESSOR_NAMES.map((name) => createCompressor(name)),
  ...(["gzip", "zstd"] as const).map((name) => createDictionaryCompressor(name, DICTIONARY) as Compressor),
];

/** Noise, and what repeats itself from near and far, in pieces of all lengths. */
const value = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 400 })), { maxLength: 6 })
  .map(
    (pieces) => new Uint8Array(Buffer.concat(pieces.flatMap(([piece, times]) => Array<Uint8Array>(times).fill(piece)))),
  );

it.each(COMPRESSORS.map((compressor) => [`${compressor.name} (${compressor.id})`, compressor] as const))(
  "%s reads back every value that it does not leave raw, and makes it shorter",
  async (_, compressor) => {
    await compressor.load();
    await fc.assert(
      fc.asyncProperty(value, fc.boolean(), async (bytes, inThread) => {
        const used: Compressor = {
          ...compressor,
          isLoaded: true,
          ...(inThread && { asyncFromBytes: { compress: 0, decompress: 0 } }),
        };
        const compressed = await compressValue(used, bytes, { thresholdBytes: 1 });
        if (compressed === undefined) return;
        expect(compressed.length).toBeLessThan(bytes.length);
        expect(Buffer.compare(await decompressValue(used, compressed, bytes.length), bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  },
);
