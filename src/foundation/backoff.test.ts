import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";
import { createSeededRandom } from "./random-source.ts";

describe("the pause before an attempt", () => {
  it("is between the shortest and a ceiling that doubles up to the longest", () => {
    const random = createSeededRandom(7);
    const bounds = { minMs: 8, maxMs: 512 };
    for (let attempt = 0; attempt < 2_000; attempt += 1) {
      const pauseMs = backoffMs(attempt % 100, bounds, random);
      expect(pauseMs).toBeGreaterThanOrEqual(8);
      expect(pauseMs).toBeLessThanOrEqual(Math.min(512, 8 * 2 ** ((attempt % 100) + 1)));
    }
  });

  it("is spread, so that those who failed together do not come back together", () => {
    const random = createSeededRandom(7);
    const pauses = new Set(
      Array.from({ length: 100 }, () => Math.round(backoffMs(5, { minMs: 8, maxMs: 512 }, random))),
    );
    expect(pauses.size).toBeGreaterThan(50);
  });

  it("is none where none is asked for", () => {
    expect(backoffMs(9, { minMs: 0, maxMs: 0 }, createSeededRandom(1))).toBe(0);
  });
});
