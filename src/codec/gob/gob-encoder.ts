import { Buffer } from "node:buffer";
import { classInstance, copyBuiltIn } from "../../entry/built-in-copy.ts";
import { assertNoOtherProperties, enumerableNames, namesBesidesElements } from "../../entry/own-properties.ts";
import { type PathStep, UncopyablePart } from "../../entry/uncopyable-part.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { encodeGoBigInt, encodeGoTime } from "./go-encoded.ts";
import type { NumberArray, TypedArrayClass } from "./gob-layout.ts";
import { GobWriter } from "./gob-writer.ts";
import { boxedShape, ShapeInference } from "./infer-shape.ts";
import { arrayBytes, collectionBytes, MemoryBudget, objectBytes, PART_BYTES } from "./memory-budget.ts";
import { TypeDefinitions } from "./type-definitions.ts";
import {
  elementOf,
  type GobStruct,
  keyOf,
  SHAPES,
  type Shape,
  type ShapeKind,
  type StructField,
} from "./value-shape.ts";

/** Writes the stream of one value, from its end to its beginning: see {@link GobWriter}. */
export class GobEncoder {
  readonly #writer: GobWriter;
  readonly #budget: MemoryBudget;
  readonly #limits: CodecLimits;
  readonly #structs: readonly GobStruct[];
  readonly #types = new TypeDefinitions();

  constructor(structs: readonly GobStruct[], limits: CodecLimits) {
    this.#writer = new GobWriter(limits.maxValueBytes);
    this.#budget = new MemoryBudget(limits);
    this.#limits = limits;
    this.#structs = structs;
  }

  /** @throws UncopyablePart */
  encode(value: unknown, root: "concrete" | "interface" = "concrete"): Uint8Array {
    const writer = this.#writer;
    const shape =
      root === "interface" ? SHAPES.interface : new ShapeInference(this.#structs, this.#limits).shapeOf(value);
    this.#single(value, shape, 0);
    writer.int(this.#types.idOf(shape));
    writer.uint(writer.length);
    this.#types.write(writer);
    return writer.take();
  }

  /** All but structs have a zero in front, as if they were a field. */
  #single(value: unknown, shape: Shape, depth: number): void {
    this.#value(value, shape, depth);
    if (shape.kind !== "struct") this.#writer.byte(0);
  }

  /** @param shape what it is written as; a value that is something else by now is refused */
  #value(value: unknown, shape: Shape, depth: number): void {
    switch (shape.kind) {
      case "interface":
        this.#interface(value, depth);
        return;
      case "string":
        this.#writer.text(expectType(value, "string", shape) as string);
        return;
      case "int":
      case "natural":
      case "int64":
        this.#int(value, shape);
        return;
      case "float":
        this.#writer.double(expectType(value, "number", shape) as number);
        return;
      case "bool":
        this.#writer.byte(expectType(value, "boolean", shape) === true ? 1 : 0);
        return;
      case "uint64":
        this.#uint(value, shape);
        return;
      case "big-int":
        this.#take(PART_BYTES.small);
        this.#writer.bytes(encodeGoBigInt(expectType(value, "bigint", shape) as bigint), false);
        return;
      default:
        if (typeof value !== "object" || value === null) throw unexpected(value, shape);
        this.#object(value, shape, depth);
    }
  }

