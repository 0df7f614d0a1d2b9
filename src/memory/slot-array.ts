/** The typed arrays that hold one number per slot. */
export type SlotArray = Uint8Array | Int32Array | Uint32Array | Float64Array;

const FIRST_LENGTH = 64;
/** Up to here arrays double; beyond, they grow by half, so that a large cache does not over-allocate by 2x. */
const DOUBLING_LENGTH = 1 << 16;

/** The length an array should have so that `slot` fits; at least the current one. */
export function grownLength(currentLength: number, slot: number): number {
  let length = Math.max(currentLength, FIRST_LENGTH);
  while (length <= slot) length = length < DOUBLING_LENGTH ? length * 2 : length + (length >>> 1);
  return length;
}

/** The same numbers in an array of `length` elements; new elements are `fill`. Returns the array itself when it is long enough. */
export function resizedSlotArray<T extends SlotArray>(array: T, length: number, fill = 0): T {
  if (array.length >= length) return array;
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  if (fill !== 0) larger.fill(fill, array.length);
  return larger;
}
