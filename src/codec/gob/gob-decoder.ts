import { Buffer } from "node:buffer";
import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { decodeGoBigInt, decodeGoTime } from "./go-encoded.ts";
import { MAX_TYPE_NAME_BYTES, type NumberArray, type TypedArrayClass } from "./gob-layout.ts";
import { GobReader, malformed } from "./gob-reader.ts";
import { arrayBytes, collectionBytes, MemoryBudget, objectBytes, PART_BYTES } from "./memory-budget.ts";
import { planStruct, zeroValue } from "./struct-plan.ts";
import { readTypedArray } from "./typed-array-values.ts";
import type { GobStruct } from "./value-shape.ts";
import { BASIC_TYPES, readTypeId, readWireType, type StructPlan, type WireType } from "./wire-type.ts";

/** Reads the value of one stream. Types are resolved when a value needs them, so that definitions that go in circles cost nothing. */
export class GobDecoder {
  readonly #reader: GobReader;
  readonly #limits: CodecLimits;
  readonly #budget: MemoryBudget;
  readonly #structs: readonly GobStruct[];
  readonly #types = new Map<number, WireType>();

  constructor(bytes: Uint8Array, limits: CodecLimits, structs: readonly GobStruct[]) {
    this.#reader = new GobReader(bytes);
    this.#limits = limits;
    this.#budget = new MemoryBudget(limits);
    this.#structs = structs;
  }

  /** @throws CodecFault */
  read(): unknown {
    const reader = this.#reader;
    reader.open();
    const type = this.#typeSequence();
    const value = this.#single(type, 0);
    reader.close();
    if (reader.leftBytes > 0) throw malformed("messages behind the value");
    return value;
  }

  /**
   * Definitions of types, and the type of the value that follows. Each definition ends a chunk, and the value or the next definition
   * begins another: this is how Go's encoder sends a type that it meets in the midst of a value.
   */
  #typeSequence(): WireType {
    const reader = this.#reader;
    for (;;) {
      const id = readTypeId(reader);
      if (id >= 0) return this.#resolve(id);
      if (this.#types.has(-id)) throw malformed("a type that is defined twice");
      this.#types.set(-id, readWireType(reader));
      reader.close();
      reader.open();
    }
  }

