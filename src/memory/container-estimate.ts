const WORD_BYTES = 8;
const OBJECT_HEADER_BYTES = 24;
/** `{}` has room for four properties. */
const EMPTY_OBJECT_BYTES = OBJECT_HEADER_BYTES + 4 * WORD_BYTES;
const ARRAY_HEADER_BYTES = 32;
const ELEMENTS_HEADER_BYTES = 16;
/** Object and table of a hash table of properties. */
const DICTIONARY_HEADER_BYTES = 88;
/** Name, value and details. */
const DICTIONARY_PLACE_BYTES = 24;
const COLLECTION_HEADER_BYTES = 72;
/** Key, value, chain, and half a bucket. */
const MAP_PLACE_BYTES = 28;
const SET_PLACE_BYTES = 20;
const LEAST_CAPACITY = 4;
const ERROR_STACK_BYTES = 440;

/**
 * Objects with more properties are taken for hash tables whose names are their own. V8 keeps up to 127 or more in an object with a shape that
 * others share, or gives that up after 16, by how they were added; which of both cannot be seen. So few objects of one shape are that wide.
 */
export const MAX_SHAPED_COUNT = 64;

/**
 * An object of so many own properties without their values, in bytes: as a literal, `JSON.parse` or a constructor makes it. Its shape and
 * the names in it are shared by all objects made alike, and free.
 */
export function recordBytes(propertyCount: number): number {
  if (propertyCount === 0) return EMPTY_OBJECT_BYTES;
  if (propertyCount > MAX_SHAPED_COUNT) return dictionaryBytes(propertyCount);
  return OBJECT_HEADER_BYTES + propertyCount * WORD_BYTES;
}

/** An object that keeps its properties in a hash table, without the names and values, in bytes. */
export function dictionaryBytes(propertyCount: number): number {
  return DICTIONARY_HEADER_BYTES + DICTIONARY_PLACE_BYTES * capacityFor(propertyCount + (propertyCount >> 1));
}

/** An array of so many places, in bytes. What `push` keeps in reserve, up to half as many again, cannot be seen. */
export function arrayBytes(length: number): number {
  return length === 0 ? ARRAY_HEADER_BYTES : ARRAY_HEADER_BYTES + ELEMENTS_HEADER_BYTES + length * WORD_BYTES;
}

/** A `Map` without its keys and values, in bytes: its table has room for a power of two. */
export function mapBytes(size: number): number {
  return COLLECTION_HEADER_BYTES + MAP_PLACE_BYTES * capacityFor(size);
}

/** A `Set` without its members, in bytes. */
export function setBytes(size: number): number {
  return COLLECTION_HEADER_BYTES + SET_PLACE_BYTES * capacityFor(size);
}

/** An error besides message, cause and own enumerable properties, in bytes: the object and the frames it remembers. */
export function errorBytes(propertyCount: number): number {
  return ERROR_STACK_BYTES + propertyCount * WORD_BYTES;
}

function capacityFor(count: number): number {
  return count <= LEAST_CAPACITY ? LEAST_CAPACITY : 2 ** (32 - Math.clz32(count - 1));
}
