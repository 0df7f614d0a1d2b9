import { Buffer } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import { PAYLOAD_KINDS } from "./envelope/envelope-layout.ts";

/** Views up to this length have their properties listed; longer ones are compared with a bare view of the same bytes. */
const LISTED_LENGTH = 64;

/** The kind of a `Buffer` or `Uint8Array` that is nothing but its bytes; `undefined` for anything else, which takes the careful way. */
export function plainBytesKind(value: unknown): number | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isBuffer = prototype === Buffer.prototype;
  if (!isBuffer && prototype !== Uint8Array.prototype) return undefined;
  if (!isOnlyBytes(value)) return undefined;
  return isBuffer ? PAYLOAD_KINDS.buffer : PAYLOAD_KINDS.uint8Array;
}

function isOnlyBytes(value: Uint8Array): boolean {
  if (value.length <= LISTED_LENGTH) return Reflect.ownKeys(value).length === value.length;
  // The platform compares bytes, then enumerable properties.
  return isDeepStrictEqual(value, value.subarray()) && Object.getOwnPropertySymbols(value).length === 0;
}
