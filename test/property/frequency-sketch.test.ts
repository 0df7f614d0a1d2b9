import { describe, expect, it } from "vitest";
import { mixHash } from "../../src/foundation/hash.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { FrequencySketch } from "../../src/memory/eviction/frequency-sketch.ts";
import { ReferenceSketch } from "../support/reference-policies/reference-sketch.ts";

/** Counts hashes of a skewed load in both; how often they told different frequencies of a random hash. */
function differences(capacityCount: number, seed: number): number {
  const random = createSeededRandom(seed);
  const sketch = new FrequencySketch(capacityCount);
  const reference = new ReferenceSketch(capacityCount);
  const keyCount = 4 * capacityCount;
  let count = 0;
  for (let step = 0; step < 60 * capacityCount; step += 1) {
    const hash = mixHash(Math.floor(random.next() ** 3 * keyCount));
    sketch.increment(hash);
    reference.increment(hash);
    const other = mixHash(Math.floor(random.next() ** 2 * keyCount));
    if (sketch.frequency(other) !== reference.frequency(other)) count += 1;
  }
  sketch.checkInvariants();
  return count;
}

describe("FrequencySketch, which halves its counters step by step", () => {
  it.each([1, 7, 8, 9, 64, 100, 1_500])(
    "tells with capacity %i what one tells that halves all at once",
    (capacityCount) => {
      for (let seed = 1; seed <= 3; seed += 1) expect(differences(capacityCount, seed), `seed ${seed}`).toBe(0);
    },
  );
});
