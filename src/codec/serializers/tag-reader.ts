import { Buffer } from "node:buffer";
import { growByHoles } from "../../entry/array-holes.ts";
import { ERROR_CLASSES, ERROR_FIELDS, VIEW_CLASSES } from "../../entry/built-in-classes.ts";
import { CodecFault } from "../codec-fault.ts";
import { BYTES_CLASS_NAMES, MAX_REGEXP_LENGTH, TAG_START, TAGS, type TagCarrier } from "./tags.ts";

/** Longest array that JavaScript has. */
const MAX_ARRAY_LENGTH = 2 ** 32 - 1;
const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** Decimal digits are few, for reading them takes quadratic time; hexadecimal ones take time in proportion. */
const BIGINT = /^(-?)(?:(0x[0-9a-f]+)|(\d{1,400}))$/;
/** Tags of what is no object, and takes no level. */
const LEAF_TAGS: ReadonlySet<string> = new Set([TAGS.undefined, TAGS.number, TAGS.bigint, TAGS.text, TAGS.ref]);

type Reader = (reader: TagReader, content: unknown, depth: number) => unknown;

/**
 * The value of a tree that `writeTags` made. The tree is changed and becomes part of the value. Takes nothing on trust.
 *
 * @throws CodecFault `malformed`, or `too-large` when it is nested too deeply
 */
export function readTags(tree: unknown, carrier: TagCarrier, maxDepth: number): unknown {
  return new TagReader(carrier, maxDepth).read(tree, 0);
}

class TagReader {
  readonly carrier: TagCarrier;
  readonly #maxDepth: number;
  /** The objects of the value, by their numbers. */
  readonly #objects: object[] = [];

  constructor(carrier: TagCarrier, maxDepth: number) {
    this.carrier = carrier;
    this.#maxDepth = maxDepth;
  }

  read(tree: unknown, depth: number): unknown {
    if (typeof tree !== "object" || tree === null) return tree;
    const names = Array.isArray(tree) || tree instanceof Uint8Array ? [] : Object.keys(tree);
    const [name] = names;
    const isTag = names.length === 1 && name?.startsWith(TAG_START) === true;
    if (depth >= this.#maxDepth && !(isTag && LEAF_TAGS.has(name))) {
      throw new CodecFault("too-large", "a value that is nested too deeply");
    }
    if (Array.isArray(tree)) return this.#elements(this.met(tree), depth);
    if (tree instanceof Uint8Array) return this.met(Buffer.from(tree));
    if (!isTag) return this.properties(this.met(tree), names, depth);
    const reader = READERS.get(name);
    if (reader === undefined) throw new CodecFault("malformed", "a tag that does not exist");
    return reader(this, (tree as Record<string, unknown>)[name], depth);
  }

  /** Gives an object its number. */
  met<T extends object>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  known(number: unknown): object {
    const object = typeof number === "number" ? this.#objects[number] : undefined;
    if (object === undefined) throw new CodecFault("malformed", "a reference to nothing");
    return object;
  }

  properties(target: object, names: readonly string[], depth: number): object {
    for (const name of names) {
      const part = (target as Record<string, unknown>)[name];
      if (typeof part === "object" && part !== null) define(target, name, this.read(part, depth + 1));
    }
    return target;
  }

  #elements(target: unknown[], depth: number): unknown[] {
    for (let index = 0; index < target.length; index += 1) {
      const part = target[index];
      if (typeof part === "object" && part !== null) target[index] = this.read(part, depth + 1);
    }
    return target;
  }

  /** Named properties, from pairs. */
  define(target: object, pairs: unknown, depth: number): object {
    for (const [name, part] of pairsOf(pairs)) {
      const text = this.read(name, depth + 1);
      if (typeof text !== "string") throw new CodecFault("malformed", "a name that is no text");
      define(target, text, this.read(part, depth + 1));
    }
    return target;
  }

  bytes(content: unknown): Buffer {
    if (this.carrier.hasBytes && content instanceof Uint8Array) return Buffer.from(content);
    if (!this.carrier.hasBytes && typeof content === "string") return Buffer.from(content, "base64");
    throw new CodecFault("malformed", "bytes of a wrong form");
  }
}

