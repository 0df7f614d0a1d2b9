import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecFault } from "../codec-fault.ts";
import { readVarint, varintBytes, writeVarint } from "./varint.ts";

const read = (bytes: Uint8Array, end: number = bytes.length): number => readVarint({ bytes, at: 0, end });

describe("a varint", () => {
  it.each([
    [0, "00"],
    [127, "7f"],
    [128, "8001"],
    [300, "ac02"],
    [16_383, "ff7f"],
    [16_384, "808001"],
    [2 ** 31, "8080808008"],
    [2 ** 32, "8080808010"],
    [2 ** 53 - 1, "ffffffffffffff0f"],
  ])("of %i has seven bits a byte, the lowest first", (value, hex) => {
    const target = Buffer.alloc(10);
    const end = writeVarint(target, 1, value);
    expect(target.subarray(1, end).toString("hex")).toBe(hex);
    expect(varintBytes(value)).toBe(hex.length / 2);
    expect(read(Buffer.from(hex, "hex"))).toBe(value);
  });

  it("comes back, whatever it is, and the cursor stands behind it", () => {
    const property = fc.property(fc.maxSafeNat(), (value) => {
      const target = Buffer.alloc(12, 0xee);
      const end = writeVarint(target, 2, value);
      const cursor = { bytes: target, at: 2, end: 12 };
      expect(readVarint(cursor)).toBe(value);
      expect(cursor.at).toBe(end);
      expect(end).toBe(2 + varintBytes(value));
    });
    fc.assert(property, { numRuns: 300, seed: 7 });
  });

  it.each(["", "80", "ff", "8000", "ff00", "80808000", "ffffffffffffff10", "ffffffffffffffff01", "8080808080808080"])(
    "%j is none: cut off, with a second form, or beyond 2^53",
    (hex) => {
      expect(() => read(Buffer.from(hex, "hex"))).toThrow(expect.objectContaining({ reason: "malformed" }));
      expect(() => read(Buffer.from(hex, "hex"))).toThrow(CodecFault);
    },
  );

  it("is not read past the end that the cursor has", () => {
    expect(() => read(Buffer.from("8001", "hex"), 1)).toThrow(CodecFault);
  });
});
