import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SAMPLE_KINDS, smallValues } from "../../../test/support/compression/sample-values.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { createDictionaryCompressor } from "../compressors/create-compressor.ts";
import { parseDictionary } from "./compression-dictionary.ts";
import { measureDictionary } from "./dictionary-gain.ts";
import { countDmers, selectContent } from "./fast-cover.ts";
import { joinSamples, takeSamples } from "./sample-corpus.ts";
import { DEFAULT_DICTIONARY_BYTES, trainDictionary } from "./train-dictionary.ts";

describe("trainDictionary", () => {
  it("makes JSON records take a third and less of what they take alone", async () => {
    const dictionary = trainDictionary(smallValues("json", 800));
    const [gzip, zstd] = await measureDictionary(dictionary, smallValues("json", 500, 4_711));
    expect(gzip).toMatchObject({ algorithm: "gzip" });
    expect(gzip?.ratioWith).toBeGreaterThan(3);
    expect(zstd?.ratioWith).toBeGreaterThan(2.2);
    expect(gzip?.ratioWithout).toBeLessThan(1.3);
  });

  it.each(SAMPLE_KINDS)("makes a dictionary of %s that reads back, within its size", (kind) => {
    for (const sizeBytes of [512, DEFAULT_DICTIONARY_BYTES]) {
      const dictionary = trainDictionary(smallValues(kind, 150), { sizeBytes });
      expect(dictionary.bytes.length).toBeLessThanOrEqual(sizeBytes);
      expect(parseDictionary(dictionary.bytes)).toEqual(dictionary);
    }
  });

  it("makes the same dictionary of the same samples, and another of others", () => {
    const id = (seed: number): number => trainDictionary(smallValues("json", 200, seed)).id;
    expect(id(1)).toBe(id(1));
    expect(id(1)).not.toBe(id(2));
  });

  it("takes samples of every byte, of one byte value only, and of very unequal lengths", async () => {
    const everyByte = Array.from({ length: 40 }, (_, index) =>
      Uint8Array.from({ length: 600 }, (_unused, at) => (at + (index % 3)) & 255),
    );
    const oneByte = Array.from({ length: 40 }, () => new Uint8Array(100));
    const unequal = [...smallValues("log", 30), new Uint8Array(Buffer.concat(smallValues("log", 3_000)))];
    for (const samples of [everyByte, oneByte, unequal]) {
      const dictionary = trainDictionary(samples);
      for (const name of ["gzip", "zstd"] as const) {
        const compressor = createDictionaryCompressor(name, dictionary) as Compressor;
        await compressor.load();
        const value = samples[0] as Uint8Array;
        expect(Buffer.compare(compressor.decompressSync(compressor.compressSync(value), value.length), value)).toBe(0);
      }
    }
  });

  it("puts what is worth most at the end, where deflate sees it", () => {
    const [often, seldom] = ["this text is in every sample", "AND THAT ONE IN FEW OF THEM!"];
    const samples = Array.from({ length: 200 }, (_, index) =>
      Buffer.from(`${index}|${index % 20 === 0 ? seldom : ""}|${index * 7_919}|${often}|${index * 104_729}`),
    );
    const content = Buffer.from(selectContent(countDmers(joinSamples(samples), 6), 1_000, 27));
    expect(content.indexOf("ONE IN FEW")).toBeGreaterThanOrEqual(0);
    expect(content.indexOf("in every sam")).toBeGreaterThan(content.indexOf("ONE IN FEW"));
    expect(content.indexOf("in every sam")).toBeGreaterThan(content.length - 100);
  });

  it.each([
    [[], "there are 0"],
    [smallValues("json", 9), "there are 9"],
    [Array.from({ length: 50 }, () => Uint8Array.of(1, 2, 3)), "there are 0"],
    [Array.from({ length: 50 }, () => randomBytes(64)), "nothing in common"],
  ])("refuses samples that are too few or of no use (%#)", (samples, words) => {
    expect(() => trainDictionary(samples)).toThrow(words);
  });

  it.each([511, 2 ** 20 + 1, 1_000.5, Number.NaN])("refuses a size of %d bytes", (sizeBytes) => {
    expect(() => trainDictionary(smallValues("json", 100), { sizeBytes })).toThrow("from 512 to 1048576");
  });

  it("looks at an even part of many samples", () => {
    const many = Array.from({ length: 10_000 }, (_, index) => new Uint8Array(1_000).fill(index >> 8));
    const taken = takeSamples(many, 200_000);
    expect(taken).toHaveLength(200);
    expect(taken.map(([first]) => first)).toEqual(Array.from({ length: 200 }, (_, index) => (index * 50) >> 8));
    expect(takeSamples(many, 1e9)).toHaveLength(10_000);
    expect(takeSamples([...many, new Uint8Array(1e6)], 1e9).at(-1)).toHaveLength(131_072);
  });
});
