import { CodecFault } from "../../src/codec/codec-fault.ts";
import type { Compressor } from "../../src/codec/compressors/compressor.ts";
import {
  COMPRESSOR_NAMES,
  createCompressor,
  createDictionaryCompressor,
  DICTIONARY_COMPRESSOR_NAMES,
} from "../../src/codec/compressors/create-compressor.ts";
import { frameHeader } from "../../src/codec/compressors/zstd-frame.ts";
import { trainDictionary } from "../../src/codec/dictionary/train-dictionary.ts";
import { createDraw, type Draw, jsonRecords, smallValues } from "../support/compression/sample-values.ts";

/** What to run. */
export interface FuzzCompressorsOptions {
  readonly caseCount: number;
  /** A positive 32-bit integer; the same seed runs the same cases. */
  readonly seed: number;
  /** Every how many cases the asynchronous call is used as well. Default: 16. */
  readonly asyncEvery?: number;
}

/** How often each outcome was seen. */
export interface FuzzCompressorsReport {
  readonly faultCount: number;
  /** Bytes that were decompressed although they were changed: to what was written, or where the format has no check, to something else. */
  readonly readCount: number;
  readonly longestMs: number;
}

/** The reasons that a decompressor may give. */
const REASONS: readonly string[] = ["malformed", "too-large", "unknown-dictionary"];
const MAX_RAW_BYTES = 5_000;

/**
 * Decompresses bytes that nobody wrote: changed outputs of every algorithm, noise, and frames put together of random blocks, with true and
 * untrue lengths.
 *
 * @param now a clock in ms
 * @throws Error that names seed and case when a call throws anything but a fault of reading, or gives another number of bytes than declared. A
 * library that crashes takes the process along: the case is then found by the seed
 */
export async function fuzzCompressors(
  { caseCount, seed, asyncEvery = 16 }: FuzzCompressorsOptions,
  now: () => number = () => performance.now(),
): Promise<FuzzCompressorsReport> {
  const draw = createDraw(seed);
  const compressors = await allCompressors();
  const seeds = compressors.map((compressor) => seedsOf(compressor, draw));
  const all = seeds.flat();
  let faultCount = 0;
  let readCount = 0;
  let longestMs = 0;
  for (let index = 0; index < caseCount; index += 1) {
    const which = draw(compressors.length);
    const compressor = compressors[which] as Compressor;
    const { bytes, rawBytes } = nextCase(compressor, seeds[which] as readonly Case[], all, draw);
    const before = now();
    const label = `${compressor.name} (${compressor.id}), seed ${seed}, case ${index}`;
    if (await isRead(() => compressor.decompressSync(bytes, rawBytes), rawBytes, label)) readCount += 1;
    else faultCount += 1;
    longestMs = Math.max(longestMs, now() - before);
    if (index % asyncEvery === 0) await isRead(() => compressor.decompress(bytes, rawBytes), rawBytes, label);
  }
  return { faultCount, readCount, longestMs };
}

async function allCompressors(): Promise<Compressor[]> {
  const dictionary = trainDictionary(smallValues("json", 300), { sizeBytes: 4_096 });
  const compressors = [
    ...COMPRESSOR_NAMES.map((name) => createCompressor(name)),
    ...DICTIONARY_COMPRESSOR_NAMES.map((name) => createDictionaryCompressor(name, dictionary) as Compressor),
  ];
  await Promise.all(compressors.map((compressor) => compressor.load()));
  return compressors;
}

interface Case {
  readonly bytes: Uint8Array;
  readonly rawBytes: number;
}

function seedsOf(compressor: Compressor, draw: Draw): Case[] {
  const values = [
    ...[0, 1, 5, 30, 100, 255, 256, 700, 3_000].map((sizeBytes) => jsonRecords(sizeBytes, 1 + draw(1_000))),
    ...smallValues("binary", 5, 1 + draw(1_000)),
    new Uint8Array(4_000),
    noise(200, draw),
  ];
  return values.map((value) => ({ bytes: compressor.compressSync(value), rawBytes: value.length }));
}

function noise(sizeBytes: number, draw: Draw): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, () => draw(65_536) >>> 8);
}

function nextCase(compressor: Compressor, own: readonly Case[], all: readonly Case[], draw: Draw): Case {
  const kind = draw(20);
  const seed = own[draw(own.length)] as Case;
  if (kind === 0) return { bytes: noise(draw(300), draw), rawBytes: draw(MAX_RAW_BYTES) };
  if (kind === 1) return { bytes: (all[draw(all.length)] as Case).bytes, rawBytes: seed.rawBytes };
  if (kind === 2) return { bytes: seed.bytes, rawBytes: draw(MAX_RAW_BYTES) };
  if (kind === 3) return splice(seed, own[draw(own.length)] as Case, draw);
  if (kind < 7 && compressor.name === "zstd") return randomBlocks(compressor, draw);
  return { bytes: change(seed.bytes, 1 + draw(kind < 12 ? 1 : 6), draw), rawBytes: seed.rawBytes };
}

function change(bytes: Uint8Array, times: number, draw: Draw): Uint8Array {
  let changed = [...bytes];
  for (let time = 0; time < times; time += 1) {
    const at = draw(changed.length + 1);
    const what = draw(6);
    if (what <= 1 && at < changed.length) changed[at] = (changed[at] as number) ^ (1 << draw(8));
    else if (what === 2 && at < changed.length) changed[at] = [0, 1, 127, 128, 255][draw(5)] as number;
    else if (what === 3) changed.splice(at, 1 + draw(4));
    else if (what === 4) changed.splice(at, 0, draw(256), draw(256));
    else if (what === 5) changed = changed.slice(0, at);
  }
  return Uint8Array.from(changed);
}

function splice(a: Case, b: Case, draw: Draw): Case {
  const head = a.bytes.subarray(0, draw(a.bytes.length + 1));
  return { bytes: Uint8Array.of(...head, ...b.bytes.subarray(draw(b.bytes.length + 1))), rawBytes: a.rawBytes };
}

/** Blocks of every kind whose headers are sound, so that what is inside reaches the library. */
function randomBlocks(compressor: Compressor, draw: Draw): Case {
  const rawBytes = draw(MAX_RAW_BYTES);
  const parts: Uint8Array[] = compressor.dictionaryId === undefined ? [frameHeader(rawBytes)] : [];
  const blockCount = 1 + draw(4);
  for (let block = 0; block < blockCount; block += 1) {
    const kind = draw(3);
    const sizeBytes = draw(kind === 1 ? MAX_RAW_BYTES : 60);
    const header = (block + 1 === blockCount ? 1 : 0) | (kind << 1) | (sizeBytes << 3);
    parts.push(Uint8Array.of(header & 255, (header >>> 8) & 255, header >>> 16));
    parts.push(noise(kind === 1 ? 1 : sizeBytes, draw));
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), rawBytes };
}

async function isRead(work: () => Uint8Array | Promise<Uint8Array>, rawBytes: number, label: string): Promise<boolean> {
  try {
    const { length } = await work();
    if (length !== rawBytes) throw new Error(`${length} bytes instead of ${rawBytes}`);
    return true;
  } catch (error) {
    if (error instanceof CodecFault && REASONS.includes(error.reason)) return false;
    throw new Error(`${label}: ${String(error)}`, { cause: error });
  }
}
