import { describe, expect, it } from "vitest";
import { formatByteSize, parseByteSize } from "./byte-size.ts";

describe("byte sizes", () => {
  it.each([
    ["512", 512],
    ["100MB", 104_857_600],
    ["100mb", 104_857_600],
    ["1.5 GiB", 1_610_612_736],
    ["1k", 1_024],
    ["0.5b", 0],
  ])("reads %j as %d bytes", (text, expected) => {
    expect(parseByteSize(text)).toBe(expected);
  });

  it.each(["", "MB", "-1MB", "1XB", "1 0MB", "1e3"])("does not take %j for a size", (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  });

  it.each([
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_536, "1.5 KB"],
    [104_857_600, "100 MB"],
    [Number.POSITIVE_INFINITY, "unlimited"],
  ])("writes %d as %j", (sizeBytes, expected) => {
    expect(formatByteSize(sizeBytes)).toBe(expected);
  });
});
