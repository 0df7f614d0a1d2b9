import { types } from "node:util";
import { typedArrayClass, VIEW_CLASSES } from "./built-in-classes.ts";
import { assertNoOtherProperties, assertOnlyElements } from "./own-properties.ts";
import { UncopyablePart } from "./uncopyable-part.ts";

/** All views but the two that are no typed arrays: `Buffer`, which has no constructor there, and `DataView`. */
const TYPED_ARRAYS = VIEW_CLASSES.slice(2) as unknown as ReadonlyArray<
  new (
    buffer: ArrayBuffer,
  ) => ArrayBufferView & ArrayLike<unknown>
>;

/**
 * Copies a built-in object that has no parts of its own.
 *
 * @throws UncopyablePart when it is none, is an instance of a subclass, or carries properties that a copy would lose
 */
export function copyBuiltIn(source: object): object {
  if (ArrayBuffer.isView(source)) return copyView(source);
  if (types.isArrayBuffer(source)) return copyArrayBuffer(source);
  if (types.isSharedArrayBuffer(source)) throw new UncopyablePart("a SharedArrayBuffer, which stays shared,");
  const copy = copySmall(source);
  // Subclasses would come back as their base class.
  if (Object.getPrototypeOf(copy) !== Object.getPrototypeOf(source)) throw classInstance();
  return copy;
}

/** The refusal of an object whose class a copy would not have. */
export function classInstance(): UncopyablePart {
  return new UncopyablePart("an instance of a class, which would lose its prototype,");
}

function copySmall(source: object): object {
  if (types.isDate(source)) {
    assertNoOtherProperties(source, []);
    return new Date(source.getTime());
  }
  if (types.isRegExp(source)) return copyRegExp(source);
  if (types.isBoxedPrimitive(source)) return copyBoxed(source);
  throw classInstance();
}

function copyRegExp(source: RegExp): RegExp {
  assertNoOtherProperties(source, ["lastIndex"]);
  if (!Number.isSafeInteger(source.lastIndex)) throw new UncopyablePart("a RegExp whose lastIndex is no integer");
  const copy = new RegExp(source.source, source.flags);
  copy.lastIndex = source.lastIndex;
  return copy;
}

/** `new String("x")` and its like. A `String` owns its characters and their number. */
function copyBoxed(source: object): object {
  const primitive: unknown = (source as { valueOf(): unknown }).valueOf();
  const own = typeof primitive === "string" ? ["length", ...Object.keys(Object(primitive) as object)] : [];
  if (typeof primitive === "symbol") throw new UncopyablePart("a symbol");
  assertNoOtherProperties(source, own);
  return Object(primitive) as object;
}

function copyArrayBuffer(source: ArrayBuffer): ArrayBuffer {
  if (Object.getPrototypeOf(source) !== ArrayBuffer.prototype) throw classInstance();
  assertNoOtherProperties(source, []);
  assertAttached(source);
  if ((source as { readonly resizable?: boolean }).resizable === true)
    throw new UncopyablePart("a resizable ArrayBuffer, whose copy could not grow,");
  return source.slice(0);
}

function copyView(source: ArrayBufferView): object {
  assertAttached(source.buffer);
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype === Buffer.prototype && typedArrayClass(source) === "Uint8Array") {
    const buffer = copyBuffer(source as Buffer);
    assertOnlyElements(source as Buffer, buffer);
    return buffer;
  }
  const bytes = new Uint8Array(source.byteLength);
  bytes.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (prototype === DataView.prototype) {
    assertNoOtherProperties(source, []);
    return new DataView(bytes.buffer);
  }
  const TypedArray = TYPED_ARRAYS.find((candidate) => candidate.prototype === prototype);
  if (TypedArray === undefined || typedArrayClass(source) !== TypedArray.name) throw classInstance();
  const copy = new TypedArray(bytes.buffer);
  assertOnlyElements(source as typeof copy, copy);
  return copy;
}

/** Not from the pool: a small buffer would keep all of it alive, could not be transferred to another thread, and would take what others keep there along when it is cloned. */
function copyBuffer(source: Buffer): Buffer {
  const buffer = Buffer.allocUnsafeSlow(source.byteLength);
  buffer.set(source);
  return buffer;
}

/** A copy of a view that is plain, as those that {@link copyBuiltIn} has made: nothing about it is left to be refused. O(bytes) */
export function copyOfCopiedView(source: ArrayBufferView): object {
  if (Object.getPrototypeOf(source) === Buffer.prototype) return copyBuffer(source as Buffer);
  if (!(source instanceof DataView)) return (source as Uint8Array).slice();
  return new DataView(source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength));
}

/** A buffer that was transferred has no bytes any more, and a view of one would be copied as an empty one. */
function assertAttached(buffer: ArrayBufferLike): void {
  if (buffer.byteLength > 0) return;
  try {
    new Uint8Array(buffer);
  } catch (error) {
    throw new UncopyablePart("a detached ArrayBuffer", error);
  }
}
