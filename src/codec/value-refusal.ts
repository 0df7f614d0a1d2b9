import { formatPath, isStackOverflow, UncopyablePart } from "../entry/uncopyable-part.ts";
import { SerializationError } from "../foundation/errors.ts";

/** What `set` fails with when a serializer refuses a value. */
export function toSerializationError(error: unknown, serializer: string): unknown {
  if (isStackOverflow(error)) {
    return new SerializationError("$", `The value is nested too deeply for the serializer "${serializer}".`, {
      cause: error,
    });
  }
  if (error instanceof UncopyablePart) {
    const path = formatPath(error.steps);
    const message = `The value cannot be written by the serializer "${serializer}" so that it comes back equal: ${error.reason} at ${path}.`;
    return new SerializationError(path, message, error.cause === undefined ? {} : { cause: error.cause });
  }
  const message = `The serializer "${serializer}" failed to write the value.`;
  return new SerializationError("$", message, { cause: error });
}

/** What `set` fails with when a value is too large to be read again. */
export function refuseSize(maxValueBytes: number): SerializationError {
  return new SerializationError(
    "$",
    `The value takes more than ${maxValueBytes} bytes, which is the limit for one value. Store less, or raise maxValueSize.`,
  );
}

/** What `set` fails with when only an envelope could say how to read a value. */
export function refuseWithoutEnvelope(serializer: string): SerializationError {
  return new SerializationError(
    "$",
    `The value has parts that ${serializer} has no form for, and without an envelope nothing would say how to read them. Store plain data, or leave envelope: true.`,
  );
}
