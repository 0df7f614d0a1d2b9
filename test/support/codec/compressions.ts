import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { CodecSettings } from "../../../src/codec/codec-settings.ts";
import { COMPRESSOR_NAMES, DICTIONARY_COMPRESSOR_NAMES } from "../../../src/codec/compressors/create-compressor.ts";
import { type CompressionDictionary, parseDictionary } from "../../../src/codec/dictionary/compression-dictionary.ts";

type CompressionPart = Pick<CodecSettings, "compression" | "dictionaries">;

/** A dictionary of records. */
export const testDictionary: CompressionDictionary = parseDictionary(
  readFileSync(new URL("../../compat/codec/dictionary-1.bin", import.meta.url)),
);

/** Every way to compress, and none, by name; whatever is long enough is compressed. */
export const COMPRESSIONS: readonly (readonly [name: string, settings: CompressionPart])[] = [
  ["none", { compression: undefined, dictionaries: [] }],
  ...COMPRESSOR_NAMES.map((algorithm) => {
    const compression = { algorithm, level: undefined, thresholdBytes: 64 };
    return [algorithm, { compression, dictionaries: [] }] as const;
  }),
  ...DICTIONARY_COMPRESSOR_NAMES.map((algorithm) => {
    const compression = { algorithm, level: undefined, thresholdBytes: 64 };
    return [`${algorithm} with a dictionary`, { compression, dictionaries: [testDictionary] }] as const;
  }),
];

/** A key for tests only. */
export const TEST_KEY: Uint8Array = Buffer.alloc(32, "a key for tests only");
