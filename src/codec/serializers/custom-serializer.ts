import { Buffer } from "node:buffer";
import { UncopyablePart } from "../../entry/uncopyable-part.ts";
import { isThenable } from "../../foundation/is-thenable.ts";
import { CodecFault } from "../codec-fault.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import type { Payload, Serializer } from "./serializer.ts";

/** A serializer of the user's own. Strings, bytes and integers do not come to it: the codec writes them as they are. */
export interface CustomSerializer {
  /**
   * Its name, 1 to 64 characters, which stands in every value that it wrote: a cache with another serializer takes those for a miss.
   * Default: `"custom"`.
   */
  readonly name?: string | undefined;
  /**
   * The value's bytes. Throws for a value that it cannot carry: `set` then fails with `SerializationError`, whose cause is what was
   * thrown. The bytes must not be changed afterwards.
   */
  encode(value: unknown): Uint8Array;
  /**
   * The value of bytes that {@link CustomSerializer.encode} made, which it may keep. Throws for others: the read is then a miss.
   */
  decode(bytes: Uint8Array): unknown;
}

const DEFAULT_NAME = "custom";

/**
 * A serializer of the user's as the codec takes it: errors translated, nonsense refused.
 *
 * @param hasName whether its name stands in front of its bytes, so that no other serializer's come to it
 */
export function adaptSerializer(custom: CustomSerializer, hasName: boolean): Serializer {
  const name = custom.name ?? DEFAULT_NAME;
  const text = Buffer.from(name, "utf8");
  const head = hasName ? Buffer.concat([Buffer.of(text.length), text]) : Buffer.alloc(0);
  return {
    name,
    kinds: [PAYLOAD_KINDS.custom],
    load: async () => undefined,
    isLoaded: true,
    serialize(value: unknown): Payload {
      const bytes: unknown = encodeWith(custom, value);
      if (!(bytes instanceof Uint8Array)) {
        throw new UncopyablePart(`something other than bytes from the encode() of the serializer "${name}"`);
      }
      return { kind: PAYLOAD_KINDS.custom, form: "bytes", bytes: Buffer.concat([head, bytes]) };
    },
    isText: false,
    deserializeBytes(_kind: number, bytes: Uint8Array, from: number): unknown {
      const bodyAt = from + head.length;
      if (bytes.length < bodyAt || head.compare(bytes, from, bodyAt) !== 0) {
        throw new CodecFault("unknown-serializer", "a value of a serializer of another name");
      }
      const value: unknown = custom.decode(new Uint8Array(bytes.subarray(bodyAt)));
      if (isThenable(value)) {
        // Nobody else will see how it ends.
        value.then(undefined, () => undefined);
        throw new CodecFault(
          "malformed",
          `a promise from the decode() of the serializer "${name}", which must answer at once`,
        );
      }
      if (value === undefined)
        throw new CodecFault("malformed", `no value from the decode() of the serializer "${name}"`);
      return value;
    },
  };
}

function encodeWith(custom: CustomSerializer, value: unknown): unknown {
  try {
    return custom.encode(value);
  } catch (error) {
    throw new UncopyablePart("a part that its serializer refuses", error);
  }
}
