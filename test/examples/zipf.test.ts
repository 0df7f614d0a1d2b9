import { describe, expect, it } from "vitest";
import { importStorefront } from "./storefront-module.ts";

const { createZipfSampler } = await importStorefront<{
  createZipfSampler(options: { count: number; exponent: number; random: () => number }): () => number;
}>("zipf.mjs");
const { createSeededRandom, shuffledIds } = await importStorefront<{
  createSeededRandom(seed: number): () => number;
  shuffledIds(count: number, random: () => number): Uint32Array;
}>("seeded-random.mjs");

describe("the Zipf sampler", () => {
  it("draws each rank as often as the law says", () => {
    const count = 1_000;
    const draws = 200_000;
    const draw = createZipfSampler({ count, exponent: 1, random: createSeededRandom(1) });
    const seen = new Uint32Array(count);
    for (let index = 0; index < draws; index += 1) {
      const rank = draw();
      seen[rank] = (seen[rank] as number) + 1;
    }
    const total = Array.from({ length: count }, (_, rank) => 1 / (rank + 1)).reduce((sum, weight) => sum + weight, 0);
    for (const rank of [0, 1, 9]) {
      const expected = draws / (rank + 1) / total;
      expect(Math.abs((seen[rank] as number) - expected) / expected).toBeLessThan(0.05);
    }
    expect(seen[count - 1]).toBeLessThan(60);
  });

  it("is uniform with exponent 0", () => {
    const draw = createZipfSampler({ count: 4, exponent: 0, random: createSeededRandom(2) });
    const seen = [0, 0, 0, 0];
    for (let index = 0; index < 40_000; index += 1) {
      const rank = draw();
      seen[rank] = (seen[rank] as number) + 1;
    }
    for (const count of seen) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it("reaches the first and the last rank and nothing beyond", () => {
    const drawWith = (value: number): number => createZipfSampler({ count: 5, exponent: 1, random: () => value })();
    expect(drawWith(0)).toBe(0);
    expect(drawWith(1 - 2 ** -32)).toBe(4);
  });

  it.each([
    { count: 0, exponent: 1 },
    { count: 1.5, exponent: 1 },
    { count: 3, exponent: -1 },
    { count: 3, exponent: Number.NaN },
  ])("refuses %o", (options) => {
    expect(() => createZipfSampler({ ...options, random: () => 0 })).toThrow(RangeError);
  });
});

describe("the seeded random source", () => {
  it("repeats itself with the same seed and differs with another", () => {
    const first = (seed: number): number[] => {
      const random = createSeededRandom(seed);
      return Array.from({ length: 5 }, () => random());
    };
    expect(first(7)).toEqual(first(7));
    expect(first(7)).not.toEqual(first(8));
  });

  it("shuffles every id into some place, exactly once", () => {
    const ids = [...shuffledIds(500, createSeededRandom(3))];
    expect(ids).not.toEqual([...ids].sort((left, right) => left - right));
    expect(new Set(ids).size).toBe(500);
    expect(Math.min(...ids)).toBe(1);
    expect(Math.max(...ids)).toBe(500);
  });
});
