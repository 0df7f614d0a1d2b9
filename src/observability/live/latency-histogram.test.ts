import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

function recorded(durationsMs: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const durationMs of durationsMs) histogram.record(durationMs);
  return histogram;
}

describe("a latency histogram", () => {
  it("says nothing of nothing", () => {
    expect(new LatencyHistogram().summary()).toBeUndefined();
  });

  it("is at most 1.6 % off, from microseconds to minutes, and exact in its maximum", () => {
    const random = createSeededRandom(7);
    const durationsMs = Array.from({ length: 20_000 }, () => 0.04 * 10 ** (random.next() * 7));
    const sorted = durationsMs.toSorted((a, b) => a - b);
    const summary = recorded(durationsMs).summary();
    for (const [percentile, ratio] of [
      ["p50Ms", 0.5],
      ["p95Ms", 0.95],
      ["p99Ms", 0.99],
    ] as const) {
      const exactMs = sorted[Math.ceil(ratio * sorted.length) - 1] as number;
      expect(Math.abs((summary?.[percentile] ?? 0) - exactMs) / exactMs).toBeLessThan(0.02);
    }
    expect([summary?.count, summary?.maxMs]).toEqual([20_000, sorted.at(-1)]);
  });

  it("never says more than the longest, nor fails with what is no duration", () => {
    // The middle of its bucket is 99.3.
    expect(recorded([98.4]).summary()).toEqual({ count: 1, p50Ms: 98.4, p95Ms: 98.4, p99Ms: 98.4, maxMs: 98.4 });
    const odd = recorded([-1, Number.NaN, 0, Number.MAX_SAFE_INTEGER]);
    expect(odd.summary()).toMatchObject({ count: 4, p50Ms: 0 });
  });

  it("takes out what it held, which another adds to its own", () => {
    const first = recorded([1, 2, 3]);
    const second = recorded([50, 60, 70, 80]);
    const taken = first.drain();
    expect(first.summary()).toBeUndefined();
    second.add(taken);
    expect(second.summary()).toEqual(recorded([1, 2, 3, 50, 60, 70, 80]).summary());
  });
});
