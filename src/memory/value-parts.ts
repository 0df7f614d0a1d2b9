import { builtInBytes } from "./built-in-estimate.ts";
import {
  arrayBytes,
  dictionaryBytes,
  errorBytes,
  MAX_SHAPED_COUNT,
  mapBytes,
  recordBytes,
  setBytes,
} from "./container-estimate.ts";
import {
  ARRAY,
  type ContainerKind,
  containerKindOf,
  DICTIONARY,
  ERROR,
  FOREIGN_ARRAY,
  MAP,
  OPAQUE,
  SET,
} from "./container-kind.ts";
import { isSmallInteger, NUMBER_BOX_BYTES } from "./leaf-estimate.ts";
import { dataProperty, element, keysOfMap, membersOfSet, sizeOfMap, sizeOfSet, valuesOfMap } from "./safe-read.ts";

/** Elements that stand next to each other in a sample; see {@link sampleIndices}. */
export const RUN_LENGTH = 8;

/** A container's own bytes and some of its parts. */
export interface ValueParts {
  /** Bytes of the container itself and, in an array of numbers only, minus those of the boxes that it does without. */
  readonly ownBytes: number;
  /** The parts, or as many of them as were asked for. */
  readonly listed: readonly unknown[];
  /** Names of listed properties that may belong to this object alone. */
  readonly names: readonly string[];
  /** How many parts there are. */
  readonly count: number;
}

const NO_NAMES: readonly string[] = [];
const NO_PARTS: readonly unknown[] = [];

/**
 * Looks into an array, `Map`, `Set` or any other object without running its code.
 *
 * @param limit how many parts to list; of maps and sets the first, of others see {@link sampleIndices}. O(limit), but an
 * object's property names are listed whole
 */
export function partsOf(container: object, limit: number, shift: number): ValueParts {
  const kind = containerKindOf(container);
  if (kind === ARRAY || kind === FOREIGN_ARRAY) return arrayParts(container as unknown[], kind, limit, shift);
  if (kind === MAP) return mapParts(container, limit);
  if (kind === SET) {
    const count = sizeOfSet(container);
    return { ownBytes: setBytes(count), listed: taken(membersOfSet(container), limit), names: NO_NAMES, count };
  }
  if (kind === OPAQUE) return { ownBytes: builtInBytes(container), listed: NO_PARTS, names: NO_NAMES, count: 0 };
  return objectParts(container, kind, limit, shift);
}

function objectParts(container: object, kind: ContainerKind, limit: number, shift: number): ValueParts {
  const all = Object.keys(container);
  const count = all.length;
  const names = sample(all, limit, shift);
  return {
    ownBytes: kind === ERROR ? errorBytes(count) : kind === DICTIONARY ? dictionaryBytes(count) : recordBytes(count),
    listed: names.map((name) => dataProperty(container, name)),
    names: kind !== DICTIONARY && count > MAX_SHAPED_COUNT ? names : NO_NAMES,
    count,
  };
}

function arrayParts(array: readonly unknown[], kind: ContainerKind, limit: number, shift: number): ValueParts {
  const { length } = array;
  const read = kind === ARRAY ? element : dataProperty;
  const listed = sampleIndices(length, limit, shift).map((index) => read(array, index));
  return { ownBytes: arrayBytes(length) - savedBytes(listed, length), listed, names: NO_NAMES, count: length };
}

/** What an array of nothing but numbers saves: they need no boxes. */
function savedBytes(listed: readonly unknown[], length: number): number {
  let boxedCount = 0;
  for (const part of listed) {
    if (typeof part !== "number") return 0;
    if (!isSmallInteger(part)) boxedCount += 1;
  }
  return boxedCount === 0 ? 0 : (NUMBER_BOX_BYTES * boxedCount * length) / listed.length;
}

function mapParts(map: object, limit: number): ValueParts {
  const size = sizeOfMap(map);
  const half = Math.ceil(limit / 2);
  const listed = [...taken(keysOfMap(map), half), ...taken(valuesOfMap(map), half)];
  return { ownBytes: mapBytes(size), listed, names: NO_NAMES, count: size * 2 };
}

function taken(parts: Iterator<unknown>, limit: number): unknown[] {
  const listed: unknown[] = [];
  for (let next = parts.next(); next.done !== true && listed.length < limit; next = parts.next())
    listed.push(next.value);
  return listed;
}

/**
 * Up to `limit` indices in runs of {@link RUN_LENGTH} neighbours that are evenly spread, for neighbours show what they share and whether
 * they refer to each other; all of them when there are no more.
 *
 * @param shift moves the sample round, so that samples of similar containers do not all see the same places
 */
function sampleIndices(length: number, limit: number, shift: number): number[] {
  if (length <= limit) return Array.from({ length }, (_, index) => index);
  const runLength = Math.min(RUN_LENGTH, limit);
  const runCount = Math.floor(limit / runLength);
  return Array.from({ length: runCount * runLength }, (_, position) => {
    const start = Math.floor((Math.floor(position / runLength) * length) / runCount);
    return (start + (position % runLength) + shift) % length;
  });
}

/** Up to `limit` items of a list of our own, chosen as {@link sampleIndices} does. */
export function sample<T>(items: readonly T[], limit: number, shift: number): readonly T[] {
  if (items.length <= limit) return items;
  return sampleIndices(items.length, limit, shift).map((index) => items[index] as T);
}
