import { describe, expect, it } from "vitest";
import { importStorefront } from "./storefront-module.ts";

interface Histogram {
  readonly count: number;
  readonly maxMs: number;
  record(latencyMs: number): void;
  add(other: Histogram): void;
  reset(): void;
  percentileMs(ratio: number): number | undefined;
}

const { LatencyHistogram } = await importStorefront<{ LatencyHistogram: new () => Histogram }>("latency-histogram.mjs");
const { createSeededRandom } = await importStorefront<{ createSeededRandom(seed: number): () => number }>(
  "seeded-random.mjs",
);

describe("the latency histogram", () => {
  it("knows no percentile before the first latency", () => {
    expect(new LatencyHistogram().percentileMs(0.5)).toBeUndefined();
  });

  it("gives percentiles within 3.2 % over six orders of magnitude", () => {
    const random = createSeededRandom(11);
    const histogram = new LatencyHistogram();
    const latencies = Array.from({ length: 20_000 }, () => 10 ** (random() * 6 - 2));
    for (const latencyMs of latencies) histogram.record(latencyMs);
    latencies.sort((left, right) => left - right);
    for (const ratio of [0.01, 0.25, 0.5, 0.9, 0.99, 0.999]) {
      const exact = latencies[Math.ceil(ratio * latencies.length) - 1] as number;
      const measured = histogram.percentileMs(ratio) as number;
      // Half a µs more: the finest bucket is one µs wide.
      expect(Math.abs(measured - exact)).toBeLessThanOrEqual(exact * 0.032 + 0.0005);
    }
  });

  it("is monotonic at the borders of its buckets", () => {
    let last = 0;
    for (const us of [0, 1, 63, 64, 65, 127, 128, 255, 256, 1_023, 1_024, 65_535, 65_536, 1_000_000]) {
      const histogram = new LatencyHistogram();
      histogram.record(us / 1_000);
      histogram.record(60_000);
      const middle = histogram.percentileMs(0.5) as number;
      expect(middle).toBeGreaterThanOrEqual(last);
      expect(Math.abs(middle - us / 1_000)).toBeLessThanOrEqual((us / 1_000) * 0.032 + 0.001);
      last = middle;
    }
  });

  it("adds up with another one, keeps the exact maximum, and forgets all on reset", () => {
    const left = new LatencyHistogram();
    const right = new LatencyHistogram();
    for (let index = 0; index < 90; index += 1) left.record(1);
    for (let index = 0; index < 10; index += 1) right.record(123.456);
    left.add(right);
    expect(left.count).toBe(100);
    expect(left.maxMs).toBe(123.456);
    expect(left.percentileMs(0.9)).toBeCloseTo(1, 1);
    expect(left.percentileMs(0.91)).toBeGreaterThan(119);
    expect(left.percentileMs(1)).toBeLessThanOrEqual(123.456);
    left.reset();
    expect([left.count, left.maxMs, left.percentileMs(0.5)]).toEqual([0, 0, undefined]);
  });

  it("takes negative and endless latencies without breaking", () => {
    const histogram = new LatencyHistogram();
    histogram.record(-1);
    histogram.record(10 ** 9);
    expect(histogram.count).toBe(2);
    expect(histogram.percentileMs(0.5)).toBe(0.0005);
  });
});
