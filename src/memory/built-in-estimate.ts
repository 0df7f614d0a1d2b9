import { types } from "node:util";
import { leafBytes, stringBytes } from "./leaf-estimate.ts";

/** A typed array or `Buffer` with its `ArrayBuffer` and the record of the memory outside the heap. */
const VIEW_HEADER_BYTES = 192;
const DATA_VIEW_HEADER_BYTES = 176;
const ARRAY_BUFFER_HEADER_BYTES = 96;
/** A `Buffer` that shares an `ArrayBuffer` with others: the object alone. */
const SLICE_HEADER_BYTES = 96;
/** Typed arrays up to this length keep their elements inside the heap until somebody asks for their `ArrayBuffer`. */
const ON_HEAP_LENGTH_BYTES = 64;
/** An `ArrayBuffer` up to this size that a `Buffer` shows a part of is taken for a pool, or a chunk from a socket. */
const POOL_BYTES = 65_536;
const DATE_BYTES = 96;
const REG_EXP_BYTES = 112;
const BOX_BYTES = 32;
/** A proxy is not looked into: whatever it answers is code. */
const PROXY_BYTES = 64;
const UNKNOWN_BYTES = 64;

/** The prototypes' own getters: an object can have properties of these names that run code. */
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
/** The name of the kind of typed array; `undefined` for a `DataView`. */
const typedArrayTag = getterOf(typedArray, Symbol.toStringTag);
const typedArrayByteLength = getterOf(typedArray, "byteLength");
const typedArrayByteOffset = getterOf(typedArray, "byteOffset");
const typedArrayBuffer = getterOf(typedArray, "buffer");
const dataViewBuffer = getterOf(DataView.prototype, "buffer");
const arrayBufferByteLength = getterOf(ArrayBuffer.prototype, "byteLength");
const sharedByteLength = getterOf(SharedArrayBuffer.prototype, "byteLength");
const regExpSource = getterOf(RegExp.prototype, "source");

/** Bytes of an object that is weighed as a whole: views, buffers, dates, patterns, boxed primitives, proxies. O(1). */
export function builtInBytes(value: object): number {
  if (types.isDate(value)) return DATE_BYTES;
  if (ArrayBuffer.isView(value)) return viewBytes(value);
  if (types.isProxy(value)) return PROXY_BYTES;
  if (types.isAnyArrayBuffer(value)) return ARRAY_BUFFER_HEADER_BYTES + bufferLength(value);
  if (types.isRegExp(value)) return REG_EXP_BYTES + stringBytes(regExpSource.call(value) as string);
  if (types.isBoxedPrimitive(value)) return BOX_BYTES + boxedBytes(value);
  return UNKNOWN_BYTES;
}

/**
 * Bytes of a typed array, `Buffer` or `DataView`. O(1).
 *
 * A view keeps the whole `ArrayBuffer` alive and is charged for it. The exception are `Buffer`s that show part of one of at most 64 KiB, as
 * `Buffer.from` cuts small ones from a pool: they are charged what they show, in whole words, for the rest has other users.
 */
export function viewBytes(view: ArrayBufferView): number {
  if (typedArrayTag.call(view) === undefined)
    return DATA_VIEW_HEADER_BYTES + bufferLength(dataViewBuffer.call(view) as ArrayBuffer);
  const lengthBytes = typedArrayByteLength.call(view) as number;
  // Asking for its `ArrayBuffer` would move a small typed array's elements out of the heap.
  if (lengthBytes <= ON_HEAP_LENGTH_BYTES && typedArrayByteOffset.call(view) === 0)
    return VIEW_HEADER_BYTES + words(lengthBytes);
  const wholeBytes = bufferLength(typedArrayBuffer.call(view) as ArrayBuffer);
  if (wholeBytes === lengthBytes || wholeBytes > POOL_BYTES || !Buffer.isBuffer(view))
    return VIEW_HEADER_BYTES + words(wholeBytes);
  return SLICE_HEADER_BYTES + words(lengthBytes);
}

function bufferLength(buffer: ArrayBufferLike): number {
  return (types.isSharedArrayBuffer(buffer) ? sharedByteLength : arrayBufferByteLength).call(buffer) as number;
}

function boxedBytes(value: object): number {
  return types.isStringObject(value) ? leafBytes(String.prototype.valueOf.call(value)) : 0;
}

function words(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function getterOf(prototype: object, name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: unknown) => unknown;
}
