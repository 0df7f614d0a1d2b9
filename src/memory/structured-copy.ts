import { types } from "node:util";
import { SerializationError } from "../foundation/errors.ts";

/** Why a part cannot be copied; turned into a `SerializationError` with the path at the top. */
class UncopyablePart {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A property's name or index on the way to a part; anything else is already text. */
type PathStep = string | number;

/**
 * A deep copy that shares nothing mutable with the original: primitives, plain objects, arrays, `Map`, `Set`, `Date`,
 * `RegExp`, the standard errors, boxed primitives, `ArrayBuffer`, typed arrays, `DataView` and `Buffer`, with cycles and shared parts.
 *
 * Stricter than `structuredClone`, which would turn a `Buffer` into a `Uint8Array` and an instance of a class into a
 * plain object without a word: buffers stay buffers, and what cannot come back equal is refused. Getters are read once and become values.
 * Two views of one `ArrayBuffer` become independent.
 *
 * @throws SerializationError `GCX_SERIALIZATION_VALUE` with the path of the first part that cannot be copied. O(size)
 */
export function structuredCopy<T>(value: T): T {
  if (isPrimitive(value)) return value;
  try {
    return new Copier(undefined).copy(value) as T;
  } catch (error) {
    if (error instanceof RangeError)
      throw new SerializationError("$", "The value is nested too deeply to be copied.", { cause: error });
    if (!(error instanceof UncopyablePart)) throw error;
    const path = locateFailure(value);
    throw new SerializationError(
      path,
      `The value cannot be copied: ${error.reason} at ${path}. Store plain data, or use memory.copy: false.`,
    );
  }
}

/** Whether a value needs no copy: it cannot change. Symbols are no data and are refused by the copier. */
function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}

/** Copies again, this time writing down the way. Only failures pay for it. */
function locateFailure(value: unknown): string {
  const steps: PathStep[] = [];
  try {
    new Copier(steps).copy(value);
  } catch (error) {
    if (!(error instanceof UncopyablePart)) throw error;
  }
  return formatPath(steps);
}

/** Writes steps as JSONPath does: `$.user.tags[3]["odd name"]`. */
export function formatPath(steps: readonly PathStep[]): string {
  let path = "$";
  for (const step of steps) {
    if (typeof step === "number") path += `[${step}]`;
    else path += /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  }
  return path;
}

class Copier {
  readonly #copies = new Map<object, unknown>();
  readonly #steps: PathStep[] | undefined;

  constructor(steps: PathStep[] | undefined) {
    this.#steps = steps;
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
    return this.#copyBuiltIn(source);
  }

  /** Copies a part; on failure the steps that lead to it stay. */
  #copyAt(step: PathStep, part: unknown): unknown {
    this.#steps?.push(step);
    const copy = this.copy(part);
    this.#steps?.pop();
    return copy;
  }

  #copyArray(source: readonly unknown[]): unknown[] {
    if (Object.getPrototypeOf(source) !== Array.prototype) throw new UncopyablePart("an instance of a class");
    const copy: unknown[] = new Array(source.length);
    this.#copies.set(source, copy);
    for (let index = 0; index < source.length; index += 1) {
      const part = source[index];
      // A hole reads as undefined; it stays a hole.
      if (part !== undefined || index in source) copy[index] = this.#copyAt(index, part);
    }
    return copy;
  }

  #copyPlain(source: object, prototype: object | null): object {
    const copy: object = prototype === null ? Object.create(null) : {};
    this.#copies.set(source, copy);
    for (const name of Object.keys(source)) {
      define(copy, name, this.#copyAt(name, (source as Record<string, unknown>)[name]));
    }
    if (Object.getOwnPropertySymbols(source).length > 0) throw new UncopyablePart("a property named by a symbol");
    return copy;
  }

  #copyBuiltIn(source: object): unknown {
    if (types.isMap(source)) return this.#copyMap(source);
    if (types.isSet(source)) return this.#copySet(source);
    const copy = copyIndivisible(source);
    // Subclasses would come back as their base class.
    if (Object.getPrototypeOf(copy) !== Object.getPrototypeOf(source))
      throw new UncopyablePart("an instance of a class");
    this.#copies.set(source, copy);
    return copy;
  }

  #copyMap(source: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
    if (Object.getPrototypeOf(source) !== Map.prototype) throw new UncopyablePart("an instance of a class");
    const copy = new Map<unknown, unknown>();
    this.#copies.set(source, copy);
    let position = 0;
    for (const [key, part] of source) {
      copy.set(this.#copyAt(position, key), this.#copyAt(position, part));
      position += 1;
    }
    return copy;
  }

  #copySet(source: ReadonlySet<unknown>): Set<unknown> {
    if (Object.getPrototypeOf(source) !== Set.prototype) throw new UncopyablePart("an instance of a class");
    const copy = new Set<unknown>();
    this.#copies.set(source, copy);
    let position = 0;
    for (const part of source) {
      copy.add(this.#copyAt(position, part));
      position += 1;
    }
    return copy;
  }
}

/** A plain assignment to `__proto__` would change the copy's prototype. */
function define(copy: object, name: string, part: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(copy, name, { value: part, writable: true, enumerable: true, configurable: true });
  } else {
    (copy as Record<string, unknown>)[name] = part;
  }
}

/** Copies a built-in object without parts of its own. */
function copyIndivisible(source: object): object {
  if (ArrayBuffer.isView(source)) return copyView(source);
  if (types.isDate(source)) return new Date(source.getTime());
  if (types.isArrayBuffer(source)) return source.slice(0);
  if (types.isRegExp(source) || types.isBoxedPrimitive(source)) return cloneByPlatform(source);
  if (types.isNativeError(source)) return copyError(source);
  if (types.isSharedArrayBuffer(source)) throw new UncopyablePart("a SharedArrayBuffer, which stays shared,");
  throw new UncopyablePart("an instance of a class, which would lose its prototype,");
}

function copyView(source: ArrayBufferView): object {
  if (Buffer.isBuffer(source)) {
    // Not from the pool: a small buffer would keep 8 KiB alive.
    const copy = Buffer.allocUnsafeSlow(source.length);
    source.copy(copy);
    return copy;
  }
  const bytes = new Uint8Array(source.byteLength);
  bytes.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (types.isUint8Array(source)) return bytes;
  return new (source.constructor as new (buffer: ArrayBuffer) => object)(bytes.buffer);
}

/** Standard errors keep name, message, stack and cause; one with more properties would lose them. */
function copyError(source: Error): object {
  if (Object.keys(source).length > 0) throw new UncopyablePart("an error with properties of its own");
  return cloneByPlatform(source);
}

function cloneByPlatform(source: object): object {
  try {
    return structuredClone(source);
  } catch {
    throw new UncopyablePart("an object that the platform cannot clone");
  }
}
