import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createKeyChooser } from "./key-chooser.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

describe("the latency histogram", () => {
  it("tells percentiles within a hundredth of the sorted latencies, from tenths of microseconds to minutes", () => {
    const random = createSeededRandom(5);
    const histogram = new LatencyHistogram();
    const latencies = Array.from({ length: 20_000 }, () => 10 ** (random.next() * 9 - 4));
    for (const latencyMs of latencies) histogram.record(latencyMs);
    latencies.sort((a, b) => a - b);
    for (const ratio of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = latencies[Math.max(1, Math.ceil(ratio * latencies.length)) - 1] as number;
      expect(Math.abs(histogram.percentileMs(ratio) / exact - 1), `ratio ${ratio}`).toBeLessThan(0.01);
    }
    expect(histogram.maxMs).toBe(latencies.at(-1));
    expect(histogram.meanMs).toBeCloseTo(latencies.reduce((sum, each) => sum + each) / latencies.length, 6);
  });

  it("puts every latency into a bucket that it is in, at the borders of buckets too", () => {
    for (let bits = 0; bits < 41; bits += 1) {
      for (const ns of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        const histogram = new LatencyHistogram();
        histogram.record(ns / 1e6);
        histogram.record(Number.MAX_VALUE);
        const seenNs = histogram.percentileMs(0.5) * 1e6;
        const isBeyond = ns >= 2 ** 40;
        if (!isBeyond) expect(Math.abs(seenNs - ns), `${ns} ns`).toBeLessThanOrEqual(Math.max(1, ns / 128));
      }
    }
  });

  it("adds another, takes a negative latency for none, and is 0 when it is empty", () => {
    const one = new LatencyHistogram();
    expect([one.percentileMs(0.99), one.meanMs, one.maxMs]).toEqual([0, 0, 0]);
    const other = new LatencyHistogram();
    other.record(-1);
    other.record(5);
    one.add(other);
    one.add(other);
    expect([one.count, one.maxMs, one.percentileMs(0.5)]).toEqual([4, 5, 0]);
  });
});

describe("the choice of keys", () => {
  it("is even with uniform, and with zipf the first key comes twice as often as the second", () => {
    const draws = 200_000;
    const countsOf = (distribution: "zipf" | "uniform"): number[] => {
      const next = createKeyChooser(distribution, 100, createSeededRandom(9));
      const counts = new Array<number>(100).fill(0);
      for (let index = 0; index < draws; index += 1) {
        const key = next();
        counts[key] = (counts[key] as number) + 1;
      }
      return counts;
    };
    expect(Math.max(...countsOf("uniform")) / Math.min(...countsOf("uniform"))).toBeLessThan(1.3);
    const zipf = countsOf("zipf");
    expect((zipf[0] as number) / (zipf[1] as number)).toBeCloseTo(2 ** 0.99, 1);
    expect(zipf.every((count) => count > 0)).toBe(true);
  });
});
