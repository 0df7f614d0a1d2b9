import process from "node:process";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import type { Compressor } from "../../src/codec/compressors/compressor.ts";
import {
  type CompressorName,
  createCompressor,
  createDictionaryCompressor,
} from "../../src/codec/compressors/create-compressor.ts";
import { trainDictionary } from "../../src/codec/dictionary/train-dictionary.ts";
import { faultOf } from "../support/compression/fault-of.ts";
import { jsonRecords, smallValues } from "../support/compression/sample-values.ts";

/** Growth in bytes: of memory that V8 knows nothing of, of its heap, and of buffers outside it. */
export interface MemoryGrowth {
  readonly native: number;
  readonly heap: number;
  readonly buffers: number;
}

/** What the process is told, as JSON in its first argument. It prints each growth that it measured, as JSON. */
export interface CompressorTask {
  readonly name: CompressorName;
  readonly hasDictionary: boolean;
  /** At most this is no leak. */
  readonly allowed: MemoryGrowth;
}

/** Of rounds, of which the first three and the last three are compared: the middle of each, for some are odd. */
const ROUNDS_PER_BLOCK = 6;
const CALLS_PER_ROUND = 1_000;
/**
 * An allocator takes memory in steps, whenever it likes, and keeps it; a leak grows all the time. So what grew is measured again,
 * once.
 */
const MAX_BLOCKS = 2;
const VALUE_BYTES = 16_384;

async function main(): Promise<readonly MemoryGrowth[]> {
  const task = JSON.parse(process.argv[2] as string) as CompressorTask;
  const compressor = createUnderTest(task);
  await compressor.load();
  const growths: MemoryGrowth[] = [];
  while (growths.length < MAX_BLOCKS) {
    const growth = await measureBlock(compressor);
    growths.push(growth);
    const { allowed } = task;
    if (growth.native <= allowed.native && growth.heap <= allowed.heap && growth.buffers <= allowed.buffers) break;
  }
  return growths;
}

function createUnderTest({ name, hasDictionary }: CompressorTask): Compressor {
  if (!hasDictionary) return createCompressor(name);
  const dictionary = trainDictionary(smallValues("json", 300), { sizeBytes: 8_192 });
  return createDictionaryCompressor(name, dictionary) as Compressor;
}

async function measureBlock(compressor: Compressor): Promise<MemoryGrowth> {
  const levels: NodeJS.MemoryUsage[] = [];
  for (let round = 0; round < ROUNDS_PER_BLOCK; round += 1) {
    await runRound(compressor);
    levels.push(await memoryAtRest());
  }
  const growthOf = (read: (level: NodeJS.MemoryUsage) => number): number =>
    middle(levels.slice(-3).map(read)) - middle(levels.slice(0, 3).map(read));
  return {
    native: growthOf(({ rss, heapTotal }) => rss - heapTotal),
    heap: growthOf(({ heapUsed }) => heapUsed),
    buffers: growthOf(({ arrayBuffers }) => arrayBuffers),
  };
}

async function runRound(compressor: Compressor): Promise<void> {
  const value = jsonRecords(VALUE_BYTES);
  const cutOff = compressor.compressSync(value).subarray(0, -1);
  for (let index = 0; index < CALLS_PER_ROUND; index += 1) {
    compressor.decompressSync(compressor.compressSync(value), value.length);
    await faultOf(() => compressor.decompressSync(cutOff, value.length));
    if (index % 10 === 0) await compressor.decompress(await compressor.compress(value), value.length);
    // External memory is freed by finalizers, which run between turns of the loop.
    if (index % 50 === 0) await nextTurn();
  }
}

/** When everything was collected, also what finalizers let go of. */
async function memoryAtRest(): Promise<NodeJS.MemoryUsage> {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await delay(5);
  }
  return process.memoryUsage();
}

function middle(three: readonly number[]): number {
  return three.toSorted((a, b) => a - b)[1] as number;
}

console.log(JSON.stringify(await main()));
