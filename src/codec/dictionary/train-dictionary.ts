import { deflateRawSync } from "node:zlib";
import { InvalidArgumentError } from "../../foundation/errors.ts";
import { type CompressionDictionary, createDictionary, MIN_CONTENT_BYTES } from "./compression-dictionary.ts";
import { entropyStatistics, estimatedBits } from "./entropy-statistics.ts";
import { countDmers, selectContent } from "./fast-cover.ts";
import { normalizeCounts, writeCounts } from "./fse-counts.ts";
import { writeHuffmanTable } from "./huffman-table.ts";
import { joinSamples, splitSamples, takeSamples } from "./sample-corpus.ts";

/** How to train. */
export interface TrainDictionaryOptions {
  /**
   * Most bytes of the dictionary, 512 bytes to 1 MiB. Default: {@link DEFAULT_DICTIONARY_BYTES}. Deflate prepares the dictionary at every write, about
   * 1 µs a KiB, and sees the last 32 KiB.
   */
  readonly sizeBytes?: number;
}

/** 16 KiB: 90 to 96 % of the ratio of twice the size with deflate, 95 to 99 % with zstd, for two thirds of the time of a write with deflate. */
export const DEFAULT_DICTIONARY_BYTES: number = 16 * 1024;
const MIN_DICTIONARY_BYTES = 512;
const MAX_DICTIONARY_BYTES: number = 2 ** 20;

/** zstd recommends samples of a hundred times the dictionary; some more cost little. */
const CORPUS_RATIO = 128;
const MIN_CORPUS_BYTES = 2 * 2 ** 20;
const MAX_CORPUS_BYTES = 16 * 2 ** 20;
/** What the tables are counted from. */
const MAX_STATISTICS_BYTES = 2 * 2 ** 20;
/** The tables of the trained dictionaries that were measured took 120 to 175 bytes. */
const TABLES_BYTES = 256;
/** With less than 2 % to gain there is no dictionary to be had. */
const MAX_USELESS_RATIO = 0.98;
const DMER_BYTES = [6, 8] as const;
const SEGMENT_BYTES = [24, 48, 96, 192, 400, 1_000, 2_000] as const;
const DEFLATE_WINDOW_BYTES = 32_768;

/**
 * Trains a dictionary from samples of the values to come.
 *
 * The content is chosen by FastCover, for several lengths of d-mers and segments; the one with which held-out samples compress best is taken. The tables
 * are counted from parses of samples with it. The same samples give the same dictionary; another version of
 * Node.js, whose deflate judges a little differently, may choose another.
 *
 * Of the samples an even part of at most 16 MiB is looked at, whatever there are: some 0.2 s a MiB of them and twice the learned bytes of memory times
 * four, 160 MiB at most. Blocks that long: train beforehand, not while serving.
 *
 * @throws InvalidArgumentError for fewer than 10 samples of at least 8 bytes, samples that have nothing in common, or a size outside its range
 */
export function trainDictionary(
  samples: readonly Uint8Array[],
  { sizeBytes = DEFAULT_DICTIONARY_BYTES }: TrainDictionaryOptions = {},
): CompressionDictionary {
  if (!Number.isInteger(sizeBytes) || sizeBytes < MIN_DICTIONARY_BYTES || sizeBytes > MAX_DICTIONARY_BYTES)
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_OPTION",
      "sizeBytes",
      `The size of a dictionary must be a whole number of bytes from ${MIN_DICTIONARY_BYTES} to ${MAX_DICTIONARY_BYTES}.`,
    );
  const corpusBytes = Math.min(MAX_CORPUS_BYTES, Math.max(MIN_CORPUS_BYTES, CORPUS_RATIO * sizeBytes));
  const taken = takeSamples(samples, corpusBytes);
  const content = bestContent(taken, sizeBytes - TABLES_BYTES);
  if (content.length === 0)
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_OPTION",
      "samples",
      "The samples have nothing in common that a dictionary could hold. Are they compressed or encrypted already?",
    );
  return withTables(atLeast(MIN_CONTENT_BYTES, content), takeSamples(taken, MAX_STATISTICS_BYTES));
}

/** Puts zeros in front of a content that is too short for the first offsets to lie in it. */
function atLeast(sizeBytes: number, content: Uint8Array): Uint8Array {
  if (content.length >= sizeBytes) return content;
  const padded = new Uint8Array(sizeBytes);
  padded.set(content, sizeBytes - content.length);
  return padded;
}

/** What a content was chosen with, and what the judged samples cost with it. */
interface Candidate {
  readonly dmerBytes: number;
  readonly segmentBytes: number;
  readonly deflateBytes: number;
  readonly zstdBits: number;
}

/** @returns no bytes when none of them helps */
function bestContent(samples: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const { learned, judged } = splitSamples(samples);
  const candidates: Candidate[] = [];
  for (const dmerBytes of DMER_BYTES) {
    const dmers = countDmers(learned, dmerBytes);
    for (const segmentBytes of SEGMENT_BYTES) {
      if (segmentBytes > sizeBytes) continue;
      const content = selectContent(dmers, sizeBytes, segmentBytes);
      const deflateBytes = deflatedBytes(judged, content);
      const zstdBits = estimatedBits(entropyStatistics(content, judged));
      candidates.push({ dmerBytes, segmentBytes, deflateBytes, zstdBits });
    }
  }
  const withoutBytes = deflatedBytes(judged, new Uint8Array());
  if (Math.min(...candidates.map(({ deflateBytes }) => deflateBytes)) > withoutBytes * MAX_USELESS_RATIO)
    return new Uint8Array();
  // Who will use it is not known: the least loss against the best for either.
  const leastBytes = Math.min(...candidates.map(({ deflateBytes }) => deflateBytes));
  const leastBits = Math.min(...candidates.map(({ zstdBits }) => zstdBits));
  const lossOf = ({ deflateBytes, zstdBits }: Candidate): number => deflateBytes / leastBytes + zstdBits / leastBits;
  const best = candidates.reduce((a, b) => (lossOf(b) < lossOf(a) ? b : a));
  // Again from all samples, with what was found to be best.
  return selectContent(countDmers(joinSamples(samples), best.dmerBytes), sizeBytes, best.segmentBytes);
}

function deflatedBytes(samples: readonly Uint8Array[], content: Uint8Array): number {
  const dictionary = content.subarray(-DEFLATE_WINDOW_BYTES);
  const options = dictionary.length === 0 ? {} : { dictionary };
  return samples.reduce((sum, sample) => sum + deflateRawSync(sample, options).length, 0);
}

function withTables(content: Uint8Array, samples: readonly Uint8Array[]): CompressionDictionary {
  const { literals, offsets, matchLengths, literalLengths } = entropyStatistics(content, samples);
  return createDictionary(
    {
      literals: writeHuffmanTable(literals),
      offsets: writeCounts(normalizeCounts(offsets, 8, true)),
      matchLengths: writeCounts(normalizeCounts(matchLengths, 9, true)),
      literalLengths: writeCounts(normalizeCounts(literalLengths, 9, true)),
    },
    content,
  );
}
