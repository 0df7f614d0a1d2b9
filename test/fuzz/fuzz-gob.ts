import { Buffer } from "node:buffer";
import process from "node:process";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { CodecFault } from "../../src/codec/codec-fault.ts";
import { type CodecLimits, DEFAULT_CODEC_LIMITS } from "../../src/codec/codec-limits.ts";
import { decodeGob } from "../../src/codec/gob/decode-gob.ts";
import { encodeGob } from "../../src/codec/gob/encode-gob.ts";
import { UncopyablePart } from "../../src/entry/uncopyable-part.ts";
import { readGobVectors } from "../compat/gob/gob-vector.ts";
import { gobValue } from "../support/gob-values.ts";

/** What became of the cases. */
export interface GobFuzzReport {
  readonly caseCount: number;
  /** Cases that were read as some value, although changed. */
  readonly readCount: number;
  /** Cases that were refused. */
  readonly faultCount: number;
  /** The longest that one case took. */
  readonly slowestMs: number;
  /** How much the heap had grown at most when it was looked at, every 1,024 cases. */
  readonly heapGrowthBytes: number;
}

/** Numbers that decoders trip over: huge lengths, the forms of 1 to 9 bytes, definitions of types, small kinds. */
const NASTY: readonly (readonly number[])[] = [
  [0],
  [1],
  [127],
  [128],
  [255],
  [0xff, 0xff],
  [0xfe, 0xff, 0xff],
  [0xfc, 0x7f, 0xff, 0xff, 0xff],
  [0xf8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xf8, 0, 0, 0, 0, 0, 0, 0, 1],
  [0xff, 0x81],
  [0xff, 0x82],
  [0xff, 0x83],
  [0xff, 0x84],
  [0x10],
  [0x0c],
];

/** A case that is refused at once by limits says little; so some have small ones, and most the default. */
const LIMITS: readonly CodecLimits[] = [
  DEFAULT_CODEC_LIMITS,
  DEFAULT_CODEC_LIMITS,
  DEFAULT_CODEC_LIMITS,
  { maxValueBytes: 2_048, maxDepth: 5 },
];

/**
 * Decodes gobs that were cut, flipped, spliced and made up, and throws on the first that does anything but return a value or throw a
 * `CodecFault` of the two reasons, that changes `Object.prototype`, or whose value is written as something else than it.
 *
 * @param seed the same cases come again with the same seed
 */
export function fuzzGob(seed: number, caseCount: number): GobFuzzReport {
  const random = xorshift(seed);
  const corpus = corpusOf(seed);
  const names = Object.getOwnPropertyNames(Object.prototype).join();
  const heapBefore = process.memoryUsage().heapUsed;
  let readCount = 0;
  let slowestMs = 0;
  let heapGrowthBytes = 0;
  for (let index = 0; index < caseCount; index += 1) {
    const bytes = makeCase(corpus, random);
    const limits = LIMITS[random(LIMITS.length)] as CodecLimits;
    const startedAt = performance.now();
    const isRead = tryCase(bytes, limits, random(16) === 0);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    if (isRead) readCount += 1;
    if (index % 1_024 === 0) {
      heapGrowthBytes = Math.max(heapGrowthBytes, process.memoryUsage().heapUsed - heapBefore);
      if (Object.getOwnPropertyNames(Object.prototype).join() !== names)
        throw new Error("Object.prototype was changed");
    }
  }
  return { caseCount, readCount, faultCount: caseCount - readCount, slowestMs, heapGrowthBytes };
}

/** @returns whether it was read */
function tryCase(bytes: Buffer, limits: CodecLimits, isWrittenAgain: boolean): boolean {
  let value: unknown;
  try {
    value = decodeGob(bytes, limits);
  } catch (error) {
    if (error instanceof CodecFault && (error.reason === "malformed" || error.reason === "too-large")) return false;
    throw new Error(`${bytes.toString("hex")} was answered with ${String(error)}`, { cause: error });
  }
  if (isWrittenAgain) assertWritable(value, bytes);
  return true;
}

function assertWritable(value: unknown, bytes: Buffer): void {
  let written: Uint8Array;
  try {
    written = encodeGob(value);
  } catch (error) {
    // A Date that is none, a Map whose keys are objects: Go had them.
    if (error instanceof UncopyablePart) return;
    throw new Error(`The value of ${bytes.toString("hex")} was answered with ${String(error)}`, { cause: error });
  }
  if (!isDeepStrictEqual(decodeGob(written, DEFAULT_CODEC_LIMITS), value)) {
    throw new Error(
      `The value of ${bytes.toString("hex")} does not come back from ${Buffer.from(written).toString("hex")}`,
    );
  }
}

/** What Go wrote, and what this library writes; short ones, of which a change hits something. */
function corpusOf(seed: number): readonly Buffer[] {
  const own = fc.sample(gobValue, { numRuns: 300, seed }).map((value) => Buffer.from(encodeGob(value)));
  return [...readGobVectors().map(({ bytes }) => bytes), ...own].filter(({ length }) => length < 3_000);
}

function makeCase(corpus: readonly Buffer[], random: (below: number) => number): Buffer {
  const base = corpus[random(corpus.length)] as Buffer;
  if (random(20) === 0) return Buffer.from(Array.from({ length: random(60) }, () => random(256)));
  let bytes: Buffer = Buffer.from(base);
  for (let left = random(3) === 0 ? 3 : 1; left > 0; left -= 1) bytes = mutate(bytes, corpus, random);
  // Most changes make the first length wrong, and end there; a true one lets them reach the value.
  return random(3) === 0 ? bytes : withTrueLength(bytes);
}

function mutate(bytes: Buffer, corpus: readonly Buffer[], random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1);
  switch (random(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] as number) ^ (1 << random(8));
      return flipped;
    }
    case 2: {
      const other = corpus[random(corpus.length)] as Buffer;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length))]);
    }
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(4))]);
    case 4: {
      const end = Math.min(bytes.length, at + random(12));
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
    }
    default: {
      const nasty = Buffer.from(NASTY[random(NASTY.length)] as readonly number[]);
      return Buffer.concat([bytes.subarray(0, at), nasty, bytes.subarray(at + random(2) * nasty.length)]);
    }
  }
}

/** Makes the last message as long as what is left of the bytes. */
function withTrueLength(bytes: Buffer): Buffer {
  let start = 0;
  for (;;) {
    const first = bytes[start] ?? 0;
    const size = first < 128 ? 0 : 256 - first;
    if (size > 4 || start + 1 + size > bytes.length) return bytes;
    const length = size === 0 ? first : bytes.readUIntBE(start + 1, size);
    const next = start + 1 + size + length;
    if (next < bytes.length) {
      start = next;
      continue;
    }
    const rest = bytes.subarray(start + 1 + size);
    const head = rest.length < 128 ? Buffer.of(rest.length) : Buffer.of(0xfe, rest.length >> 8, rest.length & 255);
    return Buffer.concat([bytes.subarray(0, start), head, rest]);
  }
}

/** Marsaglia's xorshift32; https://www.jstatsoft.org/article/view/v008i14 */
function xorshift(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}
