import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { capacityForRatio, defaultCapacities, findKnee } from "./curve-advice.ts";
import { FootprintCounter } from "./footprint.ts";
import { measureCurve } from "./hit-ratio-curve.ts";
import { chooseSampleRatio } from "./sample-ratio.ts";
import { SimulatedCache } from "./simulated-cache.ts";
import { openTrace, type Trace } from "./trace.ts";

const done = (): Promise<void> => Promise.resolve();

function traceOf(lines: readonly string[]): Promise<Trace> {
  const source = {
    name: "trace",
    lines: async function* () {
      yield lines;
    },
  };
  return openTrace(source, lines);
}

/** Keys whose popularity falls off as numbers drawn by Zipf's law. */
function zipfLines(requestCount: number, keyCount: number, seed: number): string[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: requestCount }, () => `key-${Math.floor(keyCount ** random.next())}`);
}

async function footprintOf(trace: Trace): Promise<ReturnType<FootprintCounter["footprint"]>> {
  const counter = new FootprintCounter();
  for await (const _ of trace.replay((key, size) => counter.add(key, size)));
  return counter.footprint();
}

/** Hits of a plain LRU cache, by a `Map` in the order of use. */
function lruHits(keys: readonly string[], capacity: number): number {
  const cache = new Map<string, true>();
  let hits = 0;
  for (const key of keys) {
    if (cache.delete(key)) hits += 1;
    else if (cache.size >= capacity) cache.delete(cache.keys().next().value as string);
    cache.set(key, true);
  }
  return hits;
}

describe("a simulated cache", () => {
  it("hits as often as plain LRU does, for every capacity", async () => {
    const lines = zipfLines(20_000, 2_000, 7);
    const trace = await traceOf(lines);
    const footprint = await footprintOf(trace);
    const capacities = [1, 10, 100, 1_000];
    const settings = {
      policy: "lru",
      capacities,
      unit: "entries",
      sampleRatio: 1,
      footprint,
      everything: 2_000,
    } as const;
    const { hitRatios } = await measureCurve(trace, settings, done);
    expect(hitRatios.map((ratio) => Math.round(ratio * lines.length))).toEqual(
      capacities.map((capacity) => lruHits(lines, capacity)),
    );
  });

  it("holds bytes, and never what is larger than itself", () => {
    const cache = new SimulatedCache("lru", 100, "bytes");
    for (const [key, size] of [
      ["a", 60],
      ["huge", 101],
      ["b", 40],
      ["a", 60],
      ["huge", 101],
      ["c", 1],
      ["b", 40],
    ] as const)
      cache.request(key, size);
    // c made room by ending b, the least recently used.
    expect([cache.hitCount, cache.hitBytes]).toEqual([1, 60]);
    cache.close();
  });

  it("gives about the same from a sample of the keys", async () => {
    const trace = await traceOf(zipfLines(200_000, 20_000, 3));
    const footprint = await footprintOf(trace);
    const settings = {
      policy: "w-lirs",
      capacities: [1_000, 4_000, 16_000],
      unit: "entries",
      footprint,
      everything: 20_000,
    } as const;
    const whole = await measureCurve(trace, { ...settings, sampleRatio: 1 }, done);
    const sampled = await measureCurve(trace, { ...settings, sampleRatio: 0.2 }, done);
    for (const [index, ratio] of whole.hitRatios.entries())
      expect(Math.abs((sampled.hitRatios[index] as number) - ratio)).toBeLessThan(0.015);
  });
});

describe("the footprint of a trace", () => {
  it("is exact for few keys, and near for many, whose hashes are not all remembered", () => {
    const few = new FootprintCounter();
    for (let index = 0; index < 3_000; index += 1) few.add(`k${index % 1_000}`, 10);
    expect(few.footprint()).toEqual({
      requestCount: 3_000,
      requestBytes: 30_000,
      distinctCount: 1_000,
      distinctBytes: 10_000,
    });
    const many = new FootprintCounter();
    for (let index = 0; index < 1_000_000; index += 1) many.add(`k${index}`, 2);
    const { distinctCount, distinctBytes } = many.footprint();
    expect(Math.abs(distinctCount / 1_000_000 - 1)).toBeLessThan(0.01);
    expect(Math.abs(distinctBytes / 2_000_000 - 1)).toBeLessThan(0.01);
  });

  it("says how much of it to simulate: all of a small one, more for small caches", () => {
    const footprint = { requestCount: 1e7, requestBytes: 1e9, distinctCount: 2e6, distinctBytes: 2e8 };
    expect(chooseSampleRatio({ ...footprint, distinctCount: 100_000 }, 10, "entries")).toBe(1);
    expect(chooseSampleRatio(footprint, 10_000, "entries")).toBe(0.1);
    expect(chooseSampleRatio(footprint, 1_000, "entries")).toBe(0.2);
    expect(chooseSampleRatio(footprint, 50_000, "bytes")).toBe(0.4);
  });
});

describe("advice on a curve", () => {
  it("chooses capacities from nearly nothing to everything", () => {
    expect(defaultCapacities(20_484)).toEqual([20, 61, 200, 410, 1_000, 2_000, 4_100, 8_200, 14_000, 20_484]);
    expect(defaultCapacities(3)).toEqual([3]);
    expect(defaultCapacities(50)).toEqual([10, 20, 35, 50]);
  });

  it("finds where doubling brings no more than a point, up to the end", () => {
    const sizes = [100, 200, 400, 800];
    expect(findKnee(sizes, [0.2, 0.5, 0.505, 0.51], 5_000)).toEqual({
      capacity: 200,
      hitRatio: 0.5,
      doublingGain: expect.closeTo(0.005, 6),
    });
    // A loop that fits at last: flat places before it count for nothing.
    expect(findKnee(sizes, [0, 0, 0, 0.9], 800)).toMatchObject({ capacity: 800, doublingGain: 0 });
    expect(findKnee(sizes, [0.2, 0.4, 0.6, 0.8], 5_000).capacity).toBeUndefined();
    expect(findKnee([100], [0.5], 5_000).capacity).toBeUndefined();
  });

  it("finds the capacity for a ratio between two that were measured", () => {
    expect(capacityForRatio([100, 400], [0.2, 0.6], 0.4)).toBe(200);
    expect(capacityForRatio([100, 400], [0.2, 0.6], 0.1)).toBe(100);
    expect(capacityForRatio([100, 400], [0.2, 0.6], 0.7)).toBeUndefined();
  });
});
