import { describe, expect, it } from "vitest";
import { DURATION_BOUNDS_SECONDS, DurationHistogram } from "./duration-histogram.ts";

const ORIGIN = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

/** Durations in each bucket alone. */
function countsOf(histogram: DurationHistogram): readonly number[] {
  const sums = histogram.cumulativeCounts();
  return sums.map((sum, place) => sum - (sums[place - 1] ?? 0));
}

describe("a histogram of durations", () => {
  it("has bounds from a microsecond to ten seconds, each at most two and a half times the one before", () => {
    expect(DURATION_BOUNDS_SECONDS[0]).toBe(0.000001);
    expect(DURATION_BOUNDS_SECONDS.at(-1)).toBe(10);
    for (const [place, bound] of DURATION_BOUNDS_SECONDS.slice(1).entries()) {
      const ratio = bound / (DURATION_BOUNDS_SECONDS[place] as number);
      expect(ratio).toBeGreaterThan(1.9);
      expect(ratio).toBeLessThan(2.6);
    }
  });

  it("puts a duration on a bound into that bound's bucket, and one just above it into the next", () => {
    for (const [place, bound] of DURATION_BOUNDS_SECONDS.entries()) {
      const histogram = new DurationHistogram();
      // Ms that divide back into exactly the bound; where none does, the search must not be off by a whole bucket.
      histogram.observe(bound * 1_000 * (1 - 1e-9));
      histogram.observe(bound * 1_000 * (1 + 1e-9));
      const counts = countsOf(histogram);
      expect([counts[place], counts[place + 1]]).toEqual([1, 1]);
    }
    const exact = new DurationHistogram();
    exact.observe(1_000);
    expect(countsOf(exact)[DURATION_BOUNDS_SECONDS.indexOf(1)]).toBe(1);
  });

  it("counts what is longer than all bounds, and shows running sums", () => {
    const histogram = new DurationHistogram();
    for (const durationMs of [0.0005, 3, 60_000]) histogram.observe(durationMs);
    const sums = histogram.cumulativeCounts();
    expect(sums[0]).toBe(1);
    expect(sums.at(-2)).toBe(2);
    expect(sums.at(-1)).toBe(3);
    expect(histogram.sumSeconds).toBeCloseTo(60.0030005, 9);
  });

  it("keeps its sum when a clock gives nonsense", () => {
    const histogram = new DurationHistogram();
    for (const durationMs of [Number.NaN, -5, 2_000]) histogram.observe(durationMs);
    expect(histogram.sumSeconds).toBe(2);
    expect(histogram.cumulativeCounts().at(-1)).toBe(3);
  });

  it("remembers the last measurement with a trace of each bucket", () => {
    const histogram = new DurationHistogram();
    histogram.observe(3);
    histogram.observe(4, ORIGIN);
    const place = DURATION_BOUNDS_SECONDS.indexOf(0.005);
    expect(histogram.exemplarAt(place)).toMatchObject({ origin: ORIGIN, value: 0.004 });
    histogram.observe(4.5);
    expect(histogram.exemplarAt(place)).toMatchObject({ value: 0.004 });
    expect(histogram.exemplarAt(0)).toBeUndefined();
  });
});
