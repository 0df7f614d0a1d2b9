import type { Compressor } from "../../src/codec/compressors/compressor.ts";
import { createDictionaryCompressor } from "../../src/codec/compressors/create-compressor.ts";
import { type CompressionDictionary, parseDictionary } from "../../src/codec/dictionary/compression-dictionary.ts";
import { trainDictionary } from "../../src/codec/dictionary/train-dictionary.ts";
import { InvalidArgumentError } from "../../src/foundation/errors.ts";
import { createDraw, type Draw, jsonRecords, smallValues } from "../support/compression/sample-values.ts";

/** What to run. */
export interface FuzzDictionariesOptions {
  readonly caseCount: number;
  /** A positive 32-bit integer; the same seed runs the same cases. */
  readonly seed: number;
}

/** Where header, tables and first offsets stand. */
const TABLES_AT = 8;
const TABLES_BYTES = 190;

/**
 * Reads changed dictionaries, and lets zstd use those that were accepted: the package ends the process when the library refuses one, so nothing may
 * pass that it refuses.
 *
 * @returns how many were accepted
 * @throws Error that names seed and case when something but a refusal is thrown, or a value does not read back
 */
export async function fuzzDictionaries({ caseCount, seed }: FuzzDictionariesOptions): Promise<number> {
  const draw = createDraw(seed);
  const originals = (["json", "binary", "html"] as const).map(
    (kind) => trainDictionary(smallValues(kind, 60), { sizeBytes: 1_024 }).bytes,
  );
  const value = jsonRecords(120);
  let acceptedCount = 0;
  for (let index = 0; index < caseCount; index += 1) {
    try {
      const dictionary = parseOrRefuse(change(originals[draw(originals.length)] as Uint8Array, draw));
      if (dictionary === undefined) continue;
      acceptedCount += 1;
      const compressor = createDictionaryCompressor("zstd", dictionary) as Compressor;
      await compressor.load();
      const read = compressor.decompressSync(compressor.compressSync(value), value.length);
      if (Buffer.compare(read, value) !== 0) throw new Error("another value");
    } catch (error) {
      throw new Error(`seed ${seed}, case ${index}: ${String(error)}`, { cause: error });
    }
  }
  return acceptedCount;
}

function parseOrRefuse(bytes: Uint8Array): CompressionDictionary | undefined {
  try {
    return parseDictionary(bytes);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}

function change(original: Uint8Array, draw: Draw): Uint8Array {
  const bytes = new Uint8Array(original);
  for (let times = 1 + draw(3); times > 0; times -= 1) {
    const at = TABLES_AT + draw(TABLES_BYTES);
    bytes[at] = draw(2) === 0 ? (bytes[at] as number) ^ (1 << draw(8)) : draw(256);
  }
  return draw(10) === 0 ? bytes.subarray(0, draw(bytes.length)) : bytes;
}
