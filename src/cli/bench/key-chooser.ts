import type { RandomSource } from "../../foundation/random-source.ts";

/** How often keys are asked for: all alike, or a few of them most of the time, as people do. */
export type KeyDistribution = "zipf" | "uniform";

/** All distributions, for messages; the default first. */
export const KEY_DISTRIBUTIONS: readonly KeyDistribution[] = ["zipf", "uniform"];

/** Of Zipf's law: what traffic of the web was found to be near, and what other benchmarks take. */
const ZIPF_EXPONENT = 0.99;

/**
 * Chooses keys, as numbers from 0.
 *
 * With `zipf`, the key of rank r (from 1) comes with a probability proportional to 1 / r ^ 0.99. Drawn from the sums of the probabilities: 8 bytes a key, O(log keys) a draw.
 */
export function createKeyChooser(distribution: KeyDistribution, keyCount: number, random: RandomSource): () => number {
  if (distribution === "uniform") return () => Math.floor(random.next() * keyCount);
  const sums = new Float64Array(keyCount);
  let total = 0;
  for (let rank = 0; rank < keyCount; rank += 1) {
    total += (rank + 1) ** -ZIPF_EXPONENT;
    sums[rank] = total;
  }
  return () => {
    const drawn = random.next() * total;
    let low = 0;
    let high = keyCount - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
