import { Buffer } from "node:buffer";
import { types } from "node:util";
import { ERROR_CLASSES, ERROR_FIELDS, isBuiltInInside, VIEW_CLASSES } from "../../entry/built-in-classes.ts";
import { classInstance, copyBuiltIn } from "../../entry/built-in-copy.ts";
import {
  assertNoOtherProperties,
  enumerableNames,
  listNamesBesidesElements,
  namesBesidesElements,
  presentIndices,
} from "../../entry/own-properties.ts";
import { isStackOverflow, type PathStep, UncopyablePart } from "../../entry/uncopyable-part.ts";
import { BYTES_CLASS_NAMES, MAX_DECIMAL_BITS, MAX_REGEXP_LENGTH, TAG_START, TAGS, type TagCarrier } from "./tags.ts";

/** What a `JSON.stringify` or msgpack takes. */
type Tree = unknown;
/** A property or member, as a pair. */
type Pair = readonly [Tree, Tree];

/** A value as a tree. */
export interface TaggedTree {
  readonly tree: Tree;
  /** Whether a tag stands in it; without one it is read as it is. */
  readonly hasTags: boolean;
}

/**
 * Writes a value as a tree of what a format has, with tagged objects for everything else. Finds on the way what cannot come back equal.
 *
 * @throws UncopyablePart with the path to the part
 */
export function writeTags(value: unknown, carrier: TagCarrier, maxDepth: number): TaggedTree {
  const writer = new TagWriter(carrier, maxDepth);
  const tree = writer.write(value, 0);
  return { tree, hasTags: writer.hasTags };
}

class TagWriter {
  hasTags = false;
  readonly #carrier: TagCarrier;
  readonly #maxDepth: number;
  readonly #numbers = new Map<object, number>();

  constructor(carrier: TagCarrier, maxDepth: number) {
    this.#carrier = carrier;
    this.#maxDepth = maxDepth;
  }

