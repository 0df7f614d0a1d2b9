import { Buffer } from "node:buffer";

/** `-9223372036854775808` */
const MAX_TEXT_BYTES = 20;
const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 63n - 1n;
const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
/** Up to this many digits every integer is exact as a number. */
const EXACT_DIGITS = 15;

/**
 * The form in which stores count: an integer as decimal text, without an envelope, so that a store's own `INCR` works on what was set, and a
 * counter reads as its number. Safe integers come back as numbers; bigints beyond them, within 64 bits, as bigints.
 *
 * @returns `undefined` for anything else, which goes into an envelope: `-0`, fractions, small and huge bigints
 */
export function encodeInteger(value: unknown): Buffer | undefined {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? Buffer.from(String(value), "latin1") : undefined;
  }
  if (typeof value !== "bigint" || value < MIN_INTEGER || value > MAX_INTEGER) return undefined;
  return isSafe(value) ? undefined : Buffer.from(value.toString(), "latin1");
}

/** The number of a decimal text as {@link encodeInteger} writes it, and stores do; `undefined` when the bytes are none. O(1) */
export function decodeInteger(bytes: Uint8Array): number | bigint | undefined {
  const { length } = bytes;
  const from = bytes[0] === MINUS ? 1 : 0;
  const first = bytes[from];
  if (length > MAX_TEXT_BYTES || first === undefined) return undefined;
  // One number has one form: no `-0`, no leading zeros.
  if (first === ZERO && length > 1) return undefined;
  let exact = 0;
  for (let at = from; at < length; at += 1) {
    const digit = bytes[at] as number;
    if (digit < ZERO || digit > NINE) return undefined;
    exact = exact * 10 + (digit - ZERO);
  }
  if (length - from <= EXACT_DIGITS) return from === 1 ? -exact : exact;
  const value = BigInt(Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1"));
  if (value < MIN_INTEGER || value > MAX_INTEGER) return undefined;
  return isSafe(value) ? Number(value) : value;
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}
