import { describe, expect, it } from "vitest";
import { sliceByBytes, sliceByCount } from "./batch-slices.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("batches", () => {
  it("are cut by their number, keep the order, and lose nothing", () => {
    expect(sliceByCount([])).toEqual([]);
    expect(sliceByCount(numbers(1_000)).map(({ length }) => length)).toEqual([1_000]);
    expect(sliceByCount(numbers(2_001)).map(({ length }) => length)).toEqual([1_000, 1_000, 1]);
    expect(sliceByCount(numbers(2_001)).flat()).toEqual(numbers(2_001));
  });

  it("are cut by their bytes, and one that alone is too large is a batch of its own", () => {
    const bytes = [3_000_000, 1_000_000, 500_000, 9_000_000, 10];
    expect(sliceByBytes(bytes, (one) => one)).toEqual([[3_000_000, 1_000_000], [500_000], [9_000_000], [10]]);
    expect(sliceByBytes(numbers(1_001), () => 1).map(({ length }) => length)).toEqual([1_000, 1]);
    expect(sliceByBytes([], () => 1)).toEqual([]);
  });
});