  #int(value: unknown, shape: Shape): void {
    if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) this.#writer.paddedInt(value);
    else if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#writer.int(value as number);
    else throw unexpected(value, shape);
  }

  #uint(value: unknown, shape: Shape): void {
    if (typeof value === "bigint" && BigInt.asUintN(64, value) === value) this.#writer.paddedUint(value);
    else if (Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0))
      this.#writer.uint(value as number);
    else throw unexpected(value, shape);
  }

  #object(value: object, shape: Shape, depth: number): void {
    switch (shape.kind) {
      case "object":
      case "record":
      case "bare-object":
        this.#properties(value, shape, depth);
        return;
      case "slice":
        this.#array(value, shape, depth);
        return;
      case "struct":
        this.#struct(value, shape.struct as GobStruct, depth);
        return;
      case "map":
        this.#map(value as ReadonlyMap<unknown, unknown>, shape, depth);
        return;
      case "set":
        this.#set(value as ReadonlySet<unknown>, shape, depth);
        return;
      default:
        this.#take(PART_BYTES.small);
        this.#leaf(value, shape);
    }
  }

  #leaf(value: object, shape: Shape): void {
    if (shape.kind === "time") {
      this.#date(value, shape);
      return;
    }
    // Refuses subclasses, detached buffers and properties that would be lost.
    const copy = copyBuiltIn(value);
    if (shape.kind === "typed-array") this.#typedArray(copy as NumberArray, shape.typedArray as TypedArrayClass);
    else if (copy instanceof Uint8Array) this.#writer.bytes(copy, copy instanceof Buffer);
    else throw unexpected(value, shape);
  }

  #date(value: object, shape: Shape): void {
    if (Object.getPrototypeOf(value) !== Date.prototype) throw unexpected(value, shape);
    assertNoOtherProperties(value, []);
    const timeMs = (value as Date).getTime();
    if (Number.isNaN(timeMs)) throw new UncopyablePart("an invalid Date, which Go has not,");
    this.#writer.bytes(encodeGoTime(timeMs), false);
  }

  #typedArray(value: NumberArray, typedArray: TypedArrayClass): void {
    const writer = this.#writer;
    this.#take(value.length * typedArray.elementBytes);
    for (let index = value.length - 1; index >= 0; index -= 1) {
      const element = value[index] as number | bigint;
      if (typedArray.element === "float") writer.double(element as number);
      else if (typeof element === "number") typedArray.element === "int" ? writer.int(element) : writer.uint(element);
      else typedArray.element === "int" ? writer.paddedInt(element) : writer.paddedUint(element);
    }
    writer.uint(value.length);
  }

  #properties(value: object, shape: Shape, depth: number): void {
    const isBare = shape.kind === "bare-object";
    if (Object.getPrototypeOf(value) !== (isBare ? null : Object.prototype)) throw unexpected(value, shape);
    const names = enumerableNames(value);
    const element = elementOf(shape);
    this.#enter(depth, objectBytes(names.length));
    let index = names.length - 1;
    try {
      for (; index >= 0; index -= 1) {
        const name = names[index] as string;
        this.#value((value as Record<string, unknown>)[name], element, depth + 1);
        this.#writer.text(name);
      }
    } catch (error) {
      throw atStep(error, names[index] as string);
    }
    this.#writer.uint(names.length);
  }

  #struct(value: object, struct: GobStruct, depth: number): void {
    if (Object.getPrototypeOf(value) !== Object.prototype || !struct.matches(value, enumerableNames(value))) {
      throw new UncopyablePart(`an object with other properties than the struct ${struct.goName}`);
    }
    const { fields } = struct;
    this.#enter(depth, PART_BYTES.container + fields.length * (PART_BYTES.slot + PART_BYTES.small));
    const writer = this.#writer;
    writer.byte(0);
    // The field behind, whose distance to the one in front of it is not known yet.
    let behind = -1;
    let index = fields.length - 1;
    try {
      for (; index >= 0; index -= 1) {
        const { property, shape } = fields[index] as StructField;
        const part = (value as Record<string, unknown>)[property];
        if (isZero(part, shape)) continue;
        if (behind >= 0) writer.uint(behind - index);
        this.#value(part, shape, depth + 1);
        behind = index;
      }
    } catch (error) {
      throw atStep(error, (fields[index] as StructField).property);
    }
    if (behind >= 0) writer.uint(behind + 1);
  }

  #array(value: object, shape: Shape, depth: number): void {
    if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype) throw unexpected(value, shape);
    const { length } = value;
    this.#enter(depth, arrayBytes(length));
    const element = elementOf(shape);
    let index = length - 1;
    try {
      for (; index >= 0; index -= 1) {
        const part: unknown = value[index];
        if (part === undefined && !(index in value)) throw new UncopyablePart("a hole of an array");
        this.#value(part, element, depth + 1);
      }
    } catch (error) {
      throw atStep(error, index);
    }
    this.#assertNoNames(value);
    this.#writer.uint(length);
  }

  #assertNoNames(array: readonly unknown[]): void {
    const name = namesBesidesElements(array)[0];
    if (name === undefined) return;
    throw new UncopyablePart(`an array with the property ${JSON.stringify(name)}, which a gob would lose,`);
  }

  #set(value: ReadonlySet<unknown>, shape: Shape, depth: number): void {
    if (Object.getPrototypeOf(value) !== Set.prototype) throw classInstance();
    assertNoOtherProperties(value, []);
    const members = [...value];
    this.#enter(depth, collectionBytes(members.length));
    this.#members(members, elementOf(shape), depth);
    this.#writer.uint(members.length);
  }

  #members(members: readonly unknown[], element: Shape, depth: number): void {
    let index = members.length - 1;
    try {
      for (; index >= 0; index -= 1) this.#value(members[index], element, depth + 1);
    } catch (error) {
      throw atStep(error, index);
    }
  }

  #map(value: ReadonlyMap<unknown, unknown>, shape: Shape, depth: number): void {
    if (Object.getPrototypeOf(value) !== Map.prototype) throw classInstance();
    assertNoOtherProperties(value, []);
    const pairs = [...value];
    this.#enter(depth, collectionBytes(pairs.length));
    const keyShape = keyOf(shape);
    let index = pairs.length - 1;
    try {
      for (; index >= 0; index -= 1) {
        const [key, part] = pairs[index] as [unknown, unknown];
        this.#value(part, elementOf(shape), depth + 1);
        if (keyShape === SHAPES.interface) assertKey(key);
        this.#value(key, keyShape, depth + 1);
      }
    } catch (error) {
      throw atStep(error, index);
    }
    this.#writer.uint(pairs.length);
  }

  /** The value of an `interface{}`: Go's name of its type, the type's number, and the value with its length. */
  #interface(value: unknown, depth: number): void {
    const writer = this.#writer;
    if (value === null || value === undefined) {
      writer.byte(0);
      // The same zero, padded: nil for Go, and here what it was.
      if (value === undefined) writer.byte(255);
      return;
    }
    const shape = boxedShape(value, this.#structs);
    if (shape === SHAPES.interface) throw refusal(value);
    const end = writer.length;
    this.#single(value, shape, depth);
    writer.uint(writer.length - end);
    writer.int(this.#types.idOf(shape));
    writer.text(shape.registeredName);
  }

  #enter(depth: number, bytes: number): void {
    if (depth >= this.#limits.maxDepth) throw new UncopyablePart("a part that is nested too deeply");
    this.#take(bytes);
  }

  #take(bytes: number): void {
    if (!this.#budget.take(bytes)) throw new UncopyablePart("a value larger than the limit");
  }
}

