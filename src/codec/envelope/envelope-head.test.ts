import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecFault } from "../codec-fault.ts";
import { headBytesOf, readHead, writeHead } from "./envelope-head.ts";

const head = { kind: 5, isAscii: false, hasMetadata: false, isEncrypted: false, compression: undefined };

function hexOf(fields: Partial<Parameters<typeof writeHead>[2]>): string {
  const target = Buffer.alloc(40, 0xee);
  const end = writeHead(target, 3, { ...head, ...fields });
  expect(end - 3).toBe(headBytesOf(fields.compression));
  return target.subarray(3, end).toString("hex");
}

const reasonOf = (hex: string): string => {
  try {
    readHead(Buffer.from(hex, "hex"));
  } catch (error) {
    if (error instanceof CodecFault) return error.reason;
  }
  return "none";
};

describe("a head", () => {
  it("is four bytes: magic, format, kind, flags", () => {
    expect(hexOf({})).toBe("c1a10500");
    expect(hexOf({ kind: 31, isAscii: true })).toBe("c1a11f08");
    expect(hexOf({ hasMetadata: true, isEncrypted: true })).toBe("c1a10506");
  });

  it("has the compressor, the raw length and, for those that take one, the dictionary's id behind", () => {
    expect(hexOf({ compression: { compressorId: 1, rawBytes: 300, dictionaryId: undefined } })).toBe("c1a1050101ac02");
    const withDictionary = { compressorId: 7, rawBytes: 1, dictionaryId: 0x89abcdef };
    expect(hexOf({ compression: withDictionary })).toBe("c1a105010701efcdab89");
  });

  it("comes back, whatever it says", () => {
    const compression = fc.oneof(
      fc.constant(undefined),
      fc.record({
        compressorId: fc.integer({ min: 1, max: 5 }),
        rawBytes: fc.maxSafeNat(),
        dictionaryId: fc.constant(undefined),
      }),
      fc.record({
        compressorId: fc.constantFrom(6, 7),
        rawBytes: fc.maxSafeNat(),
        dictionaryId: fc.nat({ max: 2 ** 32 - 1 }),
      }),
    );
    const fields = fc.record({
      kind: fc.nat({ max: 255 }),
      isAscii: fc.boolean(),
      hasMetadata: fc.boolean(),
      isEncrypted: fc.boolean(),
      compression,
    });
    const property = fc.property(fields, (written) => {
      const target = Buffer.alloc(headBytesOf(written.compression) + 5, 0xee);
      writeHead(target, 0, written);
      expect(readHead(target)).toEqual({ ...written, headBytes: target.length - 5 });
    });
    fc.assert(property, { numRuns: 300, seed: 7 });
  });

  it.each([
    ["c1", "foreign"],
    ["c1a0", "foreign"],
    ["c1b1", "foreign"],
    ["c1a2", "newer-format"],
    ["c1af", "newer-format"],
    ["c1a1", "damaged"],
    ["c1a105", "damaged"],
    ["c1a10510", "newer-format"],
    ["c1a10580", "newer-format"],
    ["c1a10501", "damaged"],
    ["c1a1050100", "unknown-compressor"],
    ["c1a1050108", "unknown-compressor"],
    ["c1a1050101", "malformed"],
    ["c1a105010180", "malformed"],
    ["c1a105010701efcdab", "damaged"],
    ["c1a105010701efcdab89", "none"],
    ["c1a10500", "none"],
  ])("%s: %s", (hex, reason) => {
    expect(reasonOf(hex)).toBe(reason);
  });
});
