import { types } from "node:util";
import { SerializationError } from "../foundation/errors.ts";
import { growByHoles } from "./array-holes.ts";
import { ERROR_CLASSES, ERROR_FIELDS, isBuiltInInside } from "./built-in-classes.ts";
import { classInstance, copyBuiltIn, copyOfCopiedView } from "./built-in-copy.ts";
import {
  assertNoOtherProperties,
  enumerableNames,
  listNamesBesidesElements,
  namesBesidesElements,
  namesBesidesElementsOfCopy,
  presentIndices,
} from "./own-properties.ts";
import { formatPath, isStackOverflow, type PathStep, UncopyablePart } from "./uncopyable-part.ts";

/**
 * A deep copy that shares nothing mutable with the original: primitives, plain objects, arrays, `Map`, `Set`, `Date`,
 * `RegExp`, the standard errors, boxed primitives, `ArrayBuffer`, typed arrays, `DataView` and `Buffer`, with cycles and shared parts.
 *
 * Stricter than `structuredClone`, which would turn a `Buffer` into a `Uint8Array` and an instance of a class into a
 * plain object without a word: buffers stay buffers, named properties of arrays (`match.index`) and `RegExp.lastIndex` stay, and what
 * cannot come back equal is refused: instances of classes, properties of their own on other built-in objects, properties that
 * are not enumerable (of arrays and views above 64 elements they are not looked for). Getters are read once and become values.
 * Two views of one `ArrayBuffer` become independent.
 *
 * @throws SerializationError `GCX_SERIALIZATION_VALUE` with the path of the first part that cannot be copied, and as `cause` what
 * a getter threw. O(size)
 */
export function structuredCopy<T>(value: T): T {
  return isPrimitive(value) ? value : copyWith(new Copier(OF_ANYTHING), value);
}

/**
 * A copy of what {@link structuredCopy} returned, provided that nobody changed it: need not look for what a copy would lose, which
 * is half of the work, and of bytes most of it. O(size)
 */
export function copyOfCopy<T>(value: T): T {
  if (isPrimitive(value)) return value;
  if (ArrayBuffer.isView(value)) return copyOfCopiedView(value) as T;
  return copyWith(new Copier(OF_COPIES), value);
}

/**
 * As {@link structuredCopy}, for callers with words of their own.
 *
 * @throws UncopyablePart with the path to the part; RangeError when the value is nested too deeply for the stack
 */
export function copyParts(value: unknown): unknown {
  if (isPrimitive(value)) return value;
  try {
    return new Copier(OF_ANYTHING).copy(value);
  } catch (error) {
    throw isStackOverflow(error) ? error : toUncopyable(error);
  }
}

function copyWith<T>(copier: Copier, value: T): T {
  try {
    return copier.copy(value) as T;
  } catch (error) {
    if (isStackOverflow(error))
      throw new SerializationError("$", "The value is nested too deeply to be copied.", { cause: error });
    const part = toUncopyable(error);
    const path = formatPath(part.steps);
    const message = `The value cannot be copied: ${part.reason} at ${path}. Store plain data, or use memory.copy: false.`;
    throw new SerializationError(path, message, part.cause === undefined ? {} : { cause: part.cause });
  }
}

/** Whether a value needs no copy: it cannot change. Symbols are no data and are refused by the copier. */
function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}

/** What came out of reading a part is the doing of the caller's code: a getter, or a trap of a proxy. */
function toUncopyable(error: unknown): UncopyablePart {
  return error instanceof UncopyablePart ? error : new UncopyablePart("a part that throws when it is read", error);
}

/** How closely a copier looks at what it copies. */
interface CopierCare {
  readonly namesOf: (source: object) => readonly string[];
  readonly namesBesidesElements: (source: readonly unknown[]) => readonly string[];
  readonly copyBuiltIn: (source: object) => object;
}

const OF_ANYTHING: CopierCare = { namesOf: enumerableNames, namesBesidesElements, copyBuiltIn };
const OF_COPIES: CopierCare = {
  namesOf: Object.keys,
  namesBesidesElements: namesBesidesElementsOfCopy,
  copyBuiltIn: (source) => (ArrayBuffer.isView(source) ? copyOfCopiedView(source) : copyBuiltIn(source)),
};

class Copier {
  readonly #copies = new Map<object, unknown>();
  readonly #care: CopierCare;

  constructor(care: CopierCare) {
    this.#care = care;
  }

