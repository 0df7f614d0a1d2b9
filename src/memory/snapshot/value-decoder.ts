import { Buffer } from "node:buffer";
import { growByHoles } from "../../entry/array-holes.ts";
import { ERROR_CLASSES, ERROR_FIELDS, VIEW_CLASSES } from "../../entry/built-in-classes.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { NameReader } from "./name-table.ts";
import { MAX_VALUE_DEPTH, SMALL_INTEGERS_FROM, VALUE_KINDS } from "./snapshot-layout.ts";

/** Longest array that JavaScript has. */
const MAX_ARRAY_LENGTH = 2 ** 32 - 1;

/** Stands for the end of a `Map` or `Set`; no value is it. */
const END: unique symbol = Symbol("end");

/**
 * Reads what a `ValueEncoder` wrote. Takes nothing on trust: no length is allocated that the bytes do not fill, and no value is nested deeper
 * than the encoder allows.
 */
export class ValueDecoder {
  readonly #reader: ByteReader;
  readonly #names: NameReader;
  /** The objects of the value, by their numbers. */
  readonly #objects: object[] = [];

  constructor(reader: ByteReader, names: NameReader) {
    this.#reader = reader;
    this.#names = names;
  }

  /** @throws FormatFault */
  read(): unknown {
    this.#objects.length = 0;
    return this.#value(0);
  }

