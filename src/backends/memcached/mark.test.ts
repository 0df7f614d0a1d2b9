import { describe, expect, it } from "vitest";
import { combineMarks, createMark, isSameMark, NO_MARK, readMark, writeMark } from "./mark.ts";
import { reservedKey } from "./reserved-key.ts";

describe("marks", () => {
  it("are never twice the same, and never the one that stands for none", () => {
    const marks = Array.from({ length: 10_000 }, createMark);
    expect(new Set(marks.map(({ high, low }) => `${high} ${low}`)).size).toBe(marks.length);
    expect(marks.some((mark) => isSameMark(mark, NO_MARK))).toBe(false);
  });

  it("read back from their bytes", () => {
    const bytes = Buffer.alloc(10);
    const mark = { high: 0xffffffff, low: 0x80000001 };
    writeMark(bytes, 1, mark);
    expect(readMark(bytes, 1)).toEqual(mark);
  });

  it("together change when one of them does", () => {
    const [one, two, other] = [createMark(), createMark(), createMark()];
    expect(isSameMark(combineMarks(one, two), combineMarks(two, one))).toBe(true);
    expect(isSameMark(combineMarks(one, two), combineMarks(one, other))).toBe(false);
    expect(combineMarks(one, two).high).toBeGreaterThanOrEqual(0);
  });
});

describe("keys of the library's own", () => {
  it("begin with a byte that no text has, and tell kinds and texts apart", () => {
    const keys = [
      reservedKey("n", "a"),
      reservedKey("t", "a"),
      reservedKey("n", "b"),
      reservedKey("n", ""),
      reservedKey("t", "\ud800"),
      reservedKey("t", "\ufffd"),
    ];
    expect(new Set(keys.map(({ text }) => text)).size).toBe(keys.length);
    for (const { text, isBase64 } of keys) {
      expect([isBase64, text.length, Buffer.from(text, "base64")[0]]).toEqual([true, 32, 0xfc]);
    }
  });
});
