import type { CompressionDictionary } from "../dictionary/compression-dictionary.ts";
import { createBrotliCompressor } from "./brotli-compressor.ts";
import type { CompressorOptions } from "./compression-level.ts";
import type { Compressor } from "./compressor.ts";
import { createDeflateDictionaryCompressor } from "./deflate-dictionary-compressor.ts";
import { createGzipCompressor } from "./gzip-compressor.ts";
import { createLz4Compressor } from "./lz4-compressor.ts";
import { createSnappyCompressor } from "./snappy-compressor.ts";
import { createZstdCompressor } from "./zstd-compressor.ts";
import { createZstdDictionaryCompressor } from "./zstd-dictionary-compressor.ts";

/** What `compressionAlgorithm` may say. */
export type CompressorName = "gzip" | "brotli" | "zstd" | "lz4" | "snappy";

/** How an algorithm is built, and its number in the envelope. */
interface Algorithm {
  readonly id: number;
  readonly create: (options?: CompressorOptions) => Compressor;
}

/** The algorithms without a dictionary. To add one: one file, one line here, the next id. */
const ALGORITHMS: Readonly<Record<CompressorName, Algorithm>> = {
  gzip: { id: 1, create: (options) => createGzipCompressor(options) },
  brotli: { id: 2, create: (options) => createBrotliCompressor(options) },
  zstd: { id: 3, create: (options) => createZstdCompressor(options) },
  lz4: { id: 4, create: (options) => createLz4Compressor(options) },
  snappy: { id: 5, create: (options) => createSnappyCompressor(options) },
};

interface DictionaryAlgorithm {
  readonly id: number;
  readonly create: (dictionary: CompressionDictionary, options?: CompressorOptions) => Compressor;
}

/** The algorithms that take a dictionary, by the name that they have without one. */
const DICTIONARY_ALGORITHMS: Readonly<Partial<Record<CompressorName, DictionaryAlgorithm>>> = {
  gzip: { id: 6, create: createDeflateDictionaryCompressor },
  zstd: { id: 7, create: (dictionary, options) => createZstdDictionaryCompressor(dictionary, options) },
};

/** The names of all algorithms, in the order of their ids. */
export const COMPRESSOR_NAMES: readonly CompressorName[] = Object.freeze(Object.keys(ALGORITHMS) as CompressorName[]);

/** The names of the algorithms that take a dictionary. */
export const DICTIONARY_COMPRESSOR_NAMES: readonly CompressorName[] = Object.freeze(
  Object.keys(DICTIONARY_ALGORITHMS) as CompressorName[],
);

/**
 * Builds a compressor; loads nothing.
 *
 * @throws InvalidArgumentError for a level that the algorithm does not have; `levelProblem` says so beforehand
 */
export function createCompressor(name: CompressorName, options?: CompressorOptions): Compressor {
  return ALGORITHMS[name].create(options);
}

/**
 * Builds a compressor with a dictionary, or `undefined` when the algorithm takes none.
 *
 * @throws InvalidArgumentError for a level that the algorithm does not have
 */
export function createDictionaryCompressor(
  name: CompressorName,
  dictionary: CompressionDictionary,
  options?: CompressorOptions,
): Compressor | undefined {
  return DICTIONARY_ALGORITHMS[name]?.create(dictionary, options);
}

/** What a number in the envelope stands for. */
export interface CompressorKind {
  readonly name: CompressorName;
  readonly hasDictionary: boolean;
}

const KINDS: ReadonlyMap<number, CompressorKind> = new Map(
  COMPRESSOR_NAMES.flatMap((name) => {
    const withDictionary = DICTIONARY_ALGORITHMS[name];
    const plain: [number, CompressorKind] = [ALGORITHMS[name].id, { name, hasDictionary: false }];
    return withDictionary === undefined ? [plain] : [plain, [withDictionary.id, { name, hasDictionary: true }]];
  }),
);

/** What an id of the envelope stands for; `undefined` for one that this version does not know. */
export function compressorKindOf(id: number): CompressorKind | undefined {
  return KINDS.get(id);
}
