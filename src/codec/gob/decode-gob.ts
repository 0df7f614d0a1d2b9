import { isStackOverflow } from "../../entry/uncopyable-part.ts";
import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { GobDecoder } from "./gob-decoder.ts";
import type { GobStruct } from "./value-shape.ts";

/** What a reader of gobs knows besides the bytes. */
export interface DecodeGobOptions {
  /** Structs whose fields have other names in JavaScript than in Go. Default: none, fields keep Go's names. */
  readonly structs?: readonly GobStruct[] | undefined;
}

/**
 * Reads a whole gob stream: what `gob.NewEncoder(&buf).Encode(v)` of Go wrote, or `encodeGob`. `docs/design/gob.md` has the table of what
 * Go's types are in JavaScript. O(bytes), and memory at most some eight times `limits.maxValueBytes`.
 *
 * @param bytes the definitions of types and one value, nothing behind it. Nothing returned is an alias of it
 * @returns the value: a number, or a bigint when a number could not hold it; a plain object for a struct and for a map with strings as
 * keys; a `Map` for other maps; a `Date` for `time.Time`; a `bigint` for `big.Int`; a `Uint8Array` for `[]byte` and for types that encode
 * themselves
 * @throws CodecFault `malformed` or `too-large`, and nothing else
 */
export function decodeGob(bytes: Uint8Array, limits: CodecLimits, options: DecodeGobOptions = {}): unknown {
  if (bytes.length > limits.maxValueBytes) throw new CodecFault("too-large", "a gob beyond the limit");
  try {
    return new GobDecoder(bytes, limits, options.structs ?? []).read();
  } catch (error) {
    // Limits above the default may be more than the platform's.
    if (isStackOverflow(error)) throw new CodecFault("too-large", "a gob that is nested too deeply", error);
    if (isTextTooLong(error)) throw new CodecFault("too-large", "a text longer than a string can be", error);
    throw error;
  }
}

function isTextTooLong(error: unknown): boolean {
  return error instanceof Error && (error as { readonly code?: unknown }).code === "ERR_STRING_TOO_LONG";
}