  copy(value: unknown): unknown {
    if (isPrimitive(value)) return value;
    if (typeof value !== "object") throw new UncopyablePart(`a ${typeof value}`);
    const source = value as object;
    const known = this.#copies.get(source);
    if (known !== undefined) return known;
    if (Array.isArray(source)) return this.#copyArray(source);
    const prototype: unknown = Object.getPrototypeOf(source);
    if (prototype === Object.prototype || prototype === null)
      return this.#copyPlain(source, prototype as object | null);
    if (types.isMap(source)) return this.#copyMap(source);
    if (types.isSet(source)) return this.#copySet(source);
    if (types.isNativeError(source)) return this.#copyError(source);
    const copy = this.#care.copyBuiltIn(source);
    this.#copies.set(source, copy);
    return copy;
  }

  /** Copies a property or element, which may run a getter. */
  #copyProperty(source: object, name: PathStep): unknown {
    try {
      return this.copy((source as Record<PathStep, unknown>)[name]);
    } catch (error) {
      throw atStep(error, name);
    }
  }

  #copyMember(step: number, part: unknown): unknown {
    try {
      return this.copy(part);
    } catch (error) {
      throw atStep(error, step);
    }
  }

  #copyArray(source: readonly unknown[]): unknown[] {
    if (Object.getPrototypeOf(source) !== Array.prototype) throw classInstance();
    const copy: unknown[] = [];
    this.#copies.set(source, copy);
    for (let index = 0; index < source.length; index += 1) {
      const part = source[index];
      // A hole reads as undefined.
      if (part === undefined && !(index in source)) return this.#copySparse(source, copy);
      copy.push(this.#copyMember(index, part));
    }
    for (const name of this.#care.namesBesidesElements(source)) define(copy, name, this.#copyProperty(source, name));
    return copy;
  }

  /** @param copy has the elements before the first hole. Holes stay holes. */
  #copySparse(source: readonly unknown[], copy: unknown[]): unknown[] {
    const indices = presentIndices(source, copy.length);
    growByHoles(copy, source.length);
    for (const index of indices) copy[index] = this.#copyProperty(source, index);
    for (const name of listNamesBesidesElements(source)) define(copy, name, this.#copyProperty(source, name));
    return copy;
  }

  #copyPlain(source: object, prototype: object | null): object {
    const copy: object = prototype === null ? Object.create(null) : {};
    this.#copies.set(source, copy);
    const names = this.#care.namesOf(source);
    if (names.length === 0 && isBuiltInInside(source)) throw classInstance();
    for (const name of names) define(copy, name, this.#copyProperty(source, name));
    return copy;
  }

  #copyMap(source: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
    if (Object.getPrototypeOf(source) !== Map.prototype) throw classInstance();
    assertNoOtherProperties(source, []);
    const copy = new Map<unknown, unknown>();
    this.#copies.set(source, copy);
    let position = 0;
    for (const [key, part] of source) {
      copy.set(this.#copyMember(position, key), this.#copyMember(position, part));
      position += 1;
    }
    return copy;
  }

  #copySet(source: ReadonlySet<unknown>): Set<unknown> {
    if (Object.getPrototypeOf(source) !== Set.prototype) throw classInstance();
    assertNoOtherProperties(source, []);
    const copy = new Set<unknown>();
    this.#copies.set(source, copy);
    let position = 0;
    for (const part of source) {
      copy.add(this.#copyMember(position, part));
      position += 1;
    }
    return copy;
  }

  /** Standard errors keep class, message, stack and cause. */
  #copyError(source: Error): Error {
    const ErrorClass = ERROR_CLASSES.find((candidate) => candidate.prototype === Object.getPrototypeOf(source));
    if (ErrorClass === undefined) throw classInstance();
    assertNoOtherProperties(source, ERROR_FIELDS);
    const copy = new ErrorClass();
    // The copy's own stack is not the source's, which may have none.
    Reflect.deleteProperty(copy, "stack");
    this.#copies.set(source, copy);
    for (const name of ERROR_FIELDS) {
      if (!Object.hasOwn(source, name)) continue;
      const enumerable = Object.prototype.propertyIsEnumerable.call(source, name);
      const value = this.#copyProperty(source, name);
      Object.defineProperty(copy, name, { value, writable: true, enumerable, configurable: true });
    }
    return copy;
  }
}

function atStep(error: unknown, step: PathStep): unknown {
  if (isStackOverflow(error)) return error;
  const part = toUncopyable(error);
  part.steps.unshift(step);
  return part;
}

/** A plain assignment to `__proto__` would change the copy's prototype. */
function define(copy: object, name: string, part: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(copy, name, { value: part, writable: true, enumerable: true, configurable: true });
  } else {
    (copy as Record<string, unknown>)[name] = part;
  }
}
