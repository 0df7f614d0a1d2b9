import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeCounts, readCounts, writeCounts } from "./fse-counts.ts";
import { huffmanTableBytes, writeHuffmanTable } from "./huffman-table.ts";
import {
  literalLengthCode,
  MAX_LITERAL_LENGTH_CODE,
  MAX_MATCH_LENGTH_CODE,
  matchLengthCode,
} from "./sequence-codes.ts";

const counts = fc
  .array(fc.oneof(fc.constant(0), fc.nat(10), fc.nat(100_000)), { minLength: 2, maxLength: 53 })
  .filter((list) => list.filter((count) => count > 0).length >= 2);

describe("normalized counts", () => {
  it("fill the table, and give every symbol that occurs a place", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 6, max: 9 }), fc.boolean(), (list, tableLog, hasRare) => {
        const normalized = normalizeCounts(list, tableLog, hasRare).counts;
        expect(normalized.reduce((sum, count) => sum + Math.abs(count), 0)).toBe(2 ** tableLog);
        for (const [symbol, count] of normalized.entries()) expect(count !== 0).toBe((list[symbol] as number) > 0);
        if (!hasRare) expect(Math.min(...normalized)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("read back as they were written", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 6, max: 9 }), fc.uint8Array({ maxLength: 4 }), (list, tableLog, tail) => {
        const normalized = normalizeCounts(list, tableLog, true);
        const bytes = writeCounts(normalized);
        const read = readCounts(Uint8Array.of(...bytes, ...tail), 9, 52);
        const last = normalized.counts.findLastIndex((count) => count !== 0);
        expect(read).toEqual({ tableLog, counts: normalized.counts.slice(0, last + 1), lengthBytes: bytes.length });
      }),
    );
  });

  it("are refused or read, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const read = readCounts(bytes, 9, 52);
        if (read === undefined) return;
        expect(read.counts.reduce((sum, count) => sum + Math.abs(count), 0)).toBe(2 ** read.tableLog);
        expect(read.lengthBytes).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("a Huffman table", () => {
  it("is as long as it says, for counts of every shape", () => {
    const shape = fc.oneof(
      fc.constant(Array.from({ length: 256 }, () => 1)),
      fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 256, maxLength: 256 }),
      fc.array(
        fc.integer({ min: 0, max: 30 }).map((bits) => 2 ** bits),
        { minLength: 256, maxLength: 256 },
      ),
    );
    fc.assert(
      fc.property(shape, (list) => {
        const bytes = writeHuffmanTable(list);
        expect(bytes.length).toBeLessThanOrEqual(128);
        expect(huffmanTableBytes(Uint8Array.of(...bytes, 1, 2, 3))).toBe(bytes.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe("codes of lengths", () => {
  // Of the tables of RFC 8878, section 3.1.1.3.2.1.1.
  it.each([
    [0, 0],
    [15, 15],
    [16, 16],
    [17, 16],
    [18, 17],
    [24, 20],
    [31, 21],
    [48, 24],
    [63, 24],
    [64, 25],
    [127, 25],
    [128, 26],
    [65_535, 34],
    [65_536, MAX_LITERAL_LENGTH_CODE],
  ])("of %i literals is %i", (length, code) => {
    expect(literalLengthCode(length)).toBe(code);
  });

  it.each([
    [3, 0],
    [34, 31],
    [35, 32],
    [36, 32],
    [43, 36],
    [47, 37],
    [99, 42],
    [130, 42],
    [131, 43],
    [258, 43],
    [259, 44],
    [65_538, 51],
    [65_539, MAX_MATCH_LENGTH_CODE],
  ])("of a match of %i bytes is %i", (length, code) => {
    expect(matchLengthCode(length)).toBe(code);
  });
});
