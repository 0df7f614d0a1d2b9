import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EntryTooLargeError } from "../../src/foundation/errors.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { EVICTION_POLICY_NAMES } from "../../src/memory/eviction/eviction-policies.ts";
import { createMemoryBackend } from "../../src/memory/memory-backend.ts";
import { createFakeTime } from "../../src/testing/fake-clock.ts";

const number = fc.integer({ min: 0, max: 30 });
const bounds = fc.record({
  maxKeys: fc.constantFrom(1, 2, 7, Infinity),
  maxSizeBytes: fc.constantFrom(700, 2_000, 5_000, Infinity),
});
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("set"), number, size: fc.constantFrom(0, 1, 50, 300, 900, 3_000) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("get"), number, size: fc.constant(0) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("delete", "invalidate", "clear", "advance", "increment"),
      number,
      size: fc.constant(0),
    }),
  },
);

describe.each(EVICTION_POLICY_NAMES)("memory store with bounds and policy %s", (evictionPolicy) => {
  it("holds its bounds after every operation, and returns the value written last or nothing", () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 100, size: "max" }), (limits, steps) => {
        const time = createFakeTime();
        const written = new Map<string, unknown>();
        let acceptedCount = 0;
        let leftCount = 0;
        let evictedCount = 0;
        const backend = createMemoryBackend(
          { ...limits, evictionPolicy, cleanupIntervalMs: 40, copy: false },
          {
            ...time,
            random: createSeededRandom(11),
            onRemoval: (_, cause) => {
              leftCount += 1;
              if (cause === "evicted") evictedCount += 1;
            },
          },
        );
        const keyOf = (index: number): string => (index % 3 === 0 ? `@shop:k${index}` : `k${index}`);
        const run: Record<string, (key: string, size: number, index: number) => void> = {
          set(key, size, index) {
            const value = `${index}`.padEnd(size, "x");
            const ttlMs = index % 4 === 0 ? 100 : Infinity;
            try {
              backend.set(key, { value, ttlMs, tags: index % 5 === 0 ? ["five"] : [] });
              acceptedCount += 1;
              written.set(key, value);
            } catch (error) {
              expect(error).toBeInstanceOf(EntryTooLargeError);
            }
          },
          get: (key) => void backend.get(key),
          delete: (key) => void backend.delete(key),
          invalidate: () => backend.invalidateTags(["five"]),
          clear: () => backend.clear("shop"),
          advance: () => time.advance(30),
          increment: () => {
            const range = { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n };
            written.set(
              "n",
              Number(backend.increment("n", { delta: 1n, initial: 0n, ttlMs: Infinity, ...range }).value),
            );
            acceptedCount += 1;
          },
        };
        for (const { kind, number: index, size } of steps) {
          run[kind]?.(keyOf(index), size, index);
          // Checks both bounds too, dead entries included.
          backend.checkInvariants();
          for (const [key, value] of written) {
            const found = backend.peek(key);
            // Not by expect: called some 100,000 times.
            if (found !== undefined && found !== value) throw new Error(`${key} is ${String(found)}`);
          }
        }
        backend.invalidateTags(["five"]);
        time.advance(200);
        expect(leftCount, "everything that left was reported once").toBe(
          acceptedCount - (backend.usage("").keyCount ?? 0),
        );
        expect(backend.usage("").evictions).toBe(evictedCount);
      }),
      { numRuns: 40 },
    );
  });
});
