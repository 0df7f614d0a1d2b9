/**
 * The constants of Go's `encoding/gob`, as its source has them (https://go.dev/src/encoding/gob/doc.go and `type.go`), and the few marks
 * that only this library reads. `docs/design/gob.md` draws the bytes.
 */

/** Types that need no definition, by their numbers on the wire. */
export const BASIC_TYPE_IDS = {
  bool: 1,
  int: 2,
  uint: 3,
  float: 4,
  bytes: 5,
  string: 6,
  complex: 7,
  interface: 8,
} as const;

/** Numbers below belong to gob itself; a stream defines the others. */
export const FIRST_DEFINED_TYPE_ID = 64;

/** The first number that Go gives to a type of a program, and this encoder too. */
export const FIRST_WRITTEN_TYPE_ID = 65;

/** Largest number of a type: Go keeps it in an `int32`. */
export const MAX_TYPE_ID: number = 2 ** 31 - 1;

/** Fields of a type definition, of which one is there: `struct { ArrayT; SliceT; StructT; MapT; GobEncoderT; … }`. */
export const WIRE_TYPE_FIELDS = {
  array: 0,
  slice: 1,
  struct: 2,
  map: 3,
  gobEncoder: 4,
  binaryMarshaler: 5,
  textMarshaler: 6,
} as const;

/** Longest name of an interface value's type, in bytes. Go refuses longer ones. */
export const MAX_TYPE_NAME_BYTES = 1_024;

/**
 * Names of defined types that say which class of JavaScript the value was. Go decodes by structure and never looks at them; no type of Go
 * has one, for its names have no colon.
 */
export const CLASS_MARKS = {
  map: "js:Map",
  set: "js:Set",
  bareObject: "js:null",
} as const;

/** A class of typed arrays that gob carries as a slice. */
export interface TypedArrayClass {
  /** The class. */
  readonly constructor_: TypedArrayConstructor;
  /** Its mark; see {@link CLASS_MARKS}. */
  readonly mark: string;
  /** Go's name for the slice, which Go programs have registered from the start. */
  readonly goName: string;
  /** What the elements are on the wire. */
  readonly element: "int" | "uint" | "float";
  /** Whether JavaScript has them as bigints. */
  readonly isBig: boolean;
  /** Bytes an element takes in memory. */
  readonly elementBytes: number;
}

/** Any typed array that is carried as a slice. */
export type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

type TypedArrayConstructor = new (length: number) => NumberArray;

/** `Uint8Array` is not among them: gob has `[]byte` for it. */
export const TYPED_ARRAY_CLASSES: readonly TypedArrayClass[] = [
  typedArray(Int8Array, "int8", "int"),
  typedArray(Int16Array, "int16", "int"),
  typedArray(Int32Array, "int32", "int"),
  typedArray(Uint16Array, "uint16", "uint"),
  typedArray(Uint32Array, "uint32", "uint"),
  typedArray(Float32Array, "float32", "float"),
  typedArray(Float64Array, "float64", "float"),
  typedArray(BigInt64Array, "int64", "int"),
  typedArray(BigUint64Array, "uint64", "uint"),
];

function typedArray(
  constructor_: TypedArrayConstructor & { readonly BYTES_PER_ELEMENT: number },
  goElement: string,
  element: TypedArrayClass["element"],
): TypedArrayClass {
  return {
    constructor_,
    mark: `js:${constructor_.name}`,
    goName: `[]${goElement}`,
    element,
    isBig: constructor_.name.startsWith("Big"),
    elementBytes: constructor_.BYTES_PER_ELEMENT,
  };
}