  #value(depth: number): unknown {
    const kind = this.#reader.byte();
    const part = this.#part(kind, depth);
    if (part === END) throw this.#reader.fault("an end where a value should be");
    return part;
  }

  /** A value, or the end of a `Map` or `Set`. */
  #part(kind: number, depth: number): unknown {
    if (kind >= SMALL_INTEGERS_FROM) return kind - SMALL_INTEGERS_FROM;
    switch (kind) {
      case VALUE_KINDS.text:
        return this.#reader.text();
      case VALUE_KINDS.object:
        return this.#properties(this.#met({}), depth);
      case VALUE_KINDS.integer:
        return this.#integer();
      case VALUE_KINDS.double:
        return this.#reader.double();
      case VALUE_KINDS.true:
        return true;
      case VALUE_KINDS.false:
        return false;
      case VALUE_KINDS.null:
        return null;
      case VALUE_KINDS.undefined:
        return undefined;
      case VALUE_KINDS.end:
        return END;
      default:
        return this.#rarePart(kind, depth);
    }
  }

  #rarePart(kind: number, depth: number): unknown {
    switch (kind) {
      case VALUE_KINDS.array:
        return this.#elements(this.#met([]), depth);
      case VALUE_KINDS.namedArray:
        return this.#properties(this.#elements(this.#met([]), depth), depth);
      case VALUE_KINDS.bareObject:
        return this.#properties(this.#met(Object.create(null) as object), depth);
      case VALUE_KINDS.map:
        return this.#members(this.#met(new Map<unknown, unknown>()), depth);
      case VALUE_KINDS.set:
        return this.#members(this.#met(new Set<unknown>()), depth);
      case VALUE_KINDS.error:
        return this.#error(depth);
      case VALUE_KINDS.reference:
        return this.#reference();
      case VALUE_KINDS.bigint:
        return this.#bigint();
      case VALUE_KINDS.negativeBigint:
        return -this.#bigint();
      default:
        return this.#met(this.#builtIn(kind));
    }
  }

  #integer(): number {
    const folded = this.#reader.varint();
    return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
  }

  #bigint(): bigint {
    const hex = this.#reader.raw(this.#reader.varint()).toString("hex");
    return BigInt(`0x${hex === "" ? "0" : hex}`);
  }

  #properties<T extends object>(target: T, depth: number): T {
    this.#assertDepth(depth);
    const count = this.#reader.varint();
    for (let index = 0; index < count; index += 1) {
      define(target, this.#names.read(this.#reader), this.#value(depth + 1));
    }
    return target;
  }

  #elements(target: unknown[], depth: number): unknown[] {
    this.#assertDepth(depth);
    const length = this.#reader.varint();
    if (length > MAX_ARRAY_LENGTH) throw this.#reader.fault("an array that is too long");
    while (target.length < length) {
      const kind = this.#reader.byte();
      if (kind !== VALUE_KINDS.holes) {
        const part = this.#part(kind, depth + 1);
        if (part === END) throw this.#reader.fault("an end inside an array");
        target.push(part);
        continue;
      }
      const count = this.#reader.varint();
      if (count === 0 || count > length - target.length) throw this.#reader.fault("an array with too many holes");
      growByHoles(target, target.length + count);
    }
    return target;
  }

  #members<T extends Map<unknown, unknown> | Set<unknown>>(target: T, depth: number): T {
    this.#assertDepth(depth);
    for (;;) {
      const part = this.#part(this.#reader.byte(), depth + 1);
      if (part === END) return target;
      if (target instanceof Map) target.set(part, this.#value(depth + 1));
      else target.add(part);
    }
  }

  #error(depth: number): Error {
    this.#assertDepth(depth);
    const ErrorClass = ERROR_CLASSES[this.#reader.byte()];
    if (ErrorClass === undefined) throw this.#reader.fault("an error of an unknown class");
    const fields = this.#reader.byte();
    const error = this.#met(new ErrorClass());
    Reflect.deleteProperty(error, "stack");
    for (const [bit, name] of ERROR_FIELDS.entries()) {
      if ((fields & (1 << bit)) === 0) continue;
      const enumerable = (fields & (8 << bit)) !== 0;
      const value = this.#value(depth + 1);
      Object.defineProperty(error, name, { value, writable: true, enumerable, configurable: true });
    }
    return error;
  }

  #reference(): object {
    const known = this.#objects[this.#reader.varint()];
    if (known === undefined) throw this.#reader.fault("a reference to nothing");
    return known;
  }

  #builtIn(kind: number): object {
    switch (kind) {
      case VALUE_KINDS.date:
        return new Date(this.#reader.double());
      case VALUE_KINDS.regExp:
        return this.#regExp();
      case VALUE_KINDS.boxed:
        return this.#boxed();
      case VALUE_KINDS.arrayBuffer:
        return this.#ownBytes().buffer;
      case VALUE_KINDS.view:
        return this.#view();
      default:
        throw this.#reader.fault(`a value of the unknown kind ${kind}`);
    }
  }

  #regExp(): RegExp {
    const source = this.#reader.text();
    const flags = this.#reader.text();
    const lastIndex = this.#primitive();
    if (!Number.isSafeInteger(lastIndex)) throw this.#reader.fault("a regular expression without a position");
    try {
      const regExp = new RegExp(source, flags);
      regExp.lastIndex = lastIndex as number;
      return regExp;
    } catch (cause) {
      throw this.#reader.fault("a regular expression that this Node.js does not know", { isUnsupported: true, cause });
    }
  }

  #boxed(): object {
    const primitive = this.#primitive();
    if (primitive === null || primitive === undefined) throw this.#reader.fault("a box with nothing in it");
    return Object(primitive) as object;
  }

  /** A value without parts. Looked at before it is read: boxes in boxes would be nested without end. */
  #primitive(): unknown {
    const kind = this.#reader.byte();
    if (kind > VALUE_KINDS.text && kind < SMALL_INTEGERS_FROM)
      throw this.#reader.fault("an object instead of a primitive");
    return this.#part(kind, 0);
  }

  #view(): object {
    const number = this.#reader.byte();
    if (number === 0) {
      const source = this.#reader.raw(this.#reader.varint());
      // Not from the pool: a small buffer would keep 8 KiB alive.
      const buffer = Buffer.allocUnsafeSlow(source.length);
      source.copy(buffer);
      return buffer;
    }
    const View = VIEW_CLASSES[number];
    if (View === undefined) throw this.#reader.fault("a view of an unknown class");
    try {
      return new View(this.#ownBytes().buffer);
    } catch (cause) {
      throw this.#reader.fault("a view with part of an element", { cause });
    }
  }

  /** The next sized bytes, in memory of their own. */
  #ownBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#reader.raw(this.#reader.varint()));
  }

  /** Gives an object its number. */
  #met<T extends object>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  #assertDepth(depth: number): void {
    if (depth >= MAX_VALUE_DEPTH) throw this.#reader.fault("a value that is nested too deeply");
  }
}

/** A plain assignment to `__proto__` would change the object's prototype. */
function define(target: object, name: string, part: unknown): void {
  if (name === "__proto__" || Array.isArray(target)) {
    Object.defineProperty(target, name, { value: part, writable: true, enumerable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[name] = part;
  }
}
