import { execFile } from "node:child_process";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import process from "node:process";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  type BrotliCompress,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflateRaw,
  createGunzip,
  type DeflateRaw,
} from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { compressValue, decompressValue } from "../../src/codec/compressors/compress-value.ts";
import type { Compressor } from "../../src/codec/compressors/compressor.ts";
import {
  COMPRESSOR_NAMES,
  type CompressorName,
  createCompressor,
  createDictionaryCompressor,
} from "../../src/codec/compressors/create-compressor.ts";
import { frameHeader } from "../../src/codec/compressors/zstd-frame.ts";
import { trainDictionary } from "../../src/codec/dictionary/train-dictionary.ts";
import { faultOf } from "../support/compression/fault-of.ts";
import { jsonRecords, smallValues } from "../support/compression/sample-values.ts";
import type { CompressorTask, MemoryGrowth } from "./compressors-memory-worker.ts";
import { bundleScript } from "./support/script-bundle.ts";

// Memory and delays are of the whole process, so these stand where one file runs at a time.

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const run = promisify(execFile);
const MEBIBYTE = 2 ** 20;
const DICTIONARY = trainDictionary(smallValues("json", 300), { sizeBytes: 8_192 });
const CASES: readonly (readonly [string, Compressor])[] = [
  ...COMPRESSOR_NAMES.map((name) => [name, createCompressor(name)] as const),
  ["gzip with a dictionary", createDictionaryCompressor("gzip", DICTIONARY) as Compressor],
  ["zstd with a dictionary", createDictionaryCompressor("zstd", DICTIONARY) as Compressor],
];
const LARGE_VALUE = jsonRecords(48 * MEBIBYTE);
beforeAll(async () => {
  await Promise.all(CASES.map(([, compressor]) => compressor.load()));
});

/** A bomb is a gigabyte of zeros: so many times a MiB of them. */
const BOMB_PIECES = 1_024;
/** Of all of them; counted by hand, for that takes as long as everything else of the bomb. */
const BOMB_CRC = 0x5b64c2b0;

/** What a compressor makes of a MiB of zeros, and of one more, each ended at a whole byte: the second may be repeated, and says that so many more follow. */
async function piecesOfZeros(stream: BrotliCompress | DeflateRaw, flush: number): Promise<readonly [Buffer, Buffer]> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const next = async (): Promise<Buffer> => {
    stream.write(Buffer.alloc(MEBIBYTE));
    await new Promise<void>((resolve) => stream.flush(flush, resolve));
    return Buffer.concat(chunks.splice(0));
  };
  const pieces = [await next(), await next()] as const;
  stream.destroy();
  return pieces;
}

async function gzipBomb(): Promise<Buffer> {
  const [first, other] = await piecesOfZeros(createDeflateRaw({ level: 9 }), constants.Z_FULL_FLUSH);
  const header = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
  const noMore = Buffer.of(3, 0);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(BOMB_CRC, 0);
  trailer.writeUInt32LE(BOMB_PIECES * MEBIBYTE, 4);
  return Buffer.concat([header, first, ...Array<Buffer>(BOMB_PIECES - 1).fill(other), noMore, trailer]);
}

async function brotliBomb(): Promise<Buffer> {
  const [first, other] = await piecesOfZeros(createBrotliCompress(), constants.BROTLI_OPERATION_FLUSH);
  const noMore = Buffer.of(3);
  return Buffer.concat([first, ...Array<Buffer>(BOMB_PIECES - 1).fill(other), noMore]);
}

function lz4Bomb(rawBytes: number): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(rawBytes);
  // One literal, then a match one byte back whose length goes on for a gigabyte.
  return Buffer.concat([
    prefix,
    Buffer.of(0x1f, 0, 1, 0),
    Buffer.alloc(4 * MEBIBYTE, 255),
    Buffer.of(0, 0x50, 1, 2, 3, 4, 5),
  ]);
}

function snappyBomb(rawBytes: number): Buffer {
  const preamble: number[] = [];
  for (let rest = rawBytes; ; rest = Math.floor(rest / 128)) {
    preamble.push(rest >= 128 ? (rest % 128) | 128 : rest);
    if (rest < 128) break;
  }
  // One literal, then copies of 64 bytes from one byte back.
  const copies = Buffer.alloc(3 * 4 * MEBIBYTE, Buffer.of(0xfe, 1, 0));
  return Buffer.concat([Buffer.from(preamble), Buffer.of(0, 0), copies]);
}

