import { isStackOverflow, UncopyablePart } from "../../entry/uncopyable-part.ts";
import { type CodecLimits, DEFAULT_CODEC_LIMITS } from "../codec-limits.ts";
import { GobEncoder } from "./gob-encoder.ts";
import type { GobStruct } from "./value-shape.ts";

/** How values are written as gobs. */
export interface EncodeGobOptions {
  /** Structs of the Go programs that read the values. Plain objects with exactly the properties of one are written as it. Default: none. */
  readonly structs?: readonly GobStruct[] | undefined;
  /**
   * What Go reads the value into. `"concrete"`, the default: a variable of the value's type, `var v string`, `var v []int`,
   * `var v map[string]interface{}`. `"interface"`: a `var v interface{}`. A gob is one or the other; Go converts neither.
   */
  readonly root?: "concrete" | "interface" | undefined;
  /** What may be written at most, the same as readers allow. Default: 64 MiB, 1,000 levels. */
  readonly limits?: CodecLimits | undefined;
}

/**
 * Writes a value as a gob stream that Go reads with `gob.NewDecoder(r).Decode(&v)`, and {@link decodeGob} reads back equal.
 * `docs/design/gob.md` has the table of what Go gets. Parts that are shared are written twice. O(size)
 *
 * @returns bytes of their own
 * @throws UncopyablePart when a part would not come back equal, is nested too deeply, or the whole is too large; and whatever a getter or
 * the trap of a proxy throws
 */
export function encodeGob(value: unknown, options: EncodeGobOptions = {}): Uint8Array {
  try {
    return new GobEncoder(options.structs ?? [], options.limits ?? DEFAULT_CODEC_LIMITS).encode(value, options.root);
  } catch (error) {
    if (isStackOverflow(error)) throw new UncopyablePart("a part that is nested too deeply", error);
    throw error;
  }
}
