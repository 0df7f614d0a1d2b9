import { describe, expect, it } from "vitest";
import { importStorefront } from "./storefront-module.ts";

interface Histogram {
  readonly count: number;
}
interface Series {
  readonly whole: Histogram;
  recent(nowMs: number): Histogram;
}
interface TrafficRecord {
  readonly cached: Series;
  readonly hits: Series;
  readonly uncached: Series;
  readonly requestCount: number;
  cachedRequest(nowMs: number, latencyMs: number, isHit: boolean): void;
  uncachedRequest(nowMs: number, latencyMs: number): void;
  forgetLatencies(): void;
  throughputCurve(nowMs: number): number[];
}

const { TrafficRecord } = await importStorefront<{ TrafficRecord: new () => TrafficRecord }>("traffic-record.mjs");
const { WarmUp } = await importStorefront<{
  WarmUp: new () => { isOver: boolean; update(elapsedMs: number): boolean };
}>("warm-up.mjs");

describe("the record of the traffic", () => {
  it("looks at the last ten seconds and at everything", () => {
    const record = new TrafficRecord();
    for (let second = 0; second < 20; second += 1) record.cachedRequest(second * 1_000, 5, second % 2 === 0);
    expect([record.cached.whole.count, record.hits.whole.count]).toEqual([20, 10]);
    expect([record.cached.recent(19_500).count, record.hits.recent(19_500).count]).toEqual([10, 5]);
  });

  it("forgets the latencies of the warm-up, recent ones too, but no request", () => {
    const record = new TrafficRecord();
    record.cachedRequest(500, 100, true);
    record.uncachedRequest(500, 100);
    record.forgetLatencies();
    for (const series of [record.cached, record.hits, record.uncached]) {
      expect([series.whole.count, series.recent(900).count]).toEqual([0, 0]);
    }
    record.cachedRequest(900, 1, false);
    expect([record.cached.whole.count, record.cached.recent(900).count]).toEqual([1, 1]);
    expect(record.requestCount).toBe(2);
    expect(record.throughputCurve(1_000)).toEqual([2]);
  });
});

describe("the warm-up", () => {
  it("is over after five seconds, and says so once", () => {
    const warmUp = new WarmUp();
    expect([warmUp.update(4_999), warmUp.isOver]).toEqual([false, false]);
    expect([warmUp.update(5_000), warmUp.isOver]).toEqual([true, true]);
    expect(warmUp.update(5_001)).toBe(false);
  });
});
