import { Buffer, constants, isUtf8 } from "node:buffer";
import { CodecFault } from "../codec-fault.ts";

const { MAX_STRING_LENGTH } = constants;

/** The platform's conversions without the checks of `toString` and `write`, which cost half as much again for short texts. */
interface FastBuffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number, length: number): number;
  utf8Write(text: string, offset: number, length: number): number;
}

const { latin1Slice, utf8Slice, latin1Write, utf8Write } = Buffer.prototype as unknown as FastBuffer;

/**
 * The text of a range of bytes.
 *
 * @param isAscii whether its writer found ASCII characters only
 * @throws CodecFault `malformed` when it is no UTF-8, `too-large` when the platform has no such long string
 */
export function readText(bytes: Uint8Array, from: number, to: number, isAscii: boolean): string {
  if (to - from > MAX_STRING_LENGTH)
    throw new CodecFault("too-large", "text longer than the platform's longest string");
  if (isAscii) return latin1Slice.call(bytes as never, from, to);
  if (!isUtf8(bytes.subarray(from, to))) throw new CodecFault("malformed", "text that is no UTF-8");
  return utf8Slice.call(bytes as never, from, to);
}

/**
 * Writes text where it has room.
 *
 * @param isAscii whether it is known to have ASCII characters only, a byte each
 * @returns how many bytes it took
 */
export function writeText(target: Buffer, text: string, offset: number, isAscii: boolean): number {
  const room = target.length - offset;
  return (isAscii ? latin1Write : utf8Write).call(target as never, text, offset, room);
}
