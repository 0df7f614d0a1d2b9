import { Buffer } from "node:buffer";
import type { Codec, DecodedValue } from "./codec.ts";
import { CodecFault } from "./codec-fault.ts";
import type { CodecLimits } from "./codec-limits.ts";
import { readText } from "./envelope/text-bytes.ts";
import { decodeInteger, encodeInteger } from "./integer-text.ts";
import { HEAD_ROOM_BYTES, type Payload, type Serializer } from "./serializers/serializer.ts";
import { refuseAmbiguousNumber, refuseSize, toSerializationError } from "./value-refusal.ts";

/** What a bare codec is made of; all of it resolved. */
export interface BareCodecOptions {
  readonly serializer: Serializer;
  readonly limits: CodecLimits;
  /** Whether integers are decimal text, which a store's own counters work on; the serializer must write them so as well. */
  readonly hasCounters: boolean;
}

/**
 * Makes a codec without envelopes: the bytes are what the serializer makes and nothing else, as other programs write and read them. No check, no
 * metadata, no compression, no encryption; a part that needs tags is refused; strings and bytes go through the serializer like everything
 * else. Loads nothing.
 *
 * @param options its serializer uses no tags
 */
export function createBareCodec({ serializer, limits, hasCounters }: BareCodecOptions): Codec {
  const [plainKind = 0] = serializer.kinds;

  function write(value: unknown): Uint8Array {
    const bytes = bytesOf(serializeWith(serializer, value, limits));
    if (bytes.length > limits.maxValueBytes) throw refuseSize(limits.maxValueBytes);
    return bytes;
  }

  function read(bytes: Uint8Array): DecodedValue {
    if (bytes.length > limits.maxValueBytes) throw new CodecFault("too-large", "a value above the limit");
    try {
      const value = serializer.isText
        ? serializer.deserializeText?.(plainKind, readText(bytes, 0, bytes.length, false), limits)
        : serializer.deserializeBytes?.(plainKind, bytes, 0, limits);
      if (value !== undefined) return { value, metadata: undefined };
    } catch (error) {
      throw error instanceof CodecFault
        ? new CodecFault("foreign", error.detail, error.cause)
        : new CodecFault("foreign", `bytes that the serializer "${serializer.name}" cannot read`, error);
    }
    throw new CodecFault("foreign", "no value");
  }

  return {
    hasCounters,
    load: () => serializer.load(),
    encode(value) {
      if (hasCounters) {
        const integer = encodeInteger(value);
        if (integer !== undefined) return integer;
        if (isTakenForBigint(value)) throw refuseAmbiguousNumber();
      }
      return serializer.isLoaded ? write(value) : serializer.load().then(() => write(value));
    },
    decode(bytes) {
      const integer = hasCounters ? decodeInteger(bytes) : undefined;
      if (integer !== undefined) return { value: integer, metadata: undefined };
      if (serializer.isLoaded) return read(bytes);
      const own = Buffer.from(bytes);
      return serializer.load().then(
        () => read(own),
        (error: unknown) => {
          throw new CodecFault("unknown-serializer", `the serializer "${serializer.name}" does not load`, error);
        },
      );
    },
  };
}

/** Whether the text of a number is that of a counter beyond 2^53, which reads as a bigint. */
function isTakenForBigint(value: unknown): boolean {
  return (
    typeof value === "number" &&
    value !== 0 &&
    Number.isInteger(value) &&
    decodeInteger(Buffer.from(String(value))) !== undefined
  );
}

function serializeWith(serializer: Serializer, value: unknown, limits: CodecLimits): Payload {
  try {
    return serializer.serialize(value, limits);
  } catch (error) {
    throw toSerializationError(error, serializer.name, value);
  }
}

function bytesOf(payload: Payload): Uint8Array {
  if (payload.form === "text") return Buffer.from(payload.text, "utf8");
  if (payload.form === "lent") return Buffer.from(payload.bytes);
  return payload.form === "roomy" ? payload.bytes.subarray(HEAD_ROOM_BYTES) : payload.bytes;
}