/** 8,192 blocks of 128 KiB, each a run. */
function zstdRuns(): Buffer {
  const blocks = Array.from({ length: 8_192 }, (_, index) => {
    const header = (index === 8_191 ? 1 : 0) | (1 << 1) | (131_072 << 3);
    return Buffer.of(header & 255, (header >>> 8) & 255, header >>> 16, 0);
  });
  return Buffer.concat(blocks);
}

/** Blocks that hide how much they hold: each is one literal and a match of 128 KiB less one. */
function zstdMatches(): Buffer {
  const zeros = Buffer.from(new Uint8Array(131_072 * 3));
  const compressor = createZstdBlocks(zeros);
  return Buffer.concat(
    Array.from({ length: 20_000 }, (_, index) => (index === 19_999 ? compressor.last : compressor.inner)),
  );
}

/** The blocks of a frame, by the format's own rule; see `zstd-frame.ts`. */
function createZstdBlocks(value: Uint8Array): { readonly inner: Buffer; readonly last: Buffer } {
  const compressor = CASES[6]?.[1] as Compressor;
  const blocks = Buffer.from(compressor.compressSync(value));
  const size = (blocks.readUIntLE(0, 3) >>> 3) + 3;
  const kind = (blocks.readUIntLE(0, 3) >>> 1) & 3;
  const first = Buffer.from(blocks.subarray(0, kind === 1 ? 4 : size));
  const inner = Buffer.from(first);
  inner[0] = (inner[0] as number) & ~1;
  const last = Buffer.from(first);
  last[0] = (last[0] as number) | 1;
  return { inner, last };
}

/** How many parameters a builder has says whether its bomb depends on the declared length. */
const BOMBS: readonly (readonly [string, CompressorName, (rawBytes: number) => Buffer | Promise<Buffer>])[] = [
  ["gzip", "gzip", gzipBomb],
  ["brotli", "brotli", brotliBomb],
  [
    "zstd, runs without a length",
    "zstd",
    () => Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58), zstdRuns()]),
  ],
  ["zstd, runs with a length", "zstd", (rawBytes) => Buffer.concat([frameHeader(rawBytes), zstdRuns()])],
  [
    "zstd, matches without a length",
    "zstd",
    () => Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58), zstdMatches()]),
  ],
  ["zstd, matches with a length", "zstd", (rawBytes) => Buffer.concat([frameHeader(rawBytes), zstdMatches()])],
  ["lz4", "lz4", lz4Bomb],
  ["snappy", "snappy", snappyBomb],
  // These say how much they hold; only the envelope lies.
  ["lz4 with its true length", "lz4", () => lz4Bomb(2 ** 30)],
  ["snappy with its true length", "snappy", () => snappyBomb(2 ** 28)],
];

describe("bombs", () => {
  it.each([
    ["gzip", gzipBomb, createGunzip],
    ["brotli", brotliBomb, createBrotliDecompress],
  ] as const)("of %s are no broken data: zeros for as long as somebody reads", async (_, build, createReader) => {
    const reader = createReader();
    reader.end(await build());
    let rawBytes = 0;
    for await (const chunk of reader) {
      expect((chunk as Buffer).every((byte) => byte === 0)).toBe(true);
      rawBytes += (chunk as Buffer).length;
      if (rawBytes > 16 * MEBIBYTE) break;
    }
    expect(rawBytes).toBeGreaterThan(16 * MEBIBYTE);
  });

  it.each(BOMBS)("of %s end at the declared length, with little memory and time", async (_, name, build) => {
    const compressor = CASES.find(([caseName]) => caseName === name)?.[1] as Compressor;
    // A gigabyte takes seconds; most bombs are the same whatever was declared.
    const same = build.length === 0 ? await build(0) : undefined;
    for (const rawBytes of [10, MEBIBYTE]) {
      const bomb = same ?? (await build(rawBytes));
      for (const call of ["decompressSync", "decompress"] as const) {
        collectGarbage();
        const rssBefore = process.memoryUsage().rss;
        const startedAt = performance.now();
        const fault = await faultOf(() => compressor[call](bomb, rawBytes));
        expect(fault.reason).toBe("malformed");
        expect(performance.now() - startedAt).toBeLessThan(1_000);
        expect(process.memoryUsage().rss - rssBefore).toBeLessThan(bomb.length + 64 * MEBIBYTE);
      }
    }
  });
});

