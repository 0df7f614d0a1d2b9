import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { createMemoryBackend } from "../../src/memory/memory-backend.ts";
import { createFakeTime } from "../../src/testing/fake-clock.ts";

/** Values of which most are large enough to be extrapolated, to numbers with a fraction. */
const value = fc
  .record({ rows: fc.integer({ min: 0, max: 3_000 }), width: fc.integer({ min: 0, max: 9 }) })
  .map(({ rows, width }) =>
    Array.from({ length: rows }, (_, index) => ({
      index,
      text: "x".repeat(index % 37),
      list: new Array(width).fill(0.5),
    })),
  );

describe("the weights of a memory store", () => {
  it("are whole bytes that add up, and are nothing when everything was deleted", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 12 }), (values) => {
        const backend = createMemoryBackend(
          { maxSizeBytes: Infinity, maxKeys: 5, evictionPolicy: "lru", cleanupIntervalMs: 60_000, copy: false },
          { ...createFakeTime(), random: createSeededRandom(1), onRemoval: () => undefined },
        );
        for (const [index, each] of values.entries()) {
          backend.set(`@shop/eu:k${index % 7}`, { value: each, ttlMs: Infinity, tags: [] });
          backend.checkInvariants();
          expect(Number.isInteger(backend.usage("").memoryUsageBytes)).toBe(true);
        }
        for (const index of values.keys()) backend.delete(`@shop/eu:k${index % 7}`);
        expect(backend.usage("")).toMatchObject({ keyCount: 0, memoryUsageBytes: 0 });
      }),
      { numRuns: 25 },
    );
  });
});
