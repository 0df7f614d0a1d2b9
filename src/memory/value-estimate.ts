import { viewBytes } from "./built-in-estimate.ts";
import { ExactWalk } from "./exact-walk.ts";
import { leafBytes } from "./leaf-estimate.ts";
import { ValueSample } from "./value-sample.ts";

const walk = new ExactWalk();

/**
 * Estimated memory of a value in whole bytes, the same for the same value. Parts are followed through arrays, maps, sets and own enumerable
 * properties; a part that occurs twice counts once, so cycles end. No code of the value runs: accessors count as a property
 * without a value, proxies are not looked into.
 *
 * Large values are extrapolated from a sample of their parts ({@link ValueSample}): above 600 parts when a container of more than 64 is
 * among theirs, else above 5,000. So the cost is bounded, some 0.1 to 0.3 ms, except that the names of an object are listed whole.
 * `docs/design/memory-weights.md` has the rules and how far from the heap they are.
 */
export function estimateValueBytes(value: unknown): number {
  const bytes = leafBytes(value);
  if (bytes >= 0) return bytes;
  if (ArrayBuffer.isView(value)) return viewBytes(value);
  const exactBytes = walk.measure(value as object);
  return exactBytes >= 0 ? exactBytes : Math.ceil(new ValueSample().estimate(value as object));
}