/** Of 3,000 calls, each of which compresses, decompresses and fails to decompress: a leak of 2 KB of native memory or of 350 bytes that V8 knows of. */
const ALLOWED_GROWTH: MemoryGrowth = { native: 6 * MEBIBYTE, heap: MEBIBYTE, buffers: MEBIBYTE };

/**
 * Allocators give freed memory back at once and use one arena: else the memory of the process goes up and down by tens of megabytes. They read
 * this when a process starts.
 */
const FRUGAL_ALLOCATORS = { MALLOC_ARENA_MAX: "1", MIMALLOC_PURGE_DELAY: "0" };
/**
 * V8's young generation is as large as ever: it would double whenever V8 likes, first on paper and later in memory, and the memory outside of V8's
 * heap, which is the difference, would seem to go down by 8 MB and then up by 20 MB.
 */
const FIXED_YOUNG_GENERATION = ["--min-semi-space-size=1", "--max-semi-space-size=1"];

// Each measures itself alone, whatever the others do.
describe.concurrent("a process of its own", () => {
  let script: string;
  beforeAll(async () => {
    script = await bundleScript("test/integration/compressors-memory-worker.ts");
  });

  it.each([
    ...COMPRESSOR_NAMES.map((name) => ({ name, hasDictionary: false })),
    { name: "gzip" as const, hasDictionary: true },
    { name: "zstd" as const, hasDictionary: true },
  ])(
    "keeps nothing after thousands of calls that work and that do not: $name, dictionary $hasDictionary",
    async (kind) => {
      const task: CompressorTask = { ...kind, allowed: ALLOWED_GROWTH };
      const flags = ["--expose-gc", ...FIXED_YOUNG_GENERATION];
      const { stdout } = await run(process.execPath, [...flags, script, JSON.stringify(task)], {
        env: { ...process.env, ...FRUGAL_ALLOCATORS },
      });
      const growth = (JSON.parse(stdout) as MemoryGrowth[]).at(-1) as MemoryGrowth;
      expect(growth.native, stdout).toBeLessThanOrEqual(ALLOWED_GROWTH.native);
      expect(growth.heap, stdout).toBeLessThanOrEqual(ALLOWED_GROWTH.heap);
      expect(growth.buffers, stdout).toBeLessThanOrEqual(ALLOWED_GROWTH.buffers);
    },
  );
});

describe.each(CASES)("%s", (_, compressor) => {
  it("does not block the event loop with a value of 48 MiB", async () => {
    const value = LARGE_VALUE;
    const options = { thresholdBytes: 0 };
    const startedAt = performance.now();
    const compressed = compressor.compressSync(value);
    const compressedAt = performance.now();
    compressor.decompressSync(compressed, value.length);
    const syncMs = { compress: compressedAt - startedAt, decompress: performance.now() - compressedAt };
    const compressDelay = await longestDelay(() => compressValue(compressor, value, options));
    const decompressDelay = await longestDelay(() => decompressValue(compressor, compressed, value.length));
    console.log(
      `${compressor.name} ${compressor.id}: sync ${syncMs.compress.toFixed(0)}/${syncMs.decompress.toFixed(0)} ms, longest delay ${compressDelay.toFixed(1)}/${decompressDelay.toFixed(1)} ms`,
    );
    // A few ms where the machine does nothing else; a call on this thread takes all of the time, several times over what is allowed here.
    expect(compressDelay).toBeLessThan(Math.max(15, syncMs.compress / 3));
    expect(decompressDelay).toBeLessThan(Math.max(15, syncMs.decompress / 3));
  });
});

/** The longest that the event loop did not turn while some work went on, in ms. */
async function longestDelay(work: () => unknown): Promise<number> {
  collectGarbage();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const turns = async (count: number): Promise<void> => {
    const target = histogram.count + count;
    while (histogram.count < target) await new Promise(setImmediate);
  };
  histogram.enable();
  await turns(2);
  histogram.reset();
  // The first interval after a reset is not recorded.
  await turns(1);
  await work();
  await turns(2);
  histogram.disable();
  return histogram.max / 1e6;
}