  write(value: unknown, depth: number): Tree {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return value;
      case "undefined":
        return this.#tag(TAGS.undefined, 0);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return value === null ? null : this.#object(value, depth);
      default:
        throw new UncopyablePart(`a ${typeof value}`);
    }
  }

  #tag(name: string, content: Tree): Tree {
    if (!this.#carrier.takesTags)
      throw new UncopyablePart("a part that the format has not, and without an envelope nothing would say so,");
    this.hasTags = true;
    return { [name]: content };
  }

  #text(value: string): Tree {
    if (this.#carrier.hasAllTexts || value.isWellFormed()) return value;
    return this.#tag(TAGS.text, this.#bytesOf(Buffer.from(value, "utf16le")));
  }

  #number(value: number): Tree {
    if (Object.is(value, -0)) return this.#tag(TAGS.number, "-0");
    if (Number.isFinite(value) || this.#carrier.hasAllNumbers) return value;
    return this.#tag(TAGS.number, String(value));
  }

  #bigint(value: bigint): Tree {
    const isLong = BigInt.asIntN(MAX_DECIMAL_BITS, value) !== value;
    const digits = isLong
      ? `${value < 0n ? "-" : ""}0x${(value < 0n ? -value : value).toString(16)}`
      : value.toString();
    return this.#tag(TAGS.bigint, digits);
  }

  #bytesOf(bytes: Buffer): Tree {
    return this.#carrier.hasBytes ? bytes : bytes.toString("base64");
  }

  #object(source: object, depth: number): Tree {
    const known = this.#numbers.get(source);
    if (known !== undefined) return this.#tag(TAGS.ref, known);
    if (depth >= this.#maxDepth) throw new UncopyablePart("a part that is nested too deeply");
    this.#numbers.set(source, this.#numbers.size);
    const prototype: unknown = Object.getPrototypeOf(source);
    if (Array.isArray(source)) return this.#array(source, prototype, depth + 1);
    if (prototype === Object.prototype) return this.#plain(source, depth + 1);
    if (prototype === null) return this.#tag(TAGS.bare, this.#namedPairs(source, namesOfPlain(source), depth + 1));
    if (types.isMap(source)) return this.#map(source, prototype, depth + 1);
    if (types.isSet(source)) return this.#set(source, prototype, depth + 1);
    if (types.isNativeError(source)) return this.#error(source, prototype, depth + 1);
    return this.#builtIn(copyBuiltIn(source));
  }

  #plain(source: object, depth: number): Tree {
    const names = namesOfPlain(source);
    if (!this.#carrier.hasAllTexts && names.some(isLostByMsgpack)) {
      return this.#tag(TAGS.entries, this.#namedPairs(source, names, depth));
    }
    const tree: Record<string, Tree> = {};
    for (const name of names) define(tree, name, this.#part(source, name, depth));
    return names.length === 1 && names[0]?.startsWith(TAG_START) === true ? this.#tag(TAGS.plain, tree) : tree;
  }

  #namedPairs(source: object, names: readonly string[], depth: number): readonly Pair[] {
    return names.map((name) => [this.#text(name), this.#part(source, name, depth)]);
  }

  #array(source: readonly unknown[], prototype: unknown, depth: number): Tree {
    if (prototype !== Array.prototype) throw classInstance();
    const elements: Tree[] = [];
    for (let index = 0; index < source.length; index += 1) {
      // A hole reads as undefined.
      if (source[index] === undefined && !(index in source)) {
        return this.#sparse(source, elements, listNamesBesidesElements(source), depth);
      }
      elements.push(this.#part(source, index, depth));
    }
    const names = namesBesidesElements(source);
    return names.length === 0 ? elements : this.#sparse(source, elements, names, depth);
  }

  /** @param begun the elements before the first hole, which are written already */
  #sparse(source: readonly unknown[], begun: readonly Tree[], names: readonly string[], depth: number): Tree {
    const pairs: Pair[] = begun.map((part, index) => [index, part]);
    for (const index of presentIndices(source, begun.length)) pairs.push([index, this.#part(source, index, depth)]);
    return this.#tag(TAGS.array, [source.length, pairs, this.#namedPairs(source, names, depth)]);
  }

  #map(source: ReadonlyMap<unknown, unknown>, prototype: unknown, depth: number): Tree {
    if (prototype !== Map.prototype) throw classInstance();
    assertNoOtherProperties(source, []);
    const pairs: Pair[] = [];
    for (const [key, part] of source) {
      const position = pairs.length;
      pairs.push([this.#member(key, position, depth), this.#member(part, position, depth)]);
    }
    return this.#tag(TAGS.map, pairs);
  }

  #set(source: ReadonlySet<unknown>, prototype: unknown, depth: number): Tree {
    if (prototype !== Set.prototype) throw classInstance();
    assertNoOtherProperties(source, []);
    const members: Tree[] = [];
    for (const part of source) members.push(this.#member(part, members.length, depth));
    return this.#tag(TAGS.set, members);
  }

  #error(source: Error, prototype: unknown, depth: number): Tree {
    const errorClass = ERROR_CLASSES.find((candidate) => candidate.prototype === prototype);
    if (errorClass === undefined) throw classInstance();
    assertNoOtherProperties(source, ERROR_FIELDS);
    let fields = 0;
    const values: Tree[] = [];
    for (const [bit, name] of ERROR_FIELDS.entries()) {
      if (!Object.hasOwn(source, name)) continue;
      fields |= Object.prototype.propertyIsEnumerable.call(source, name) ? 9 << bit : 1 << bit;
      values.push(this.#part(source, name, depth));
    }
    return this.#tag(TAGS.error, [errorClass.name, fields, ...values]);
  }

  /** @param copy of an object without parts of its own; `copyBuiltIn` has refused what a copy would lose */
  #builtIn(copy: object): Tree {
    if (ArrayBuffer.isView(copy)) return this.#view(copy);
    if (types.isArrayBuffer(copy)) return this.#tag(TAGS.bytes, ["ArrayBuffer", this.#bytesOf(Buffer.from(copy))]);
    if (types.isDate(copy)) {
      const ms = copy.getTime();
      return this.#tag(TAGS.date, Number.isNaN(ms) ? null : ms);
    }
    if (types.isRegExp(copy)) {
      if (copy.source.length > MAX_REGEXP_LENGTH) throw new UncopyablePart("a RegExp that is too long");
      return this.#tag(TAGS.regExp, [this.#text(copy.source), copy.flags, this.#number(copy.lastIndex)]);
    }
    return this.#tag(TAGS.box, this.write((copy as { valueOf(): unknown }).valueOf(), 0));
  }

  #view(copy: ArrayBufferView): Tree {
    const bytes = Buffer.from(copy.buffer, copy.byteOffset, copy.byteLength);
    if (copy instanceof Buffer)
      return this.#carrier.hasBytes ? copy : this.#tag(TAGS.bytes, ["Buffer", this.#bytesOf(bytes)]);
    const viewClass = VIEW_CLASSES.findIndex((candidate) => candidate?.prototype === Object.getPrototypeOf(copy));
    if (viewClass < 0) throw classInstance();
    return this.#tag(TAGS.bytes, [BYTES_CLASS_NAMES[viewClass], this.#bytesOf(bytes)]);
  }

  /** A property or element; reading it may run a getter. */
  #part(source: object, name: PathStep, depth: number): Tree {
    try {
      return this.write((source as Record<PathStep, unknown>)[name], depth);
    } catch (error) {
      throw atStep(error, name);
    }
  }

  #member(part: unknown, position: number, depth: number): Tree {
    try {
      return this.write(part, depth);
    } catch (error) {
      throw atStep(error, position);
    }
  }
}

/** The names of an object that is nothing but its properties. */
function namesOfPlain(source: object): readonly string[] {
  const names = enumerableNames(source);
  if (names.length === 0 && isBuiltInInside(source)) throw classInstance();
  return names;
}

/** msgpackr leaves `__proto__` out, and a lone surrogate would become a replacement character. */
function isLostByMsgpack(name: string): boolean {
  return name === "__proto__" || !name.isWellFormed();
}

/** What came out of reading a part is the doing of the caller's code: a getter, or a trap of a proxy. */
function atStep(error: unknown, step: PathStep): unknown {
  if (isStackOverflow(error)) return error;
  const part =
    error instanceof UncopyablePart ? error : new UncopyablePart("a part that throws when it is read", error);
  part.steps.unshift(step);
  return part;
}

/** A plain assignment to `__proto__` would change the tree's prototype. */
function define(tree: Record<string, Tree>, name: string, part: Tree): void {
  if (name !== "__proto__") tree[name] = part;
  else Object.defineProperty(tree, name, { value: part, writable: true, enumerable: true, configurable: true });
}
