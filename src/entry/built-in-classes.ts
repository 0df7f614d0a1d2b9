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
