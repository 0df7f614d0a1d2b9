import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredEntry } from "../../src/backend/stored-entry.ts";
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
/** What a write asks for, so that a newcomer that took a victim's slot is seen to have nothing of the victim's. */
interface Written {
  readonly value: unknown;
  readonly tags: readonly string[];
  readonly isMortal: boolean;
  readonly slidingTtlMs: number | undefined;
}

/** Keys of which all have the same sampled hash: a few of them make the index go over to the keyed one. */
const craftedKey = (index: number): string =>
  `${"a".repeat(33)}${index.toString(2).padStart(20, "0")}${"b".repeat(60)}`;
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

/** Not by `expect`: called some 100,000 times. */
function assertAsWritten(key: string, found: StoredEntry | undefined, expected: Written): void {
  if (found === undefined) return;
  const isSame =
    found.value === expected.value &&
    found.tags.join() === expected.tags.join() &&
    (found.expiresAt !== Infinity) === expected.isMortal &&
    found.slidingTtlMs === expected.slidingTtlMs;
  if (!isSame) throw new Error(`${key} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
}

describe.each(EVICTION_POLICY_NAMES)("memory store with bounds and policy %s", (evictionPolicy) => {
  it("holds its bounds after every operation, and returns the value written last or nothing", () => {
    fc.assert(
      fc.property(bounds, fc.boolean(), fc.array(step, { maxLength: 100, size: "max" }), (limits, isFlooded, steps) => {
        const time = createFakeTime();
        const written = new Map<string, Written>();
        let acceptedCount = 0;
        let leftCount = 0;
        let evictedCount = 0;
        const backend = createMemoryBackend(
          { ...limits, evictionPolicy, cleanupIntervalMs: 40, copy: false },
          {
            ...time,
            random: createSeededRandom(11),
            onRemoval: (key, cause) => {
              if (!written.has(key)) throw new Error(`${key} left and was never there`);
              leftCount += 1;
              if (cause === "evicted") evictedCount += 1;
            },
          },
        );
        const nameOf = isFlooded ? craftedKey : (index: number): string => `k${index}`;
        const keyOf = (index: number): string => (index % 3 === 0 ? `@shop:${nameOf(index)}` : nameOf(index));
        const run: Record<string, (key: string, size: number, index: number) => void> = {
          set(key, size, index) {
            const value = `${index}`.padEnd(size, "x");
            const ttlMs = index % 4 === 0 ? 100 : Infinity;
            const tags = index % 5 === 0 ? ["five"] : [];
            const slidingTtlMs = index % 8 === 0 ? 100 : undefined;
            const former = written.get(key);
            try {
              written.set(key, { value, tags, isMortal: ttlMs !== Infinity, slidingTtlMs });
              backend.set(key, { value, ttlMs, tags, slidingTtlMs });
              acceptedCount += 1;
            } catch (error) {
              if (former === undefined) written.delete(key);
              else written.set(key, former);
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
            const { value } = backend.increment("n", { delta: 1n, initial: 0n, ttlMs: Infinity, ...range });
            written.set("n", { value: Number(value), tags: [], isMortal: false, slidingTtlMs: undefined });
            acceptedCount += 1;
          },
        };
        for (const { kind, number: index, size } of steps) {
          run[kind]?.(keyOf(index), size, index);
          // Checks both bounds too, dead entries included.
          backend.checkInvariants();
          for (const [key, expected] of written) assertAsWritten(key, backend.inspect(key), expected);
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
