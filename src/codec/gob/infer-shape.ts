import { types } from "node:util";
import type { CodecLimits } from "../codec-limits.ts";
import { TYPED_ARRAY_CLASSES } from "./gob-layout.ts";
import type { GobStruct } from "./value-shape.ts";
import {
  commonShape,
  elementOf,
  mapOf,
  SHAPES,
  type Shape,
  type ShapeKind,
  setOf,
  sliceOf,
  typedArrayOf,
} from "./value-shape.ts";

const MAX_INT64 = 2n ** 63n;
const MAX_UINT64 = 2n ** 64n;

const TYPED_ARRAY_SHAPES = new Map<unknown, Shape>(
  TYPED_ARRAY_CLASSES.map((typedArray) => [typedArray.constructor_.prototype, typedArrayOf(typedArray)]),
);

/** Slices that every Go program knows as the value of an interface; all others would have to be registered one by one. */
const KNOWN_SLICES = new Map<ShapeKind, Shape>([
  ["bool", sliceOf(SHAPES.bool, "[]bool")],
  ["int", sliceOf(SHAPES.int, "[]int")],
  ["float", sliceOf(SHAPES.float, "[]float64")],
  ["string", sliceOf(SHAPES.string, "[]string")],
  ["natural", sliceOf(SHAPES.natural, "[]int64")],
  ["int64", sliceOf(SHAPES.int64, "[]int64")],
  ["uint64", sliceOf(SHAPES.uint64, "[]uint64")],
]);
const KNOWN_SETS = new Map<ShapeKind, Shape>(
  [...KNOWN_SLICES].map(([kind, slice]) => [kind, setOf(elementOf(slice), slice.registeredName)]),
);
const ANY_SLICE = sliceOf(SHAPES.interface, "[]interface {}");
const ANY_SET = setOf(SHAPES.interface, "[]interface {}");
const STRING_MAP = mapOf(SHAPES.string, SHAPES.interface, "map[string]interface {}");
const ANY_MAP = mapOf(SHAPES.interface, SHAPES.interface, "map[interface {}]interface {}");

/** Kinds that Go has as keys of maps; others are keys inside an interface, or none. */
const KEY_KINDS: ReadonlySet<ShapeKind> = new Set<ShapeKind>([
  ...(["nothing", "bool", "int", "float", "string"] as const),
  ...(["time", "natural", "int64", "uint64"] as const),
]);

/**
 * Finds the natural Go type of a value that stands alone or in a slice or map of its like, for example `[][]float64`. Looks at all elements
 * once; never throws: what cannot be written is an `interface`, and found when it is.
 */
export class ShapeInference {
  readonly #structs: readonly GobStruct[];
  readonly #maxDepth: number;
  /**
   * Shapes of the objects that were looked at. A part that is shared is looked at once, and one that contains itself has no end to come to:
   * otherwise an array in itself, twice in each of many, would take for ever.
   */
  readonly #known = new Map<object, Shape>();

  constructor(structs: readonly GobStruct[], limits: CodecLimits) {
    this.#structs = structs;
    this.#maxDepth = limits.maxDepth;
  }

  /** O(elements of arrays, sets and maps that are not inside a plain object) */
  shapeOf(value: unknown): Shape {
    return this.#shape(value, 0);
  }

  #shape(value: unknown, depth: number): Shape {
    if (typeof value !== "object" || value === null) return primitiveShape(value);
    if (depth >= this.#maxDepth) return SHAPES.interface;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    this.#known.set(value, SHAPES.interface);
    const shape = this.#objectShape(value, depth);
    this.#known.set(value, shape);
    return shape;
  }

  #objectShape(value: object, depth: number): Shape {
    if (Array.isArray(value)) return sliceOf(this.#common(value, depth));
    if (types.isSet(value)) return setOf(this.#common(value, depth));
    if (types.isMap(value)) {
      const key = this.#common(value.keys(), depth);
      return mapOf(KEY_KINDS.has(key.kind) ? key : SHAPES.interface, this.#common(value.values(), depth));
    }
    return objectShape(value, this.#structs);
  }

  #common(parts: Iterable<unknown>, depth: number): Shape {
    let common: Shape = SHAPES.nothing;
    for (const part of parts) {
      common = commonShape(common, this.#shape(part, depth + 1));
      if (common === SHAPES.interface) break;
    }
    return common;
  }
}

/**
 * The Go type of a value inside an `interface{}`. Only few of them: Go decodes those that its program has registered. Looks no deeper than
 * the elements.
 */
export function boxedShape(value: unknown, structs: readonly GobStruct[]): Shape {
  if (typeof value !== "object" || value === null) return primitiveShape(value);
  if (Array.isArray(value)) return KNOWN_SLICES.get(primitiveKind(value)) ?? ANY_SLICE;
  if (types.isSet(value)) return KNOWN_SETS.get(primitiveKind(value)) ?? ANY_SET;
  if (types.isMap(value)) return isStringKeyed(value) ? STRING_MAP : ANY_MAP;
  return objectShape(value, structs);
}

/** @returns the kind of primitives that all parts are, or another kind */
function primitiveKind(parts: Iterable<unknown>): ShapeKind {
  let common: Shape = SHAPES.nothing;
  for (const part of parts) {
    if (typeof part === "object") return "interface";
    common = commonShape(common, primitiveShape(part));
    if (common === SHAPES.interface) break;
  }
  return common.kind;
}

function isStringKeyed(map: ReadonlyMap<unknown, unknown>): boolean {
  for (const key of map.keys()) if (typeof key !== "string") return false;
  return true;
}

function primitiveShape(value: unknown): Shape {
  switch (typeof value) {
    case "string":
      return SHAPES.string;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? SHAPES.int : SHAPES.float;
    case "boolean":
      return SHAPES.bool;
    case "bigint":
      return bigShape(value);
    default:
      return SHAPES.interface;
  }
}

function bigShape(value: bigint): Shape {
  if (value < 0n) return value >= -MAX_INT64 ? SHAPES.int64 : SHAPES.bigInt;
  if (value < MAX_INT64) return SHAPES.natural;
  return value < MAX_UINT64 ? SHAPES.uint64 : SHAPES.bigInt;
}

function objectShape(value: object, structs: readonly GobStruct[]): Shape {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return structs.length === 0 ? SHAPES.object : plainShape(value, structs);
  if (prototype === null) return SHAPES.bareObject;
  if (value instanceof Uint8Array) return SHAPES.bytes;
  if (types.isDate(value)) return SHAPES.time;
  return TYPED_ARRAY_SHAPES.get(prototype) ?? SHAPES.interface;
}

function plainShape(value: object, structs: readonly GobStruct[]): Shape {
  const names = Object.keys(value);
  return structs.find((candidate) => candidate.matches(value, names))?.shape ?? SHAPES.object;
}
