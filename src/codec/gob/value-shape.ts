import type { TypedArrayClass } from "./gob-layout.ts";

/** What a JavaScript value is written as. Two arrays of the same shape are slices of the same Go type. */
export type ShapeKind =
  /** Not known yet: the elements of an empty array. */
  | "nothing"
  | "bool"
  | "int"
  | "float"
  | "string"
  | "bytes"
  | "time"
  /** bigints, by what holds them: `int64` and `uint64` both, `int64` only, `uint64` only, none. */
  | "natural"
  | "int64"
  | "uint64"
  | "big-int"
  | "slice"
  | "set"
  | "map"
  /** A plain object as `map[string]interface{}`, or one without prototype. */
  | "object"
  | "bare-object"
  /** A plain object as `map[string]T`; only a {@link GobStruct} asks for it. */
  | "record"
  | "struct"
  | "typed-array"
  /** Elements that have no type in common, `null` and `undefined`. */
  | "interface";

/** A shape, with those of its parts. */
export interface Shape {
  readonly kind: ShapeKind;
  /** Of slices, sets, maps and records. */
  readonly element: Shape | undefined;
  /** Of maps. */
  readonly key: Shape | undefined;
  readonly struct: GobStruct | undefined;
  readonly typedArray: TypedArrayClass | undefined;
  /** What Go registers the type as; `""` for those that are never the value of an interface here. */
  readonly registeredName: string;
}

/** A field as the encoder uses it. */
export interface StructField {
  /** In JavaScript. */
  readonly property: string;
  readonly goName: string;
  readonly shape: Shape;
}

/** A struct type of Go: see `gobStruct`, which makes them. */
export interface GobStruct {
  /** What Go programs register the type as, for example `"main.User"`. */
  readonly registeredName: string;
  /** The type's name without its package. */
  readonly goName: string;
  readonly fields: readonly StructField[];
  /** The shape of its values. */
  readonly shape: Shape;
  /** Whether an object has these properties and no others. `names` are the object's. */
  matches(source: object, names: readonly string[]): boolean;
  /** The property that a field of Go is in JavaScript. */
  propertyOf(goName: string): string | undefined;
}

function simple(kind: ShapeKind, registeredName = ""): Shape {
  return shape(kind, { registeredName });
}

function shape(kind: ShapeKind, parts: Partial<Shape>): Shape {
  return {
    kind,
    element: parts.element,
    key: parts.key,
    struct: parts.struct,
    typedArray: parts.typedArray,
    registeredName: parts.registeredName ?? "",
  };
}

type SimpleShape =
  | "nothing"
  | "bool"
  | "int"
  | "float"
  | "string"
  | "bytes"
  | "time"
  | "natural"
  | "int64"
  | "uint64"
  | "bigInt"
  | "object"
  | "bareObject"
  | "interface";

/** The shapes without parts, one object each. */
export const SHAPES: Readonly<Record<SimpleShape, Shape>> = {
  nothing: simple("nothing"),
  bool: simple("bool", "bool"),
  int: simple("int", "int"),
  float: simple("float", "float64"),
  string: simple("string", "string"),
  bytes: simple("bytes", "[]uint8"),
  time: simple("time", "time.Time"),
  natural: simple("natural", "int64"),
  int64: simple("int64", "int64"),
  uint64: simple("uint64", "uint64"),
  bigInt: simple("big-int", "*big.Int"),
  object: simple("object", "map[string]interface {}"),
  bareObject: simple("bare-object", "map[string]interface {}"),
  interface: simple("interface"),
};

/** A slice of elements of one shape. */
export function sliceOf(element: Shape, registeredName = ""): Shape {
  return shape("slice", { element, registeredName });
}

/** A slice that a `Set` is written as. */
export function setOf(element: Shape, registeredName = ""): Shape {
  return shape("set", { element, registeredName });
}

/** A map that a `Map` is written as. */
export function mapOf(key: Shape, element: Shape, registeredName = ""): Shape {
  return shape("map", { key, element, registeredName });
}

/** A map that a plain object is written as, when all its values have one shape. */
export function recordOf(element: Shape): Shape {
  return shape("record", { element });
}

/** A struct of Go. */
export function structOf(struct: GobStruct): Shape {
  return shape("struct", { struct, registeredName: struct.registeredName });
}

/** A slice that a typed array is written as. */
export function typedArrayOf(typedArray: TypedArrayClass): Shape {
  return shape("typed-array", { typedArray, registeredName: typedArray.goName });
}

/** The shape that values of both have. */
export function commonShape(one: Shape, other: Shape): Shape {
  if (one === other || other.kind === "nothing") return one;
  if (one.kind === "nothing") return other;
  if (one.kind === other.kind) return commonOfKind(one, other);
  if (isNumber(one.kind) && isNumber(other.kind)) return SHAPES.float;
  if (isBig(one.kind) && isBig(other.kind)) return commonBig(one, other);
  return SHAPES.interface;
}

function commonOfKind(one: Shape, other: Shape): Shape {
  switch (one.kind) {
    case "slice": {
      const element = commonShape(elementOf(one), elementOf(other));
      return element === elementOf(one) ? one : sliceOf(element);
    }
    case "set":
      return setOf(commonShape(elementOf(one), elementOf(other)));
    case "map":
      return mapOf(commonShape(keyOf(one), keyOf(other)), commonShape(elementOf(one), elementOf(other)));
    case "struct":
      return one.struct === other.struct ? one : SHAPES.interface;
    case "typed-array":
      return one.typedArray === other.typedArray ? one : SHAPES.interface;
    default:
      return one;
  }
}

function commonBig(one: Shape, other: Shape): Shape {
  if (one.kind === "natural") return other;
  return other.kind === "natural" ? one : SHAPES.bigInt;
}

function isNumber(kind: ShapeKind): boolean {
  return kind === "int" || kind === "float";
}

function isBig(kind: ShapeKind): boolean {
  return kind === "natural" || kind === "int64" || kind === "uint64" || kind === "big-int";
}

/** Of a shape that has elements. */
export function elementOf(container: Shape): Shape {
  return container.element ?? SHAPES.interface;
}

/** Of a map. */
export function keyOf(map: Shape): Shape {
  return map.key ?? SHAPES.interface;
}
