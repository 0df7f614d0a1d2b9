import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { jsonRecords, smallValues } from "../../../test/support/compression/sample-values.ts";
import { DependencyError, InvalidArgumentError } from "../../foundation/errors.ts";
import { trainDictionary } from "../dictionary/train-dictionary.ts";
import { COMPRESSION_LEVELS, levelProblem } from "./compression-level.ts";
import {
  COMPRESSOR_NAMES,
  type CompressorName,
  compressorKindOf,
  createCompressor,
  createDictionaryCompressor,
} from "./create-compressor.ts";
import { createLz4Compressor } from "./lz4-compressor.ts";
import { createSnappyCompressor } from "./snappy-compressor.ts";
import { createZstdCompressor } from "./zstd-compressor.ts";
import { createZstdDictionaryCompressor } from "./zstd-dictionary-compressor.ts";

const DICTIONARY = trainDictionary(smallValues("json", 300), { sizeBytes: 4_096 });

describe("ids", () => {
  it("never change", () => {
    const ids = COMPRESSOR_NAMES.map((name) => [
      name,
      createCompressor(name).id,
      createDictionaryCompressor(name, DICTIONARY)?.id,
    ]);
    expect(ids).toEqual([
      ["gzip", 1, 6],
      ["brotli", 2, undefined],
      ["zstd", 3, 7],
      ["lz4", 4, undefined],
      ["snappy", 5, undefined],
    ]);
  });

  it("lead back to the algorithm", () => {
    expect(Array.from({ length: 9 }, (_, id) => compressorKindOf(id))).toEqual([
      undefined,
      { name: "gzip", hasDictionary: false },
      { name: "brotli", hasDictionary: false },
      { name: "zstd", hasDictionary: false },
      { name: "lz4", hasDictionary: false },
      { name: "snappy", hasDictionary: false },
      { name: "gzip", hasDictionary: true },
      { name: "zstd", hasDictionary: true },
      undefined,
    ]);
  });

  it("of dictionaries stand beside them", () => {
    expect(createDictionaryCompressor("gzip", DICTIONARY)?.dictionaryId).toBe(DICTIONARY.id);
    expect(createDictionaryCompressor("zstd", DICTIONARY)?.dictionaryId).toBe(DICTIONARY.id);
    expect(createCompressor("gzip").dictionaryId).toBeUndefined();
  });
});

describe("levels", () => {
  it.each(COMPRESSOR_NAMES)("of %s are checked", (name) => {
    const range = COMPRESSION_LEVELS[name];
    const isTaken = (level: number): boolean => levelProblem(name, level) === undefined;
    if (range === undefined) {
      expect(levelProblem(name, 1)).toContain("has no levels");
      expect(() => createCompressor(name, { level: 1 })).toThrow(InvalidArgumentError);
      return;
    }
    expect([range.min - 1, range.min, range.default, range.max, range.max + 1, 1.5].map(isTaken)).toEqual([
      ...[false, true, true, true, false, false],
    ]);
    expect(levelProblem(name, "3")).toContain(`from ${range.min} to ${range.max} (default: ${range.default})`);
    expect(() => createCompressor(name, { level: range.max + 1 })).toThrow(InvalidArgumentError);
  });

  it.each([
    ["gzip", 1, 9],
    ["brotli", 1, 9],
    ["zstd", 1, 9],
  ] as const)("of %s do something", async (name, low, high) => {
    const value = jsonRecords(100_000);
    const sizeAt = async (level: number): Promise<number> => {
      const compressor = createCompressor(name, { level });
      await compressor.load();
      return compressor.compressSync(value).length;
    };
    expect(await sizeAt(high)).toBeLessThan((await sizeAt(low)) * 0.9);
  });

  it("that block for long go to a thread from the first byte on", () => {
    const from = (name: CompressorName, level: number): number =>
      createCompressor(name, { level }).asyncFromBytes.compress;
    expect(from("zstd", 19)).toBe(0);
    expect(from("zstd", 9)).toBeLessThan(from("zstd", 3));
    expect(from("brotli", 11)).toBeLessThanOrEqual(500);
  });
});

describe("packages", () => {
  const importer = (module: unknown) => () => Promise.resolve(module);
  const missing = (): Promise<unknown> => Promise.reject(new Error("Cannot find package"));

  it("are taken with named exports, with a default export, and with both", async () => {
    const lz4 = { ...((await import("lz4-napi")) as object) };
    const named = Object.fromEntries(Object.entries(lz4).filter(([name]) => name !== "default"));
    for (const module of [named, { default: named }, lz4]) {
      const compressor = createLz4Compressor({}, importer(module));
      await compressor.load();
      expect(compressor.decompressSync(compressor.compressSync(Uint8Array.of(1, 2, 3)), 3)).toHaveLength(3);
    }
  });

  it("of another interface are reported like missing ones", async () => {
    for (const load of [missing, importer({ default: { compressSync: 1 } })]) {
      for (const compressor of [createLz4Compressor({}, load), createSnappyCompressor({}, load)]) {
        const loading = compressor.load();
        await expect(loading).rejects.toBeInstanceOf(DependencyError);
        await expect(loading).rejects.toThrow(/npm install "(lz4-napi|snappy)@/);
        expect(compressor.isLoaded).toBe(false);
      }
    }
  });

  it("are tried again after a failure, and loaded once after success", async () => {
    let isThere = false;
    let loadCount = 0;
    const compressor = createSnappyCompressor({}, async () => {
      loadCount += 1;
      if (!isThere) throw new Error("not yet");
      return import("snappy");
    });
    await expect(compressor.load()).rejects.toBeInstanceOf(DependencyError);
    isThere = true;
    await Promise.all([compressor.load(), compressor.load()]);
    await compressor.load();
    expect(loadCount).toBe(2);
  });

  it("are needed for zstd only where the platform has none", async () => {
    const noZstd = { platform: {}, importPackage: missing };
    const plain = createZstdCompressor({}, noZstd);
    await expect(plain.load()).rejects.toThrow("on Node.js before 22.15, needs the package @toondepauw/node-zstd");
    const withDictionary = createZstdDictionaryCompressor(DICTIONARY, {}, noZstd);
    await expect(withDictionary.load()).rejects.toThrow("22.19");
    if (!("zstdCompressSync" in zlib)) return;
    const platformOnly = createZstdCompressor({}, { platform: zlib, importPackage: missing });
    await platformOnly.load();
    expect(platformOnly.isLoaded).toBe(true);
  });

  // The platform has zstd from Node.js 22.15 on.
  it("read what the platform's zstd wrote, and the reverse", async (context) => {
    if (!("zstdCompressSync" in zlib)) context.skip("the platform has no zstd: Node.js before 22.15");
    const importPackage = (): Promise<unknown> => import("@toondepauw/node-zstd");
    const sources = [
      { platform: zlib, importPackage },
      { platform: {}, importPackage },
    ];
    for (const create of [
      (source: (typeof sources)[number]) => createZstdCompressor({}, source),
      (source: (typeof sources)[number]) => createZstdDictionaryCompressor(DICTIONARY, {}, source),
    ]) {
      const [platform, library] = sources.map(create) as [ReturnType<typeof create>, ReturnType<typeof create>];
      await Promise.all([platform.load(), library.load()]);
      for (const sizeBytes of [0, 1, 200, 70_000, 3_000_000]) {
        const value = jsonRecords(sizeBytes);
        for (const [writer, reader] of [
          [platform, library],
          [library, platform],
        ] as const)
          expect(Buffer.compare(reader.decompressSync(writer.compressSync(value), sizeBytes), value)).toBe(0);
      }
    }
  });
});
