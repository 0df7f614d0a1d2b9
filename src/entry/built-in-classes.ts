import { types } from "node:util";

/** What holds something that its properties do not show. */
const HOLDS_SOMETHING: readonly ((value: object) => boolean)[] = [
  types.isMap,
  types.isSet,
  types.isDate,
  types.isRegExp,
  types.isBoxedPrimitive,
  types.isAnyArrayBuffer,
  types.isPromise,
  types.isWeakMap,
  types.isWeakSet,
  types.isNativeError,
];

/** Whether an object without properties, of whatever prototype, is a built-in one whose prototype was changed. */
export function isBuiltInInside(source: object): boolean {
  return HOLDS_SOMETHING.some((holds) => holds(source));
}

/**
 * The classes of errors that come back as they were, by their number in stored formats: never changed, never given to something else.
 */
export const ERROR_CLASSES: readonly ErrorConstructor[] = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
];

/** The own properties of errors that are kept, by their bit: bit `n` says that it is there, bit `n + 3` that it is enumerable. */
export const ERROR_FIELDS = ["message", "stack", "cause"] as const;

/** Makes a view of bytes of its own. */
type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

/** The classes of views, by their number in stored formats: never changed. 0 stands for `Buffer`. */
export const VIEW_CLASSES: readonly (ViewClass | undefined)[] = [
  undefined,
  DataView,
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** The platform's getter of a typed array's class, which does not follow its prototype. */
const classOfTypedArray = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** The name of a typed array's class, also when its prototype was changed; `undefined` for everything else. */
export function typedArrayClass(value: unknown): string | undefined {
  return classOfTypedArray.call(value);
}
