import type { Compressor } from "../compressors/compressor.ts";
import {
  createCompressor,
  createDictionaryCompressor,
  DICTIONARY_COMPRESSOR_NAMES,
} from "../compressors/create-compressor.ts";
import type { CompressionDictionary } from "./compression-dictionary.ts";

/** What a dictionary does for an algorithm, as bytes before over bytes after of all samples together. */
export interface DictionaryGain {
  readonly algorithm: string;
  readonly ratioWithout: number;
  readonly ratioWith: number;
}

/**
 * Measures a dictionary on values that it was not trained from, with every algorithm that takes one and whose library is there. O(bytes); blocks
 * some 50 µs a value.
 *
 * @returns an algorithm that does not load is left out
 */
export async function measureDictionary(
  dictionary: CompressionDictionary,
  samples: readonly Uint8Array[],
): Promise<DictionaryGain[]> {
  const gains: DictionaryGain[] = [];
  for (const name of DICTIONARY_COMPRESSOR_NAMES) {
    const without = createCompressor(name);
    const using = createDictionaryCompressor(name, dictionary) as Compressor;
    const areLoaded = await Promise.all([without.load(), using.load()]).then(
      () => true,
      () => false,
    );
    if (!areLoaded) continue;
    gains.push({ algorithm: name, ratioWithout: ratioOf(without, samples), ratioWith: ratioOf(using, samples) });
  }
  return gains;
}

function ratioOf(compressor: Compressor, samples: readonly Uint8Array[]): number {
  const rawBytes = samples.reduce((sum, { length }) => sum + length, 0);
  const compressedBytes = samples.reduce((sum, sample) => sum + compressor.compressSync(sample).length, 0);
  return rawBytes / compressedBytes;
}
