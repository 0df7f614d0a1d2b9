import { describe, expect, it } from "vitest";
import { hashString } from "./hash.ts";

describe("hashString", () => {
  it("never changes: what it gives out may be stored or shared between processes", () => {
    expect(["", "a", "user:1", "ключ", "😀", "k".repeat(1_000)].map(hashString)).toMatchInlineSnapshot(`
      [
        2872998923,
        444641715,
        1763983599,
        3185335672,
        1787143206,
        2921626700,
      ]
    `);
  });

  it("spreads similar keys evenly", () => {
    const buckets = new Array<number>(64).fill(0);
    for (let index = 0; index < 64_000; index += 1) {
      const bucket = hashString(`user:${index}`) % 64;
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    // Five standard deviations of a fair spread (1,000 each, sigma about 31).
    expect(Math.max(...buckets)).toBeLessThan(1_160);
    expect(Math.min(...buckets)).toBeGreaterThan(840);
  });
});
