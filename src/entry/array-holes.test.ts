import process from "node:process";
import { describe, expect, it } from "vitest";
import { growByHoles } from "./array-holes.ts";

describe("growByHoles", () => {
  it("adds holes and keeps what is there", () => {
    const array: unknown[] = ["a"];
    growByHoles(array, 5);
    expect(array.length).toBe(5);
    expect(Object.keys(array)).toEqual(["0"]);
    growByHoles(array, 2);
    expect(array.length).toBe(5);
  });

  it("takes no memory for them", () => {
    const before = process.memoryUsage().heapUsed;
    const arrays = Array.from({ length: 20 }, (): unknown[] => []);
    for (const array of arrays) growByHoles(array, 30_000_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
    expect(arrays.every((array) => array.length === 30_000_000 && !(29_999_999 in array))).toBe(true);
  });
});
