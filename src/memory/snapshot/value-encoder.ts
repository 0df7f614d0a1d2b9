import { Buffer } from "node:buffer";
import { types } from "node:util";
import { ERROR_CLASSES, ERROR_FIELDS, VIEW_CLASSES } from "../../entry/built-in-classes.ts";
import { classInstance, copyBuiltIn } from "../../entry/built-in-copy.ts";
import {
  assertNoOtherProperties,
  enumerableNames,
  listNamesBesidesElements,
  namesBesidesElements,
  presentIndices,
} from "../../entry/own-properties.ts";
import { UncopyablePart } from "../../entry/uncopyable-part.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { NameWriter } from "./name-table.ts";
import { ReferenceNumbers } from "./reference-numbers.ts";
import { MAX_VALUE_DEPTH, SMALL_INTEGERS_FROM, VALUE_KINDS } from "./snapshot-layout.ts";

const MAX_INTEGER = 2 ** 31 - 1;
/** Four bits a digit make the hexadecimal text of a bigint its bytes. */
const HEX = 16;

/**
 * Writes values so that they read back equal: everything that `structuredCopy` copies, with cycles and shared parts. One walk finds what
 * cannot come back and writes the rest. The platform's structured clone would lose null prototypes, `lastIndex` and the classes of
 * instances without a word; `docs/design/snapshot-format.md` has the comparison.
 */
export class ValueEncoder {
  readonly #writer: ByteWriter;
  readonly #names: NameWriter;
  readonly #references = new ReferenceNumbers();

  constructor(writer: ByteWriter, names: NameWriter) {
    this.#writer = writer;
    this.#names = names;
  }

