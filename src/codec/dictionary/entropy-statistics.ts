import {
  literalLengthCode,
  MAX_LITERAL_LENGTH_CODE,
  MAX_MATCH_LENGTH_CODE,
  matchLengthCode,
} from "./sequence-codes.ts";

/** How often symbols occur when samples are compressed with a dictionary. */
export interface EntropyStatistics {
  readonly literals: Uint32Array;
  readonly offsets: Uint32Array;
  readonly matchLengths: Uint32Array;
  readonly literalLengths: Uint32Array;
}

/** What a block holds at most; offsets may reach over it and the dictionary. */
const BLOCK_BYTES = 128 * 1024;
const HASH_BITS = 16;
const SHORT_BYTES = 5;
const LONG_BYTES = 8;
/** Offset codes count from here: the numbers below mean one of the three last offsets. */
const REPEAT_CODES = 3;

/**
 * Counts what zstd writes when it compresses samples with a dictionary, by parsing them as its level 3 does: the last offset, then a match of at
 * least 8 bytes, then one of at least 5, each at its latest place (`zstd_double_fast.c`). No symbol has zero: what a table does not have cannot
 * be written with it. O(bytes)
 */
export function entropyStatistics(content: Uint8Array, samples: readonly Uint8Array[]): EntropyStatistics {
  const parser = new SampleParser(content, Math.max(0, ...samples.map(({ length }) => length)));
  for (const sample of samples) parser.parse(sample);
  return parser.statistics;
}

/**
 * How many bits the symbols would take with tables made for them, and the bits of offsets that no table shortens: an estimate of what zstd
 * makes of the samples, without the fixed bytes of frames.
 */
export function estimatedBits({ literals, offsets, matchLengths, literalLengths }: EntropyStatistics): number {
  const offsetBits = offsets.reduce((sum, count, code) => sum + count * code, 0);
  return (
    offsetBits + [literals, offsets, matchLengths, literalLengths].reduce((sum, counts) => sum + entropyBits(counts), 0)
  );
}

function entropyBits(counts: Uint32Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count) => sum + (count === 0 ? 0 : count * Math.log2(total / count)), 0);
}

class SampleParser {
  readonly statistics: EntropyStatistics;
  readonly #contentBytes: number;
  /** The content, and behind it the sample. */
  readonly #window: Uint8Array;
  /** Where a string of five, and of eight, was seen last; 0: nowhere. */
  readonly #short: Int32Array = new Int32Array(2 ** HASH_BITS);
  readonly #long: Int32Array = new Int32Array(2 ** HASH_BITS);
  /** What the tables held before a sample: pairs of place and position, to be put back. */
  readonly #undo: number[] = [];

  constructor(content: Uint8Array, maxSampleBytes: number) {
    this.#contentBytes = content.length;
    this.#window = new Uint8Array(content.length + maxSampleBytes);
    this.#window.set(content);
    const maxOffsetCode = 31 - Math.clz32(content.length + BLOCK_BYTES);
    this.statistics = {
      literals: new Uint32Array(256).fill(1),
      offsets: new Uint32Array(maxOffsetCode + 1).fill(1),
      matchLengths: new Uint32Array(MAX_MATCH_LENGTH_CODE + 1).fill(1),
      literalLengths: new Uint32Array(MAX_LITERAL_LENGTH_CODE + 1).fill(1),
    };
    for (let at = 1; at + LONG_BYTES <= content.length; at += 1) this.#remember(at);
    this.#undo.length = 0;
  }

  parse(sample: Uint8Array): void {
    this.#window.set(sample, this.#contentBytes);
    const end = this.#contentBytes + sample.length;
    let anchor = this.#contentBytes;
    let lastOffset = 1;
    let at = anchor;
    while (at + LONG_BYTES < end) {
      const match = this.#matchAt(at, end, lastOffset);
      this.#remember(at);
      if (match === undefined) {
        at += 1;
        continue;
      }
      // The last offset has code 0 in front of literals, and is looked for one byte on so that there are some.
      const offsetValue = match.isRepeat ? 1 : match.offset + REPEAT_CODES;
      this.#count(anchor, match.start, match.length, offsetValue);
      for (let inside = at + 1; inside < match.start + match.length && inside + LONG_BYTES <= end; inside += 2)
        this.#remember(inside);
      lastOffset = match.offset;
      at = match.start + match.length;
      anchor = at;
    }
    this.#countLiterals(anchor, end);
    for (let index = this.#undo.length - 4; index >= 0; index -= 4) {
      this.#short[this.#undo[index] as number] = this.#undo[index + 1] as number;
      this.#long[this.#undo[index + 2] as number] = this.#undo[index + 3] as number;
    }
    this.#undo.length = 0;
  }

  #matchAt(
    at: number,
    end: number,
    lastOffset: number,
  ): { start: number; length: number; offset: number; isRepeat: boolean } | undefined {
    const repeated = this.#lengthOf(at + 1, at + 1 - lastOffset, end);
    if (repeated >= 4) return { start: at + 1, length: repeated, offset: lastOffset, isRepeat: true };
    for (const [table, minBytes, hash] of [
      [this.#long, LONG_BYTES, this.#hash(at, LONG_BYTES)],
      [this.#short, SHORT_BYTES, this.#hash(at, SHORT_BYTES)],
    ] as const) {
      const candidate = table[hash] as number;
      const length = candidate === 0 ? 0 : this.#lengthOf(at, candidate, end);
      if (length >= minBytes) return { start: at, length, offset: at - candidate, isRepeat: false };
    }
    return undefined;
  }

  #lengthOf(at: number, candidate: number, end: number): number {
    if (candidate < 0) return 0;
    let length = 0;
    while (at + length < end && this.#window[at + length] === this.#window[candidate + length]) length += 1;
    return length;
  }

  #count(anchor: number, start: number, length: number, offsetValue: number): void {
    const { offsets, matchLengths, literalLengths } = this.statistics;
    this.#countLiterals(anchor, start);
    increment(literalLengths, literalLengthCode(start - anchor));
    increment(matchLengths, matchLengthCode(length));
    increment(offsets, Math.min(offsets.length - 1, 31 - Math.clz32(offsetValue)));
  }

  #countLiterals(from: number, to: number): void {
    for (let at = from; at < to; at += 1) increment(this.statistics.literals, this.#window[at] as number);
  }

  #remember(at: number): void {
    const short = this.#hash(at, SHORT_BYTES);
    const long = this.#hash(at, LONG_BYTES);
    this.#undo.push(short, this.#short[short] as number, long, this.#long[long] as number);
    this.#short[short] = at;
    this.#long[long] = at;
  }

  #hash(at: number, byteCount: number): number {
    let hash = 0;
    for (let offset = 0; offset < byteCount; offset += 1)
      hash = Math.imul(hash ^ (this.#window[at + offset] as number), 0x9e3779b1) ^ (hash >>> 15);
    return Math.imul(hash, 0x85ebca6b) >>> (32 - HASH_BITS);
  }
}

function increment(counts: Uint32Array, symbol: number): void {
  counts[symbol] = (counts[symbol] as number) + 1;
}
