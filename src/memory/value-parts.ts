import { types } from "node:util";

const REFERENCE_BYTES = 8;
const ARRAY_HEADER_BYTES = 48;
const OBJECT_HEADER_BYTES = 32;
const TABLE_HEADER_BYTES = 80;
const SET_ENTRY_BYTES = 24;
const MAP_ENTRY_BYTES = 40;
/** Objects with more properties keep them in a hash table: V8 gives up a common shape at 12 to 1,020, by how they were added. */
const MAX_SHAPED_COUNT = 128;
/** A property in such a table besides its value: name, details, and the table's slack. */
const TABLE_PROPERTY_BYTES = 40;
/** Names of objects with up to this many properties cost nothing: many objects of one shape share them. */
const MAX_SHARED_NAMES_COUNT = 16;

/** Elements that stand next to each other in a sample; see {@link sampleIndices}. */
export const RUN_LENGTH = 8;

/** A container's own bytes and its parts. */
export interface ValueParts {
  readonly ownBytes: number;
  /** The parts, or as many of them as were asked for. */
  readonly listed: readonly unknown[];
  /** Names of listed properties that may belong to this object alone. */
  readonly names: readonly string[];
  /** How many parts there are. */
  readonly count: number;
}

const NO_NAMES: readonly string[] = [];

/**
 * Looks into an array, `Map`, `Set` or any other object without running its code.
 *
 * @param limit how many parts to list; of maps and sets the first, of others see {@link sampleIndices}. O(limit), but an
 * object's property names are listed whole
 */
export function partsOf(container: object, limit: number, shift: number): ValueParts {
  if (Array.isArray(container)) {
    const ownBytes = ARRAY_HEADER_BYTES + container.length * REFERENCE_BYTES;
    const listed = sample(container, limit, shift);
    return { ownBytes, listed, names: NO_NAMES, count: container.length };
  }
  if (types.isMap(container)) return mapParts(container, limit);
  if (types.isSet(container)) return setParts(container, limit);
  const all = Object.keys(container);
  const names = sample(all, limit, shift);
  const propertyBytes = REFERENCE_BYTES + (all.length > MAX_SHAPED_COUNT ? TABLE_PROPERTY_BYTES : 0);
  return {
    ownBytes: OBJECT_HEADER_BYTES + all.length * propertyBytes,
    listed: names.map((name) => dataProperty(container, name)),
    names: all.length > MAX_SHARED_NAMES_COUNT ? names : NO_NAMES,
    count: all.length,
  };
}

/**
 * Up to `limit` items in runs of {@link RUN_LENGTH} neighbours that are evenly spread, for neighbours show what they share and whether
 * they refer to each other; all of them when there are no more.
 *
 * @param shift moves the sample round, so that samples of similar containers do not all see the same places
 */
export function sample<T>(items: readonly T[], limit: number, shift: number): readonly T[] {
  const { length } = items;
  if (length <= limit) return items;
  const runLength = Math.min(RUN_LENGTH, limit);
  const runCount = Math.floor(limit / runLength);
  return Array.from({ length: runCount * runLength }, (_, position) => {
    const start = Math.floor((Math.floor(position / runLength) * length) / runCount);
    return items[(start + (position % runLength) + shift) % length] as T;
  });
}

function mapParts(map: ReadonlyMap<unknown, unknown>, limit: number): ValueParts {
  const listed: unknown[] = [];
  for (const [key, value] of map) {
    if (listed.length >= limit) break;
    listed.push(key, value);
  }
  const ownBytes = TABLE_HEADER_BYTES + map.size * MAP_ENTRY_BYTES;
  return { ownBytes, listed, names: NO_NAMES, count: map.size * 2 };
}

function setParts(set: ReadonlySet<unknown>, limit: number): ValueParts {
  const listed: unknown[] = [];
  for (const part of set) {
    if (listed.length >= limit) break;
    listed.push(part);
  }
  return { ownBytes: TABLE_HEADER_BYTES + set.size * SET_ENTRY_BYTES, listed, names: NO_NAMES, count: set.size };
}

/** A property's value, without running a getter. */
function dataProperty(container: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(container, name)?.value;
}