  #resolve(id: number): WireType {
    const type = this.#types.get(id) ?? BASIC_TYPES.get(id);
    if (type === undefined) throw malformed("a value of a type that is not defined");
    return type;
  }

  /** A value that is not inside another: all but structs have a zero in front, as if they were a field. */
  #single(type: WireType, depth: number): unknown {
    if (type.kind === "struct") return this.#struct(type, depth);
    if (this.#reader.uint() !== 0) throw malformed("a value with a field's number");
    return this.#value(type, depth);
  }

  #value(type: WireType, depth: number): unknown {
    const reader = this.#reader;
    switch (type.kind) {
      case "string":
        return reader.text();
      case "int":
        return reader.signed();
      case "interface":
        return this.#interface(depth);
      case "float":
        return reader.double();
      case "bool":
        return this.#bool();
      case "uint":
        return reader.unsigned();
      case "struct":
        return this.#struct(type, depth);
      case "object":
        return this.#object(type, {}, depth);
      case "slice":
      case "array":
        return this.#array(type, depth);
      default:
        return this.#rareValue(type, depth);
    }
  }

  #rareValue(type: WireType, depth: number): unknown {
    const reader = this.#reader;
    switch (type.kind) {
      case "map":
        return this.#map(type, depth);
      case "set":
        return this.#set(type, depth);
      case "bare-object":
        return this.#object(type, Object.create(null) as object, depth);
      case "text":
        return reader.text();
      case "complex":
        this.#take(PART_BYTES.small);
        return { real: reader.double(), imag: reader.double() };
      case "typed-array":
        return this.#typedArray(type.typedArray as TypedArrayClass);
      default:
        this.#take(PART_BYTES.small);
        return this.#encoded(type);
    }
  }

  #typedArray(typedArray: TypedArrayClass): NumberArray {
    const count = this.#reader.count(1);
    this.#take(PART_BYTES.small + count * typedArray.elementBytes);
    return readTypedArray(this.#reader, typedArray, count);
  }

  /** What Go has sent as bytes, and what those are when another type wrote them. */
  #encoded(type: WireType): unknown {
    const bytes = this.#reader.bytes();
    if (type.kind === "bytes" && this.#reader.isPadded) {
      // Not from the pool: a small buffer would keep 8 KiB alive.
      const buffer = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(buffer);
      return buffer;
    }
    if (type.kind === "time" || type.kind === "unnamed") {
      const timeMs = decodeGoTime(bytes);
      if (timeMs !== undefined) return new Date(timeMs);
    }
    if (type.kind === "big-int" || type.kind === "unnamed") {
      const value = decodeGoBigInt(bytes);
      if (value !== undefined) return value;
    }
    return new Uint8Array(bytes);
  }

  #bool(): boolean {
    const value = this.#reader.uint();
    if (value > 1) throw malformed("a truth value that is neither");
    return value === 1;
  }

  #struct(type: WireType, depth: number): object {
    type.plan ??= this.#plan(type);
    const { names, types, memoryBytes } = type.plan;
    this.#enter(depth, memoryBytes);
    const target = {};
    let next = 0;
    for (;;) {
      const delta = this.#reader.uint();
      const field = delta === 0 ? names.length : next + delta - 1;
      if (field >= names.length && delta !== 0) throw malformed("a field that its struct does not have");
      for (; next < field; next += 1) define(target, names[next] as string, zeroValue(types[next] as WireType));
      if (delta === 0) return target;
      define(target, names[field] as string, this.#value(types[field] as WireType, depth + 1));
      next = field + 1;
    }
  }

  #plan(type: WireType): StructPlan {
    const plan = planStruct(type, this.#structs, (id) => this.#resolve(id));
    if (plan === undefined) throw malformed("a struct with the same field twice");
    return plan;
  }

  #array(type: WireType, depth: number): unknown[] {
    const count = this.#reader.count(1);
    if (type.kind === "array" && count !== type.length) throw malformed("an array of another length than its type's");
    this.#enter(depth, arrayBytes(count));
    const element = this.#resolve(type.elementId);
    const target: unknown[] = [];
    for (let index = 0; index < count; index += 1) target.push(this.#value(element, depth + 1));
    return target;
  }

  #set(type: WireType, depth: number): Set<unknown> {
    const count = this.#reader.count(1);
    this.#enter(depth, collectionBytes(count));
    const element = this.#resolve(type.elementId);
    const target = new Set<unknown>();
    for (let index = 0; index < count; index += 1) target.add(this.#value(element, depth + 1));
    if (target.size !== count) throw malformed("a set with the same member twice");
    return target;
  }

  #object(type: WireType, target: object, depth: number): object {
    const count = this.#reader.count(2);
    this.#enter(depth, objectBytes(count));
    const element = this.#resolve(type.elementId);
    for (let index = 0; index < count; index += 1) {
      const name = this.#reader.key();
      if (Object.hasOwn(target, name)) throw sameKey();
      define(target, name, this.#value(element, depth + 1));
    }
    return target;
  }

  #map(type: WireType, depth: number): Map<unknown, unknown> {
    const count = this.#reader.count(2);
    this.#enter(depth, collectionBytes(count));
    const key = this.#resolve(type.keyId);
    const element = this.#resolve(type.elementId);
    const target = new Map<unknown, unknown>();
    for (let index = 0; index < count; index += 1) {
      const name = this.#value(key, depth + 1);
      target.set(name, this.#value(element, depth + 1));
    }
    if (target.size !== count) throw sameKey();
    return target;
  }

  /**
   * The name of a type, definitions, the type's number, and a chunk with the value. Go needs the name to find a type of its program; here
   * the number says all.
   */
  #interface(depth: number): unknown {
    const reader = this.#reader;
    const nameBytes = reader.skip();
    if (nameBytes === 0) return reader.isPadded ? undefined : null;
    if (nameBytes > MAX_TYPE_NAME_BYTES) throw malformed("a type with a name that is too long");
    const type = this.#typeSequence();
    // Go has none, and interfaces in interfaces would be nested without end.
    if (type.kind === "interface") throw malformed("an interface in an interface");
    reader.open();
    const value = this.#single(type, depth);
    reader.close();
    return value;
  }

  #enter(depth: number, bytes: number): void {
    if (depth >= this.#limits.maxDepth) throw new CodecFault("too-large", "a gob that is nested too deeply");
    this.#take(bytes);
  }

  #take(bytes: number): void {
    if (!this.#budget.take(bytes)) throw new CodecFault("too-large", "a gob that would take too much memory");
  }
}

/** Go's maps may have keys that are one in JavaScript: several NaN, or 1 as an `int` and as a `float64`. One would be lost. */
function sameKey(): CodecFault {
  return malformed("a map with two keys that are the same in JavaScript");
}

/** A plain assignment to `__proto__` would change the object's prototype. */
function define(target: object, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[name] = value;
  }
}
