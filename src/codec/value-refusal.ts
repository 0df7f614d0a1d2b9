import { formatPath, isStackOverflow, UncopyablePart } from "../entry/uncopyable-part.ts";
import { SerializationError } from "../foundation/errors.ts";
import { DEFAULT_CODEC_LIMITS } from "./codec-limits.ts";
import { writeTags } from "./serializers/tag-writer.ts";
import type { TagCarrier } from "./serializers/tags.ts";

const MAX_SHOWN_LENGTH = 400;

/** Carries everything that is carried at all: only what throws when it is read is met. */
const ANY_CARRIER: TagCarrier = { hasBytes: true, hasAllNumbers: true, hasAllTexts: true, takesTags: true };

/** What `set` fails with when a serializer refuses a value. */
export function toSerializationError(error: unknown, serializer: string, value: unknown): SerializationError {
  if (isStackOverflow(error)) {
    const message = `The value is nested too deeply for the serializer "${serializer}".`;
    return new SerializationError("$", message, { cause: error });
  }
  const part = error instanceof UncopyablePart ? error : findThrowingPart(value);
  if (part === undefined) {
    return new SerializationError("$", `The serializer "${serializer}" failed to write the value.`, { cause: error });
  }
  const path = formatPath(part.steps);
  const message = `The value cannot be written by the serializer "${serializer}" so that it comes back equal: ${shorten(part.reason)} at ${shorten(path)}.`;
  return new SerializationError(path, message, part.cause === undefined ? {} : { cause: part.cause });
}

/** Paths and names of properties may be as long as a value. The error has the whole path. */
function shorten(text: string): string {
  const half = MAX_SHOWN_LENGTH / 2;
  return text.length <= MAX_SHOWN_LENGTH ? text : `${text.slice(0, half)} … ${text.slice(-half)}`;
}

/** The part whose getter or trap threw, or one that no serializer carries. */
function findThrowingPart(value: unknown): UncopyablePart | undefined {
  try {
    writeTags(value, ANY_CARRIER, DEFAULT_CODEC_LIMITS.maxDepth);
    return undefined;
  } catch (error) {
    return error instanceof UncopyablePart ? error : undefined;
  }
}

/** What `set` fails with when a value is too large to be read again. */
export function refuseSize(maxValueBytes: number): SerializationError {
  return new SerializationError(
    "$",
    `The value takes more than ${maxValueBytes} bytes, which is the limit for one value. Store less, or raise maxValueSize.`,
  );
}

/** What `set` fails with when a number would read as a bigint. */
export function refuseAmbiguousNumber(): SerializationError {
  return new SerializationError(
    "$",
    "An integer beyond 2^53 reads as a bigint where nothing says that it was a number. Store a bigint, or leave envelope: true.",
  );
}