/** Fields that read as `null` when they are left out. */
const NULLABLE_KINDS: ReadonlySet<ShapeKind> = new Set(["struct", "interface", "time", "big-int"]);

/** Whether a field reads the same when it is left out. */
function isZero(value: unknown, { kind }: Shape): boolean {
  switch (kind) {
    case "int64":
    case "uint64":
    case "float":
      return Object.is(value, 0);
    case "string":
      return value === "";
    case "bool":
      return value === false;
    case "slice":
      return Array.isArray(value) && value.length === 0 && Object.getPrototypeOf(value) === Array.prototype;
    default:
      return value === null && NULLABLE_KINDS.has(kind);
  }
}

/** Keys that Go can compare; its maps and slices cannot be keys, and a `big.Int` neither. */
function assertKey(key: unknown): void {
  const isPrimitive = typeof key !== "object" || key === null;
  const isKey = isPrimitive ? key !== undefined && boxedShape(key, []) !== SHAPES.bigInt : key instanceof Date;
  if (!isKey) throw new UncopyablePart("a key of a Map that Go cannot have,");
}

function expectType(value: unknown, type: string, shape: Shape): unknown {
  if (typeof value !== type) throw unexpected(value, shape);
  return value;
}

/** A struct asks for another type, or the value changed while it was read. */
function unexpected(value: unknown, shape: Shape): UncopyablePart {
  if (typeof value === "object" && value !== null) return refusal(value);
  const what = value === null ? "null" : `a ${typeof value}`;
  return new UncopyablePart(`${what} where ${shape.registeredName || shape.kind} is expected,`);
}

function refusal(value: unknown): UncopyablePart {
  if (typeof value !== "object" || value === null) return new UncopyablePart(`a ${typeof value}`);
  return classInstance();
}

function atStep(error: unknown, step: PathStep): unknown {
  if (error instanceof UncopyablePart) error.steps.unshift(step);
  return error;
}
