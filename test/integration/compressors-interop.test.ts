import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CompressionPrograms, ensureCompressors } from "../../scripts/tools/ensure-compressors.ts";
import type { Compressor } from "../../src/codec/compressors/compressor.ts";
import { type CompressorName, createCompressor } from "../../src/codec/compressors/create-compressor.ts";
import { createDeflateDictionaryCompressor } from "../../src/codec/compressors/deflate-dictionary-compressor.ts";
import { createZstdDictionaryCompressor } from "../../src/codec/compressors/zstd-dictionary-compressor.ts";
import { blocksOf, frameHeader } from "../../src/codec/compressors/zstd-frame.ts";
import { type CompressionDictionary, parseDictionary } from "../../src/codec/dictionary/compression-dictionary.ts";
import { trainDictionary } from "../../src/codec/dictionary/train-dictionary.ts";
import { jsonRecords, SAMPLE_KINDS, smallValues } from "../support/compression/sample-values.ts";

// Missing programs fail the file with what to install; they are never skipped.
let programs: CompressionPrograms;
let directory: string;
beforeAll(() => {
  programs = ensureCompressors();
  directory = mkdtempSync(join(tmpdir(), "gocachex-interop-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function pipe(program: string, args: readonly string[], input: Uint8Array): Buffer {
  return execFileSync(program, args, { input, maxBuffer: 2 ** 28, stdio: ["pipe", "pipe", "pipe"] });
}

/** Frames of the `lz4` program (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md) around our block, and the other way. */
const LZ4_MAGIC = 0x184d2204;
const LZ4_CONTENT_SIZE_FLAG = 8;
const LZ4_STORED = 2 ** 31;

/** The first block of a frame; one that the program stored as it was becomes a block of literals. */
function blockOfLz4Frame(frame: Buffer): Uint8Array {
  const at = 7 + ((frame[4] as number) & LZ4_CONTENT_SIZE_FLAG ? 8 : 0);
  const size = frame.readUInt32LE(at);
  const block = frame.subarray(at + 4, at + 4 + (size % LZ4_STORED));
  if (size < LZ4_STORED) return block;
  const lengths = block.length < 15 ? [block.length << 4] : [0xf0, block.length - 15];
  expect(block.length).toBeLessThan(15 + 255);
  return Uint8Array.of(...lengths, ...block);
}

function lz4Frame(block: Uint8Array): Buffer {
  const head = Buffer.alloc(11);
  head.writeUInt32LE(LZ4_MAGIC, 0);
  // Version 1, blocks of their own; blocks of up to 4 MiB. 0x73 is the second byte of the xxHash32 of these two bytes.
  head.set([0x60, 0x70, 0x73], 4);
  head.writeUInt32LE(block.length, 7);
  return Buffer.concat([head, block, Buffer.alloc(4)]);
}

const PYTHON_SNAPPY = "import snappy, sys; sys.stdout.buffer.write(snappy.{}(sys.stdin.buffer.read()))";

/** What another implementation makes of bytes. */
interface Peer {
  readonly compress: (bytes: Uint8Array) => Uint8Array;
  readonly decompress: (bytes: Uint8Array) => Uint8Array;
}

const PEERS: Readonly<Record<CompressorName, Peer>> = {
  gzip: {
    compress: (bytes) => pipe(programs.gzip, ["-c"], bytes),
    decompress: (bytes) => pipe(programs.gzip, ["-dc"], bytes),
  },
  brotli: {
    // Its best quality, the default, would take five seconds for the largest value, and has been shown by the others.
    compress: (bytes) => pipe(programs.brotli, bytes.length > 2 ** 20 ? ["-c", "-q", "9"] : ["-c"], bytes),
    decompress: (bytes) => pipe(programs.brotli, ["-dc"], bytes),
  },
  zstd: {
    compress: (bytes) => pipe(programs.zstd, ["-qc"], bytes),
    decompress: (bytes) => pipe(programs.zstd, ["-qdc"], bytes),
  },
  lz4: {
    compress: (bytes) => {
      const block = blockOfLz4Frame(pipe(programs.lz4, ["-qcB7", "--no-frame-crc"], bytes));
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32LE(bytes.length);
      return Buffer.concat([prefix, block]);
    },
    decompress: (bytes) => pipe(programs.lz4, ["-qdc"], lz4Frame(bytes.subarray(4))),
  },
  snappy: {
    compress: (bytes) => pipe(programs.python, ["-c", PYTHON_SNAPPY.replace("{}", "compress")], bytes),
    decompress: (bytes) => pipe(programs.python, ["-c", PYTHON_SNAPPY.replace("{}", "decompress")], bytes),
  },
};

const SIZES = [1, 100, 255, 256, 65_791, 65_792, 3_000_000];

describe.each(Object.entries(PEERS))("%s", (name, peer) => {
  const compressor = createCompressor(name as CompressorName);
  beforeAll(() => compressor.load());

  it.each(SIZES)("exchanges %i bytes with another implementation, both ways", async (sizeBytes) => {
    const value = jsonRecords(sizeBytes);
    expect(Buffer.compare(peer.decompress(compressor.compressSync(value)), value)).toBe(0);
    expect(Buffer.compare(peer.decompress(await compressor.compress(value)), value)).toBe(0);
    const theirs = peer.compress(value);
    expect(Buffer.compare(compressor.decompressSync(theirs, sizeBytes), value)).toBe(0);
    expect(Buffer.compare(await compressor.decompress(theirs, sizeBytes), value)).toBe(0);
  });
});

describe("zstd frames of other shapes", () => {
  const zstd = createCompressor("zstd");
  beforeAll(() => zstd.load());

  it.each([
    ["with a checksum", ["-qc", "--check"]],
    ["without a length", ["-qc", "--no-content-size"]],
    ["of a large window", ["-qc", "--long=27"]],
  ])("are read %s", async (_, args) => {
    const value = jsonRecords(3_000_000);
    const frame = pipe(programs.zstd, args, value);
    expect(Buffer.compare(zstd.decompressSync(frame, value.length), value)).toBe(0);
    expect(Buffer.compare(await zstd.decompress(frame, value.length), value)).toBe(0);
  });
});

describe.each(SAMPLE_KINDS)("dictionaries for %s", (kind) => {
  const samples = smallValues(kind, 1_000, 5);
  const values = smallValues(kind, 20, 77);
  let ours: CompressionDictionary;
  let theirs: CompressionDictionary;
  beforeAll(() => {
    ours = trainDictionary(samples);
    for (const [index, sample] of samples.entries()) writeFileSync(join(directory, `${kind}-${index}`), sample);
    const files = samples.map((_, index) => join(directory, `${kind}-${index}`));
    const file = join(directory, `${kind}.theirs`);
    execFileSync(programs.zstd, ["-q", "--train", ...files, "--maxdict=16384", "-o", file], { stdio: "pipe" });
    theirs = parseDictionary(pipe("cat", [file], new Uint8Array()));
    writeFileSync(join(directory, `${kind}.ours`), ours.bytes);
  });

  it("of ours are taken by zstd -D, both ways", async () => {
    const file = join(directory, `${kind}.ours`);
    const compressor = createZstdDictionaryCompressor(ours);
    await compressor.load();
    // Frames one after the other are one file to the program, and it takes many files at once: to start it takes longer than its work.
    const frames = values.flatMap((value) => [frameHeader(value.length), compressor.compressSync(value)]);
    expect(
      Buffer.compare(pipe(programs.zstd, ["-qdc", "-D", file], Buffer.concat(frames)), Buffer.concat(values)),
    ).toBe(0);
    const names = values.map((_, index) => join(directory, `${kind}-value-${index}`));
    for (const [index, name] of names.entries()) writeFileSync(name, values[index] as Uint8Array);
    execFileSync(programs.zstd, ["-q", "--no-check", "-D", file, ...names], { stdio: "pipe" });
    for (const [index, name] of names.entries()) {
      const value = values[index] as Uint8Array;
      expect(
        Buffer.compare(compressor.decompressSync(blocksOf(readFileSync(`${name}.zst`)), value.length), value),
      ).toBe(0);
    }
  });

  it("of zstd --train are taken by both algorithms", async () => {
    for (const compressor of [createZstdDictionaryCompressor(theirs), createDeflateDictionaryCompressor(theirs)]) {
      await compressor.load();
      for (const value of values) {
        const read = compressor.decompressSync(compressor.compressSync(value), value.length);
        expect(Buffer.compare(read, value)).toBe(0);
      }
    }
  });

  it("compress at least 95 % as well as those of zstd --train, with both algorithms", async () => {
    const judged = smallValues(kind, 500, 4_711);
    const total = async (compressor: Compressor): Promise<number> => {
      await compressor.load();
      return judged.reduce((sum, value) => sum + compressor.compressSync(value).length, 0);
    };
    expect(
      (await total(createZstdDictionaryCompressor(theirs))) / (await total(createZstdDictionaryCompressor(ours))),
    ).toBeGreaterThan(0.95);
    expect(
      (await total(createDeflateDictionaryCompressor(theirs))) / (await total(createDeflateDictionaryCompressor(ours))),
    ).toBeGreaterThan(0.95);
  });
});
