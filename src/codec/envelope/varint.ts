import { CodecFault } from "../codec-fault.ts";

/** A place in bytes that are read from front to back. */
export interface ByteCursor {
  readonly bytes: Uint8Array;
  /** Offset of what is read next. */
  at: number;
  /** Offset behind the last byte that may be read. */
  readonly end: number;
}

/** Seven bits a byte, so 2^53 - 1 takes eight. */
const MAX_VARINT_BYTES = 8;
const CONTINUES = 128;

/** How many bytes {@link writeVarint} takes for an integer from 0 to 2^53 - 1. */
export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= CONTINUES; rest = Math.floor(rest / CONTINUES)) count += 1;
  return count;
}

/** Writes an integer from 0 to 2^53 - 1, the lowest seven bits first. @returns the offset behind it */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  for (; rest >= CONTINUES; rest = Math.floor(rest / CONTINUES)) {
    target[at] = (rest % CONTINUES) | CONTINUES;
    at += 1;
  }
  target[at] = rest;
  return at + 1;
}

/**
 * Reads what {@link writeVarint} wrote, and only that: one number has one form.
 *
 * @throws CodecFault `malformed`
 */
export function readVarint(cursor: ByteCursor): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < MAX_VARINT_BYTES && cursor.at < cursor.end; count += 1) {
    const byte = cursor.bytes[cursor.at] as number;
    cursor.at += 1;
    value += (byte % CONTINUES) * scale;
    if (byte < CONTINUES) {
      if (!Number.isSafeInteger(value) || (byte === 0 && count > 0)) break;
      return value;
    }
    scale *= CONTINUES;
  }
  throw new CodecFault("malformed", "a number that ends too late");
}
