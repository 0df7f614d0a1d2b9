/**
 * Draws ranks whose popularity falls as Zipf's law says: rank r comes with a probability proportional to
 * 1 / (r + 1)^exponent. Web traffic is close to this, with exponents between 0.7 and 1.1.
 *
 * The cumulated weights are summed once, O(count) time and memory; a draw is a binary search, O(log count).
 *
 * @param {{ count: number, exponent: number, random: () => number }} options
 *   `count`: how many ranks, at least 1; `exponent`: 0 is uniform, above 0 prefers low ranks; `random`: numbers in 0 ≤ x < 1
 * @returns {() => number} draws a rank, 0 (the most popular) to `count - 1`
 * @throws {RangeError} for a count that is no positive integer or an exponent that is negative or not finite
 */
export function createZipfSampler({ count, exponent, random }) {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`count must be a positive integer; got ${count}.`);
  if (!(Number.isFinite(exponent) && exponent >= 0)) throw new RangeError(`exponent must be ≥ 0; got ${exponent}.`);
  const cumulated = new Float64Array(count);
  let total = 0;
  for (let rank = 0; rank < count; rank += 1) {
    total += (rank + 1) ** -exponent;
    cumulated[rank] = total;
  }
  return () => firstAbove(cumulated, random() * total);
}

/** Index of the first element greater than `target`; the last index when rounding left none. */
function firstAbove(sorted, target) {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] > target) high = middle;
    else low = middle + 1;
  }
  return low;
}
