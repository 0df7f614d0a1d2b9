import { types } from "node:util";

const STRING_HEADER_BYTES = 16;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;

/** Typed array, its `ArrayBuffer`, and the record of the memory outside the heap. */
const BUFFER_HEADER_BYTES = 192;

/** A string: one byte a character while all fit into Latin-1, else two for each, as V8 keeps them; in whole words. */
export function stringBytes(text: string): number {
  // V8 compiles the pattern apart for one-byte strings, where it cannot match, so they are not scanned.
  const characterBytes = BEYOND_LATIN1.test(text) ? 2 : 1;
  return STRING_HEADER_BYTES + Math.ceil((text.length * characterBytes) / 8) * 8;
}

/**
 * What a value costs besides the 8 bytes of the place that refers to it, when it has no parts to visit; `undefined` when it
 * has: arrays, plain objects, maps, sets.
 */
export function leafBytes(value: unknown): number | undefined {
  switch (typeof value) {
    case "string":
      return stringBytes(value);
    case "number":
      // Small integers live in the reference itself, others in a box.
      return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 0 : 16;
    case "bigint":
      return bigintBytes(value);
    case "object":
      return value === null ? 0 : objectLeafBytes(value);
    case "function":
      return 64;
    default:
      return 0;
  }
}

function objectLeafBytes(value: object): number | undefined {
  if (ArrayBuffer.isView(value)) return BUFFER_HEADER_BYTES + value.byteLength;
  if (types.isAnyArrayBuffer(value)) return BUFFER_HEADER_BYTES + value.byteLength;
  if (types.isDate(value)) return 96;
  if (types.isRegExp(value)) return 64 + stringBytes(value.source);
  return undefined;
}

function bigintBytes(value: bigint): number {
  if (BigInt.asIntN(64, value) === value) return 24;
  // Four bits a hexadecimal digit.
  return 16 + Math.ceil(value.toString(16).length / 16) * 8;
}
