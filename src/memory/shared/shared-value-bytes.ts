import { toStructuredBytes } from "../../codec/serializers/structured-bytes.ts";
import { formatPath, UncopyablePart } from "../../entry/uncopyable-part.ts";
import { SerializationError } from "../../foundation/errors.ts";

/**
 * The bytes of a value for another thread.
 *
 * @throws SerializationError `GCX_SERIALIZATION_VALUE` with the path of the first part that would not come back equal. O(size)
 */
export function toSharedBytes(value: unknown): Uint8Array {
  try {
    return toStructuredBytes(value);
  } catch (error) {
    if (error instanceof UncopyablePart) {
      const path = formatPath(error.steps);
      const message = `The value cannot be shared between threads: ${error.reason} at ${path}.`;
      throw new SerializationError(path, message, error.cause === undefined ? {} : { cause: error.cause });
    }
    const message = "The value is nested too deeply or too large to be written as bytes.";
    throw new SerializationError("$", message, { cause: error });
  }
}
