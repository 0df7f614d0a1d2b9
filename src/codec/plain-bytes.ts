import { Buffer } from "node:buffer";
import { typedArrayClass } from "../entry/built-in-classes.ts";
import { PAYLOAD_KINDS } from "./envelope/envelope-layout.ts";

/**
 * The kind of a `Buffer` or `Uint8Array`, which is written as its bytes; `undefined` for anything else, subclasses among them.
 *
 * Properties that code has hung on it are not looked for: the look takes six times as long as the write, and libraries leave such
 * properties behind (msgpackr its `dataView`). Inside other values the serializers do look.
 */
export function plainBytesKind(value: unknown): number | undefined {
  // The quick question first: most values are none.
  if (!ArrayBuffer.isView(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typedArrayClass(value) !== "Uint8Array") return undefined;
  if (value.byteLength === 0 && isDetached(value.buffer)) return undefined;
  if (prototype === Buffer.prototype) return PAYLOAD_KINDS.buffer;
  return prototype === Uint8Array.prototype ? PAYLOAD_KINDS.uint8Array : undefined;
}

/** Whether the memory was given to another thread; the careful way refuses such bytes. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
