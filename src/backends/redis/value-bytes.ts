import { EntryTooLargeError } from "../../foundation/errors.ts";

/** Redis takes no text beyond this (its `proto-max-bulk-len`), and closes the connection of whoever sends one. */
const LONGEST_VALUE_BYTES = 512 * 1_048_576;
/** Room for head and tags. */
const LONGEST_HEAD_BYTES = 262_144;

/**
 * The bytes of a value as clients take them, without a copy.
 *
 * @throws EntryTooLargeError before anything is sent
 */
export function valueBytes(value: unknown): Buffer {
  const bytes = value as Uint8Array;
  if (bytes.byteLength > LONGEST_VALUE_BYTES - LONGEST_HEAD_BYTES) {
    throw new EntryTooLargeError(bytes.byteLength, LONGEST_VALUE_BYTES - LONGEST_HEAD_BYTES, {
      of: "Redis takes for one value",
      remedy: "Turn on compression, or store less.",
    });
  }
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
