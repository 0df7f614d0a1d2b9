import { types } from "node:util";
import { leafBytes } from "./leaf-estimate.ts";

/** Values with up to this many parts are visited completely; of larger ones this many parts are sampled. */
const EXACT_NODE_COUNT = 1_000;
/** Nested objects among a sample that are followed, each with its share of the budget. */
const MAX_FOLLOWED = 32;

const REFERENCE_BYTES = 8;
const ARRAY_HEADER_BYTES = 48;
const OBJECT_HEADER_BYTES = 32;
const TABLE_HEADER_BYTES = 80;
const SET_ENTRY_BYTES = 24;
const MAP_ENTRY_BYTES = 40;
/** A part that is referred to again costs nothing: its place in the parent is counted there. */
const SEEN_BYTES = 0;

/** A container's own bytes, its parts, and how many parts there are when not all are listed. */
interface Parts {
  readonly ownBytes: number;
  readonly listed: readonly unknown[];
  readonly count: number;
}

/**
 * Estimated memory of a value in bytes. Parts are followed through arrays, maps, sets and own enumerable properties; a part
 * that occurs twice counts once, so cycles end. Names of properties are not counted: objects of one shape share them.
 *
 * Above 1,000 parts the rest is extrapolated from about 1,000 that are spread evenly (for maps and sets: the first), so the
 * cost is bounded, except that an object's property names are listed whole. Deeper than 1,000 levels nothing is seen.
 */
export function estimateValueBytes(value: unknown): number {
  return leafBytes(value) ?? exactBytes(value as object) ?? sampledBytes(value as object, EXACT_NODE_COUNT);
}

/** Visits every part; `undefined` when there are too many. */
function exactBytes(root: object): number | undefined {
  const seen = new Set<object>([root]);
  const open: object[] = [root];
  let nodeCount = 1;
  let totalBytes = 0;
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    const parts = partsOf(container, EXACT_NODE_COUNT);
    nodeCount += parts.count;
    if (nodeCount > EXACT_NODE_COUNT) return undefined;
    totalBytes += parts.ownBytes;
    for (const part of parts.listed) totalBytes += leafBytes(part) ?? enqueue(part as object, seen, open);
  }
  return totalBytes;
}

function enqueue(part: object, seen: Set<object>, open: object[]): number {
  if (!seen.has(part)) {
    seen.add(part);
    open.push(part);
  }
  return SEEN_BYTES;
}

/**
 * Own bytes and an extrapolation from up to `budget` parts. The containers among them are followed up to
 * {@link MAX_FOLLOWED}, each with an equal share of the budget that is left, so the work is bounded and cycles end.
 */
function sampledBytes(container: object, budget: number): number {
  const parts = partsOf(container, Math.max(1, budget));
  if (parts.listed.length === 0) return parts.ownBytes;
  const nested: object[] = [];
  let leavesBytes = 0;
  for (const part of parts.listed) {
    const bytes = leafBytes(part);
    if (bytes === undefined) nested.push(part as object);
    else leavesBytes += bytes;
  }
  const budgetLeft = budget - parts.listed.length;
  // Under a wide level little is left; a few hundred more parts keep the estimate honest and the work bounded.
  const nestedBytes = nested.length === 0 ? 0 : sampleNested(nested, Math.max(budgetLeft, budget >> 1));
  return parts.ownBytes + ((leavesBytes + nestedBytes) * parts.count) / parts.listed.length;
}

function sampleNested(nested: readonly object[], budget: number): number {
  const followed = spread(nested, Math.min(MAX_FOLLOWED, Math.max(1, budget)));
  const share = Math.floor(budget / followed.length);
  if (share === 0) return nested.length * OBJECT_HEADER_BYTES;
  let bytes = 0;
  for (const part of followed) bytes += sampledBytes(part, share);
  return (bytes * nested.length) / followed.length;
}

function partsOf(container: object, limit: number): Parts {
  if (Array.isArray(container)) {
    const ownBytes = ARRAY_HEADER_BYTES + container.length * REFERENCE_BYTES;
    return { ownBytes, listed: spread(container, limit), count: container.length };
  }
  if (types.isMap(container)) return mapParts(container, limit);
  if (types.isSet(container)) {
    const ownBytes = TABLE_HEADER_BYTES + container.size * SET_ENTRY_BYTES;
    return { ownBytes, listed: firstOf(container, limit), count: container.size };
  }
  const names = Object.keys(container);
  const ownBytes = OBJECT_HEADER_BYTES + names.length * REFERENCE_BYTES;
  const listed = spread(names, limit).map((name) => dataProperty(container, name));
  return { ownBytes, listed, count: names.length };
}

function mapParts(map: Map<unknown, unknown>, limit: number): Parts {
  const listed: unknown[] = [];
  for (const [key, value] of map) {
    if (listed.length >= limit) break;
    listed.push(key, value);
  }
  return { ownBytes: TABLE_HEADER_BYTES + map.size * MAP_ENTRY_BYTES, listed, count: map.size * 2 };
}

/** A property's value, without running a getter. */
function dataProperty(container: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(container, name)?.value;
}

/** Up to `limit` elements, evenly spread. */
function spread<T>(items: readonly T[], limit: number): readonly T[] {
  if (items.length <= limit) return items;
  return Array.from({ length: limit }, (_, index) => items[Math.floor((index * items.length) / limit)] as T);
}

function firstOf(items: Iterable<unknown>, limit: number): unknown[] {
  const first: unknown[] = [];
  for (const item of items) {
    if (first.length >= limit) break;
    first.push(item);
  }
  return first;
}
