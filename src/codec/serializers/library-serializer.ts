import { Buffer } from "node:buffer";
import { UnreadableValueError } from "../../foundation/errors.ts";
import { CodecFault } from "../codec-fault.ts";
import { DEFAULT_CODEC_LIMITS } from "../codec-limits.ts";
import { toSerializationError } from "../value-refusal.ts";
import type { CustomSerializer } from "./custom-serializer.ts";
import type { Serializer } from "./serializer.ts";

/** The library's serializers behind the objects that users hold. */
const LIBRARY_SERIALIZERS = new WeakMap<object, Serializer>();

/**
 * Gives users an object for `serializer` in the configuration that the codec knows as one of the library's own. Its methods work on their own as
 * well, with the errors of the library.
 *
 * @param serializer one of bytes, with one kind of payload, that needs no loading
 */
export function publishSerializer(serializer: Serializer): CustomSerializer {
  const [kind = 0] = serializer.kinds;
  const published: CustomSerializer = Object.freeze({
    name: serializer.name,
    encode(value: unknown): Uint8Array {
      try {
        const payload = serializer.serialize(value, DEFAULT_CODEC_LIMITS);
        return payload.form === "text" ? Buffer.from(payload.text) : payload.bytes;
      } catch (error) {
        throw toSerializationError(error, serializer.name, value);
      }
    },
    decode(bytes: Uint8Array): unknown {
      try {
        return serializer.deserializeBytes?.(kind, Buffer.from(bytes), 0, DEFAULT_CODEC_LIMITS);
      } catch (error) {
        if (!(error instanceof CodecFault)) throw error;
        throw new UnreadableValueError(error.reason, error.detail, { cause: error.cause });
      }
    },
  });
  LIBRARY_SERIALIZERS.set(published, serializer);
  return published;
}

/** The serializer behind an object of {@link publishSerializer}; `undefined` for a user's own. */
export function findLibrarySerializer(candidate: CustomSerializer): Serializer | undefined {
  return LIBRARY_SERIALIZERS.get(candidate);
}
