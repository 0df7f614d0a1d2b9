import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

describe("durations", () => {
  it.each([
    ["0", 0],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["5m", 300_000],
    ["1h30m0s", 5_400_000],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["100us", 0.1],
    ["100µs", 0.1],
    ["500ns", 0.0005],
    [".5h", 1_800_000],
    [" 1s ", 1_000],
  ])("reads %j as %d ms", (text, expected) => {
    expect(parseDuration(text)).toBeCloseTo(expected, 9);
  });

  it.each(["", " ", "5", "5 m", "m", "-5m", "5x", "1h 30m", "1e3ms", "Infinity", "5mm", "1..5s"])(
    "does not take %j for a duration",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it("writes what it reads back equal", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (durationMs) => {
        expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
      }),
    );
    expect(formatDuration(5_400_000)).toBe("1h30m");
    expect(formatDuration(0.25)).toBe("0.25ms");
    expect(formatDuration(Number.POSITIVE_INFINITY)).toBe("Infinity");
  });
});