/** By tag; see `tags.ts`. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [TAGS.undefined, () => undefined],
  [TAGS.number, (_reader, content) => numberOf(content)],
  [TAGS.bigint, (_reader, content) => bigintOf(content)],
  [TAGS.text, (reader, content) => reader.bytes(content).toString("utf16le")],
  [TAGS.date, (reader, content) => reader.met(dateOf(content))],
  [TAGS.regExp, (reader, content, depth) => reader.met(regExpOf(reader, content, depth))],
  [TAGS.map, readMap],
  [TAGS.set, readSet],
  [TAGS.bytes, (reader, content) => reader.met(viewOf(reader, content))],
  [TAGS.error, readError],
  [TAGS.array, readArray],
  [TAGS.bare, (reader, content, depth) => reader.define(reader.met(Object.create(null) as object), content, depth)],
  [TAGS.box, (reader, content, depth) => reader.met(boxOf(reader.read(content, depth + 1)))],
  [TAGS.plain, readPlain],
  [TAGS.entries, (reader, content, depth) => reader.define(reader.met({}), content, depth)],
  [TAGS.ref, (reader, content) => reader.known(content)],
]);

function listOf(content: unknown): readonly unknown[] {
  if (!Array.isArray(content)) throw new CodecFault("malformed", "a tag without its list");
  return content;
}

function pairsOf(content: unknown): readonly (readonly [unknown, unknown])[] {
  const pairs = listOf(content);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new CodecFault("malformed", "a tag without its pairs");
  }
  return pairs as readonly (readonly [unknown, unknown])[];
}

function numberOf(content: unknown): number {
  const number = NUMBERS.get(content);
  if (number === undefined) throw new CodecFault("malformed", "a number that does not exist");
  return number;
}

function bigintOf(content: unknown): bigint {
  const [, sign, hexadecimal, decimal] = (typeof content === "string" && BIGINT.exec(content)) || [];
  if (hexadecimal === undefined && decimal === undefined) throw new CodecFault("malformed", "a bigint that is none");
  const magnitude = BigInt(hexadecimal ?? (decimal as string));
  return sign === "-" ? -magnitude : magnitude;
}

function dateOf(content: unknown): Date {
  if (content !== null && typeof content !== "number") throw new CodecFault("malformed", "a date that is none");
  return new Date(content ?? Number.NaN);
}

function regExpOf(reader: TagReader, content: unknown, depth: number): RegExp {
  const [source, flags, lastIndex] = listOf(content).map((part) => reader.read(part, depth + 1));
  if (typeof source !== "string" || typeof flags !== "string" || typeof lastIndex !== "number") {
    throw new CodecFault("malformed", "a regular expression of a wrong form");
  }
  if (source.length > MAX_REGEXP_LENGTH) throw new CodecFault("too-large", "a regular expression that is too long");
  try {
    const regExp = new RegExp(source, flags);
    regExp.lastIndex = lastIndex;
    return regExp;
  } catch {
    // The platform's error quotes the source, which is part of the value.
    throw new CodecFault("malformed", "a regular expression that does not compile");
  }
}

function readMap(reader: TagReader, content: unknown, depth: number): unknown {
  const map = reader.met(new Map<unknown, unknown>());
  for (const [key, part] of pairsOf(content)) map.set(reader.read(key, depth + 1), reader.read(part, depth + 1));
  return map;
}

function readSet(reader: TagReader, content: unknown, depth: number): unknown {
  const set = reader.met(new Set<unknown>());
  for (const part of listOf(content)) set.add(reader.read(part, depth + 1));
  return set;
}

function viewOf(reader: TagReader, content: unknown): object {
  const [name, data] = listOf(content);
  const bytes = reader.bytes(data);
  if (name === "Buffer") return bytes;
  // Memory of its own, which begins where a wide element may.
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  if (name === "ArrayBuffer") return buffer;
  const ViewClass = VIEW_CLASSES[BYTES_CLASS_NAMES.indexOf(name as string)];
  const elementBytes = (ViewClass as { readonly BYTES_PER_ELEMENT?: number } | undefined)?.BYTES_PER_ELEMENT ?? 1;
  if (ViewClass === undefined || buffer.byteLength % elementBytes !== 0) {
    throw new CodecFault("malformed", "bytes of an unknown class");
  }
  return new ViewClass(buffer);
}

function readError(reader: TagReader, content: unknown, depth: number): unknown {
  const [name, fields, ...values] = listOf(content);
  const ErrorClass = ERROR_CLASSES.find((candidate) => candidate.name === name);
  if (ErrorClass === undefined || typeof fields !== "number") {
    throw new CodecFault("malformed", "an error of an unknown class");
  }
  const error = reader.met(new ErrorClass());
  Reflect.deleteProperty(error, "stack");
  let next = 0;
  for (const [bit, field] of ERROR_FIELDS.entries()) {
    if ((fields & (1 << bit)) === 0) continue;
    const value = reader.read(values[next], depth + 1);
    next += 1;
    const enumerable = (fields & (8 << bit)) !== 0;
    Object.defineProperty(error, field, { value, writable: true, enumerable, configurable: true });
  }
  if (next !== values.length) throw new CodecFault("malformed", "an error with values of no field");
  return error;
}

function readArray(reader: TagReader, content: unknown, depth: number): unknown {
  const [length, elements, named] = listOf(content);
  if (typeof length !== "number" || !Number.isInteger(length) || length < 0 || length > MAX_ARRAY_LENGTH) {
    throw new CodecFault("malformed", "an array of no length");
  }
  const array = reader.met([] as unknown[]);
  growByHoles(array, length);
  for (const [index, part] of pairsOf(elements)) {
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= length) {
      throw new CodecFault("malformed", "an element outside its array");
    }
    array[index] = reader.read(part, depth + 1);
  }
  return reader.define(array, named, depth);
}

function readPlain(reader: TagReader, content: unknown, depth: number): unknown {
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new CodecFault("malformed", "a plain object that is none");
  }
  return reader.properties(reader.met(content), Object.keys(content), depth);
}

function boxOf(primitive: unknown): object {
  if (primitive === null || !["string", "number", "boolean", "bigint"].includes(typeof primitive)) {
    throw new CodecFault("malformed", "a box without a primitive");
  }
  return Object(primitive) as object;
}

/** A plain assignment to `__proto__` would change the object's prototype, and one to `length` the array. */
function define(target: object, name: string, part: unknown): void {
  if (name === "length" && Array.isArray(target)) throw new CodecFault("malformed", "a property that arrays have");
  Object.defineProperty(target, name, { value: part, writable: true, enumerable: true, configurable: true });
}
