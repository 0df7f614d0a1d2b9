import { leafBytes, stringBytes } from "./leaf-estimate.ts";
import { partsOf } from "./value-parts.ts";
import { ValueSample } from "./value-sample.ts";

/** Values with up to this many parts are visited completely; larger ones are sampled. */
const EXACT_NODE_COUNT = 1_000;
/** A part that is referred to again costs nothing: its place in the parent is counted there. */
const SEEN_BYTES = 0;

/**
 * Estimated memory of a value in bytes, maybe with a fraction. Parts are followed through arrays, maps, sets and own enumerable
 * properties; a part that occurs twice counts once, so cycles end. Names of properties count, each once, in objects with more than
 * 16 of them: smaller ones are of few shapes, which share the names.
 *
 * Above 1,000 parts the rest is extrapolated from some 4,000 (see {@link ValueSample}), so the cost is bounded, except that an object's
 * property names are listed whole. Deeper than some 2,000 levels nothing is seen.
 */
export function estimateValueBytes(value: unknown): number {
  return leafBytes(value) ?? exactBytes(value as object) ?? new ValueSample().estimate(value as object);
}

/** Visits every part; `undefined` when there are too many. */
function exactBytes(root: object): number | undefined {
  const seen = new Set<object | string>([root]);
  const open: object[] = [root];
  let nodeCount = 1;
  let totalBytes = 0;
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    const parts = partsOf(container, EXACT_NODE_COUNT, 0);
    nodeCount += parts.count;
    if (nodeCount > EXACT_NODE_COUNT) return undefined;
    totalBytes += parts.ownBytes;
    for (const part of parts.listed) totalBytes += leafBytes(part) ?? enqueue(part as object, seen, open);
    for (const name of parts.names) {
      if (!seen.has(name)) totalBytes += stringBytes(name);
      seen.add(name);
    }
  }
  return totalBytes;
}

function enqueue(part: object, seen: Set<object | string>, open: object[]): number {
  if (!seen.has(part)) {
    seen.add(part);
    open.push(part);
  }
  return SEEN_BYTES;
}
