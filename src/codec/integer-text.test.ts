import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeInteger, encodeInteger } from "./integer-text.ts";

const textOf = (value: unknown): string | undefined => encodeInteger(value)?.toString();
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

describe("integers as text", () => {
  it.each([
    [0, "0"],
    [-1, "-1"],
    [MAX_SAFE, "9007199254740991"],
    [-MAX_SAFE, "-9007199254740991"],
    [2n ** 53n, "9007199254740992"],
    [-(2n ** 53n), "-9007199254740992"],
    [2n ** 63n - 1n, "9223372036854775807"],
    [-(2n ** 63n), "-9223372036854775808"],
  ])("%s is written as a store counts it, and read back of the same type", (value, text) => {
    expect(textOf(value)).toBe(text);
    expect(decodeInteger(Buffer.from(text))).toBe(value);
  });

  it.each([
    -0,
    0.5,
    2 ** 53,
    -(2 ** 53),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    0n,
    5n,
    BigInt(MAX_SAFE),
    BigInt(-MAX_SAFE),
  ])("%s is none: it would come back as something else", (value) => {
    expect(textOf(value)).toBe(undefined);
  });

  it.each([2n ** 63n, -(2n ** 63n) - 1n, 10n ** 40n, "5", true, null, undefined, new Date(5), Object(5), [5]])(
    "%s is none: no store counts it",
    (value) => {
      expect(textOf(value)).toBe(undefined);
    },
  );

  it.each([
    ...["", "-", "--1", "+1", "01", "-01", "00", "-0", " 1", "1 ", "1.0", "1e3", "0x1", "1n", "1\n", "١"],
    ...["9223372036854775808", "-9223372036854775809", "99999999999999999999", "100000000000000000000", "1".repeat(21)],
  ])("the text %j is no integer of a store", (text) => {
    expect(decodeInteger(Buffer.from(text))).toBe(undefined);
  });

  it("any integer of 64 bits has one text, and any such text one number", () => {
    const property = fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (integer) => {
      const value = decodeInteger(Buffer.from(integer.toString()));
      const isSafe = integer >= BigInt(-MAX_SAFE) && integer <= BigInt(MAX_SAFE);
      expect(value).toBe(isSafe ? Number(integer) : integer);
      expect(textOf(value)).toBe(integer.toString());
    });
    fc.assert(property, { numRuns: 500, seed: 7 });
  });

  it("is read from the middle of a chunk", () => {
    const chunk = Buffer.from("$3\r\n-42\r\n99999999999999999");
    expect(decodeInteger(chunk.subarray(4, 7))).toBe(-42);
    expect(decodeInteger(chunk.subarray(9))).toBe(99999999999999999n);
  });
});
