import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { CodecFault } from "../codec-fault.ts";
import { readText, writeText } from "./text-bytes.ts";

describe("text", () => {
  it.each(["", "a", "é語😀", "\u0000", "\ufeffmark", "x".repeat(5_000), "語".repeat(5_000)])(
    "%# is UTF-8 and comes back",
    (text) => {
      const target = Buffer.alloc(3 + text.length * 3);
      const written = writeText(target, text, 3, false);
      expect(target.subarray(3, 3 + written).equals(Buffer.from(text))).toBe(true);
      expect(readText(target, 3, 3 + written, false)).toBe(text);
      expect(readText(new Uint8Array(target), 3, 3 + written, false)).toBe(text);
    },
  );

  it("of ASCII is written and read a byte a character", () => {
    const target = Buffer.alloc(9, 0xee);
    expect(writeText(target, "abc", 2, true)).toBe(3);
    expect([...target]).toEqual([0xee, 0xee, 97, 98, 99, 0xee, 0xee, 0xee, 0xee]);
    expect(readText(target, 2, 5, true)).toBe("abc");
  });

  it.each([
    ["a byte that begins nothing", "ff"],
    ["a character cut off", "c3"],
    ["a lone surrogate", "eda080"],
    ["a character in too many bytes", "c0af"],
    ["one beyond Unicode", "f4908080"],
  ])("%s is no UTF-8", (_name, hex) => {
    const bytes = Buffer.concat([Buffer.from("a"), Buffer.from(hex, "hex"), Buffer.from("b")]);
    expect(() => readText(bytes, 0, bytes.length, false)).toThrow(CodecFault);
    expect(readText(bytes, 0, 1, false)).toBe("a");
  });
});
