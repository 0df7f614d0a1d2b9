const STRING_HEADER_BYTES = 16;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;
/** Strings up to this length are judged by all of their characters: 18 µs for the most unlucky one. */
const FULLY_SCANNED_LENGTH = 16_384;
const WINDOW_LENGTH = 2_048;
const WINDOW_COUNT = FULLY_SCANNED_LENGTH / WINDOW_LENGTH;

/** A number that is no small integer lives in a box of its own, except in an array of nothing but numbers. */
export const NUMBER_BOX_BYTES = 16;
const SYMBOL_BYTES = 48;
/** A closure and its context; what it captures is not followed. */
const FUNCTION_BYTES = 96;

/**
 * A string in bytes: a header and, in whole words, one byte a character while all fit into Latin-1, else two for each, as V8 keeps
 * what it builds. A just concatenated string costs its flat bytes, for whoever reads it flattens it.
 *
 * Judged by content: a Latin-1 slice of a two-byte string counts half of what it takes. One-byte strings cost some 15 ns however long, for V8
 * compiles the pattern apart for them, where it cannot match. Others are scanned to their first character beyond Latin-1, those of more than
 * 16,384 characters in eight windows of 2,048: one whose few such characters lie between the windows counts half.
 */
export function stringBytes(text: string): number {
  const characterBytes = isTwoByte(text) ? 2 : 1;
  return STRING_HEADER_BYTES + Math.ceil((text.length * characterBytes) / 8) * 8;
}

function isTwoByte(text: string): boolean {
  const { length } = text;
  if (length <= FULLY_SCANNED_LENGTH) return BEYOND_LATIN1.test(text);
  const stride = (length - WINDOW_LENGTH) / (WINDOW_COUNT - 1);
  for (let index = 0; index < WINDOW_COUNT; index += 1) {
    const start = Math.floor(index * stride);
    // A slice of this length shares its parent's characters: nothing is copied.
    if (BEYOND_LATIN1.test(text.slice(start, start + WINDOW_LENGTH))) return true;
  }
  return false;
}

/** Whether V8 keeps the number in the reference itself. Minus zero is taken for zero. */
export function isSmallInteger(value: number): boolean {
  return (value | 0) === value;
}

/**
 * What a primitive or function costs besides the 8 bytes of the place that refers to it, in whole bytes; -1 for any
 * other object. O(1) but for {@link stringBytes} and the digits of a bigint.
 */
export function leafBytes(value: unknown): number {
  switch (typeof value) {
    case "string":
      return stringBytes(value);
    case "number":
      return isSmallInteger(value) ? 0 : NUMBER_BOX_BYTES;
    case "object":
      return value === null ? 0 : -1;
    case "bigint":
      return bigintBytes(value);
    case "function":
      return FUNCTION_BYTES;
    case "symbol":
      return SYMBOL_BYTES;
    default:
      return 0;
  }
}

function bigintBytes(value: bigint): number {
  if (BigInt.asIntN(64, value) === value) return 24;
  // Four bits a hexadecimal digit.
  return 16 + Math.ceil(value.toString(16).length / 16) * 8;
}