  /**
   * Appends a value. What was appended when it throws is garbage; the caller rewinds.
   *
   * @throws UncopyablePart when a part would not come back equal, is nested too deeply, or needs too much room; and whatever a getter
   * or the trap of a proxy throws
   */
  write(value: unknown): void {
    this.#references.clear();
    this.#value(value, 0);
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        this.#writer.byte(VALUE_KINDS.text);
        this.#writer.text(value);
        return;
      case "number":
        this.#number(value);
        return;
      case "boolean":
        this.#writer.byte(value ? VALUE_KINDS.true : VALUE_KINDS.false);
        return;
      case "undefined":
        this.#writer.byte(VALUE_KINDS.undefined);
        return;
      case "bigint":
        this.#bigint(value);
        return;
      case "object":
        if (value === null) this.#writer.byte(VALUE_KINDS.null);
        else this.#object(value, depth);
        return;
      default:
        throw new UncopyablePart(`a ${typeof value}`);
    }
  }

  #number(value: number): void {
    const isInteger = Number.isInteger(value) && Math.abs(value) <= MAX_INTEGER && !Object.is(value, -0);
    if (!isInteger) {
      this.#writer.byte(VALUE_KINDS.double);
      this.#writer.double(value);
    } else if (value >= 0 && value < 128) {
      this.#writer.byte(SMALL_INTEGERS_FROM + value);
    } else {
      this.#writer.byte(VALUE_KINDS.integer);
      this.#writer.varint(value < 0 ? -value * 2 - 1 : value * 2);
    }
  }

  #bigint(value: bigint): void {
    const hex = (value < 0n ? -value : value).toString(HEX);
    this.#writer.byte(value < 0n ? VALUE_KINDS.negativeBigint : VALUE_KINDS.bigint);
    this.#sized(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
  }

  #object(source: object, depth: number): void {
    const known = this.#references.numberOf(source);
    if (known >= 0) {
      this.#writer.byte(VALUE_KINDS.reference);
      this.#writer.varint(known);
      return;
    }
    if (depth >= MAX_VALUE_DEPTH) throw new UncopyablePart("a part that is nested too deeply");
    const prototype: unknown = Object.getPrototypeOf(source);
    if (Array.isArray(source)) this.#array(source, prototype, depth + 1);
    else if (prototype === Object.prototype) this.#properties(VALUE_KINDS.object, source, depth + 1);
    else if (prototype === null) this.#properties(VALUE_KINDS.bareObject, source, depth + 1);
    else if (types.isMap(source)) this.#map(source, prototype, depth + 1);
    else if (types.isSet(source)) this.#set(source, prototype, depth + 1);
    else if (types.isNativeError(source)) this.#error(source, prototype, depth + 1);
    else this.#builtIn(copyBuiltIn(source));
  }

  #properties(kind: number, source: object, depth: number): void {
    const names = enumerableNames(source);
    this.#writer.byte(kind);
    this.#named(source, names, depth);
  }

  #named(source: object, names: readonly string[], depth: number): void {
    this.#writer.varint(names.length);
    for (const name of names) {
      this.#names.write(this.#writer, name);
      this.#value((source as Record<string, unknown>)[name], depth);
    }
  }

  #array(source: readonly unknown[], prototype: unknown, depth: number): void {
    if (prototype !== Array.prototype) throw classInstance();
    const names = namesOfArray(source);
    const { length } = source;
    this.#writer.byte(names.length === 0 ? VALUE_KINDS.array : VALUE_KINDS.namedArray);
    this.#writer.varint(length);
    for (let index = 0; index < length; index += 1) {
      const part = source[index];
      // A hole reads as undefined.
      if (part === undefined && !(index in source)) {
        this.#sparseElements(source, index, depth);
        break;
      }
      this.#value(part, depth);
    }
    if (names.length > 0) this.#named(source, names, depth);
  }

  /** The rest of an array, from its first hole on. Holes stay holes, and take no time. */
  #sparseElements(source: readonly unknown[], firstHole: number, depth: number): void {
    let at = firstHole;
    for (const index of presentIndices(source, firstHole)) {
      if (index > at) this.#holes(index - at);
      this.#value(source[index], depth);
      at = index + 1;
    }
    if (at < source.length) this.#holes(source.length - at);
  }

  #holes(count: number): void {
    this.#writer.byte(VALUE_KINDS.holes);
    this.#writer.varint(count);
  }

  /** No count stands in front: a getter of a member could still change it. */
  #map(source: ReadonlyMap<unknown, unknown>, prototype: unknown, depth: number): void {
    if (prototype !== Map.prototype) throw classInstance();
    assertNoOtherProperties(source, []);
    this.#writer.byte(VALUE_KINDS.map);
    for (const [key, part] of source) {
      this.#value(key, depth);
      this.#value(part, depth);
    }
    this.#writer.byte(VALUE_KINDS.end);
  }

  #set(source: ReadonlySet<unknown>, prototype: unknown, depth: number): void {
    if (prototype !== Set.prototype) throw classInstance();
    assertNoOtherProperties(source, []);
    this.#writer.byte(VALUE_KINDS.set);
    for (const part of source) this.#value(part, depth);
    this.#writer.byte(VALUE_KINDS.end);
  }

  #error(source: Error, prototype: unknown, depth: number): void {
    const classNumber = ERROR_CLASSES.findIndex((candidate) => candidate.prototype === prototype);
    if (classNumber < 0) throw classInstance();
    assertNoOtherProperties(source, [...ERROR_FIELDS]);
    let fields = 0;
    for (const [bit, name] of ERROR_FIELDS.entries()) {
      if (Object.hasOwn(source, name)) fields |= 1 << bit;
      if (Object.prototype.propertyIsEnumerable.call(source, name)) fields |= 8 << bit;
    }
    this.#writer.byte(VALUE_KINDS.error);
    this.#writer.byte(classNumber);
    this.#writer.byte(fields);
    for (const [bit, name] of ERROR_FIELDS.entries()) if (fields & (1 << bit)) this.#value(source[name], depth);
  }

  /** @param copy of an object without parts of its own; `copyBuiltIn` has refused what a copy would lose */
  #builtIn(copy: object): void {
    const writer = this.#writer;
    if (ArrayBuffer.isView(copy)) {
      writer.byte(VALUE_KINDS.view);
      writer.byte(viewNumber(copy));
      this.#sized(new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength));
    } else if (types.isArrayBuffer(copy)) {
      writer.byte(VALUE_KINDS.arrayBuffer);
      this.#sized(new Uint8Array(copy));
    } else if (types.isDate(copy)) {
      writer.byte(VALUE_KINDS.date);
      writer.double(copy.getTime());
    } else if (types.isRegExp(copy)) {
      writer.byte(VALUE_KINDS.regExp);
      writer.text(copy.source);
      writer.text(copy.flags);
      this.#number(copy.lastIndex);
    } else {
      writer.byte(VALUE_KINDS.boxed);
      this.#value((copy as { valueOf(): unknown }).valueOf(), 0);
    }
  }

  #sized(bytes: Uint8Array): void {
    this.#writer.varint(bytes.length);
    this.#writer.raw(bytes);
  }
}

function viewNumber(view: ArrayBufferView): number {
  if (view instanceof Buffer) return 0;
  const number = VIEW_CLASSES.findIndex((candidate) => candidate?.prototype === Object.getPrototypeOf(view));
  if (number < 0) throw classInstance();
  return number;
}

function namesOfArray(source: readonly unknown[]): readonly string[] {
  if (hasOnlyElements(source)) return [];
  // A quick look that takes holes for undefined; with a hole the comparison of the other function takes time for every hole.
  return source.includes(undefined) ? listNamesBesidesElements(source) : namesBesidesElements(source);
}

/** Whether an array has no properties but its elements and no holes: a quick answer for the common case. */
function hasOnlyElements(source: readonly unknown[]): boolean {
  // As many own names as elements and `length`, all elements there: so none is left for anything else.
  if (source.length > 64 || Object.getOwnPropertyNames(source).length !== source.length + 1) return false;
  for (let index = 0; index < source.length; index += 1) if (!Object.hasOwn(source, index)) return false;
  return Object.getOwnPropertySymbols(source).length === 0;
}
