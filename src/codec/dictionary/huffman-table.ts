import { normalizeCounts, readCounts, writeCounts } from "./fse-counts.ts";
import { decodeFse } from "./fse-decoder.ts";
import { encodeFse } from "./fse-encoder.ts";

/** The longest code that zstd's literals may have. */
const MAX_CODE_BITS = 11;
/** `Max_Accuracy` of the weights' own entropy code. */
const MAX_WEIGHT_TABLE_LOG = 6;
const MAX_WEIGHT = 12;
const BYTE_VALUES = 256;
/** A first byte from here on is a number of weights that follow as four bits each, plus 127. */
const DIRECT_WEIGHTS_FROM = 128;

/**
 * The description of a Huffman code for bytes, as zstd writes it: their weights, compressed with FSE. Format: RFC 8878, section 4.2.1.
 *
 * @param counts of all 256 byte values, each above zero: what a dictionary's table does not have, it cannot encode
 */
export function writeHuffmanTable(counts: ArrayLike<number>): Uint8Array {
  let lengths = codeLengths(counts);
  // Codes that are all of the same length have one weight only, for which FSE has no form.
  if (new Set(lengths).size === 1)
    lengths = codeLengths(Array.from(counts, (_, byte) => (byte === 0 ? 4 : byte > 252 ? 1 : 2)));
  const longest = Math.max(...lengths);
  // The weight of the last byte follows from the others.
  const weights = Array.from(lengths.subarray(0, BYTE_VALUES - 1), (length) => longest + 1 - length);
  const weightCounts = new Uint32Array(Math.max(...weights) + 1);
  for (const weight of weights) weightCounts[weight] = (weightCounts[weight] as number) + 1;
  const normalized = normalizeCounts(weightCounts, MAX_WEIGHT_TABLE_LOG, false);
  const head = writeCounts(normalized);
  const body = encodeFse(weights, normalized);
  return Uint8Array.of(head.length + body.length, ...head, ...body);
}

/**
 * How many bytes the description of a Huffman code takes; `undefined` when there is none, or one that zstd refuses. Decodes it: a library that is
 * given a damaged one may end the process.
 */
export function huffmanTableBytes(bytes: Uint8Array): number | undefined {
  const first = bytes[0];
  if (first === undefined || first === 0) return undefined;
  const isDirect = first >= DIRECT_WEIGHTS_FROM;
  const directCount = first - DIRECT_WEIGHTS_FROM + 1;
  const lengthBytes = 1 + (isDirect ? Math.ceil(directCount / 2) : first);
  if (lengthBytes > bytes.length) return undefined;
  const body = bytes.subarray(1, lengthBytes);
  const weights = isDirect ? directWeights(body, directCount) : compressedWeights(body);
  return weights !== undefined && isWholeCode(weights) ? lengthBytes : undefined;
}

/** Four bits each, the higher ones first. */
function directWeights(body: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const pair = body[index >>> 1] as number;
    return index % 2 === 0 ? pair >>> 4 : pair & 15;
  });
}

function compressedWeights(body: Uint8Array): number[] | undefined {
  const counts = readCounts(body, MAX_WEIGHT_TABLE_LOG, MAX_WEIGHT);
  return counts === undefined ? undefined : decodeFse(body.subarray(counts.lengthBytes), counts, BYTE_VALUES - 1);
}

/** Whether weights, with the one of the last symbol that follows from them, make a code that uses every string of bits. */
function isWholeCode(weights: readonly number[]): boolean {
  if (weights.some((weight) => weight > MAX_WEIGHT)) return false;
  const share = (weight: number): number => (weight === 0 ? 0 : 2 ** (weight - 1));
  const total = weights.reduce((sum, weight) => sum + share(weight), 0);
  if (total === 0) return false;
  const codeBits = Math.floor(Math.log2(total)) + 1;
  const left = 2 ** codeBits - total;
  const lastWeight = Math.log2(left) + 1;
  if (codeBits > MAX_CODE_BITS || !Number.isInteger(lastWeight)) return false;
  // The longest codes come in pairs.
  const longest = [...weights, lastWeight].filter((weight) => weight === 1).length;
  return longest >= 2 && longest % 2 === 0;
}

/** A set of symbols that are merged on one level. */
interface Package {
  readonly count: number;
  readonly symbols: readonly number[];
}

/**
 * The lengths of the best codes of at most 11 bits: package-merge (Larmore and Hirschberg, "A fast algorithm for optimal length-limited Huffman
 * codes", https://doi.org/10.1145/79147.79150). O(11 · 256 · 256), a few milliseconds.
 */
function codeLengths(counts: ArrayLike<number>): Uint8Array {
  const leaves: Package[] = Array.from(counts, (count, symbol) => ({ count, symbols: [symbol] }));
  leaves.sort((a, b) => a.count - b.count || (a.symbols[0] as number) - (b.symbols[0] as number));
  let packages: Package[] = leaves;
  for (let level = 1; level < MAX_CODE_BITS; level += 1) {
    const pairs: Package[] = [];
    for (let index = 0; index + 1 < packages.length; index += 2) {
      const [a, b] = [packages[index] as Package, packages[index + 1] as Package];
      pairs.push({ count: a.count + b.count, symbols: [...a.symbols, ...b.symbols] });
    }
    packages = [...leaves, ...pairs].sort((a, b) => a.count - b.count);
  }
  const lengths = new Uint8Array(counts.length);
  for (const { symbols } of packages.slice(0, 2 * (counts.length - 1))) {
    for (const symbol of symbols) lengths[symbol] = (lengths[symbol] as number) + 1;
  }
  return lengths;
}
