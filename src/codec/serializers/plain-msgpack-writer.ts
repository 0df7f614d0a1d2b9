import { Buffer } from "node:buffer";
import { writeText } from "../envelope/text-bytes.ts";
import { ExpectedNames, writeName } from "./expected-names.ts";
import { hasOnlyElements, isPlainNumber, NOT_PLAIN, WRITER_IS_BUSY } from "./plain-tree.ts";
import { grownScratch, isLargeScratch, newScratch } from "./scratch-memory.ts";
import { SeenObjects } from "./seen-objects.ts";

/** Room for what is written without looking at the room: a name, a short text, a number, the head of a list. */
const ROOM_BYTES = 256;
/** Up to this length, characters are taken one by one; a call into the platform costs as much as some 40 of them. */
const SHORT_LENGTH = 40;
const MAX_UTF8_BYTES = 3;
const MAX_TEXT_HEAD_BYTES = 5;

const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;
const FLOAT_64 = 0xcb;
const UINT_8 = 0xcc;
const UINT_16 = 0xcd;
const UINT_32 = 0xce;
const INT_8 = 0xd0;
const INT_16 = 0xd1;
const INT_32 = 0xd2;
const FIXED_TEXT = 0xa0;
const TEXT_8 = 0xd9;
const TEXT_16 = 0xda;
const TEXT_32 = 0xdb;
/** Up to so many bytes the tag holds a text's length, and up to so many members a list's. */
const FIXED_TEXT_BYTES = 31;
const FIXED_MEMBERS = 15;

/** The tags of a kind of list, by how its number of members is written. */
interface ListTags {
  readonly fixed: number;
  readonly of16: number;
  readonly of32: number;
}

const MAP: ListTags = { fixed: 0x80, of16: 0xde, of32: 0xdf };
const ARRAY: ListTags = { fixed: 0x90, of16: 0xdc, of32: 0xdd };

/** Between values: none is kept alive. */
const NOTHING_SEEN: SeenObjects = new SeenObjects();

/**
 * Writes plain values as msgpack: the very bytes that msgpackr makes without records, for values of which `isPlainMsgpack` says yes, and finds
 * out on the way whether it would. One look at every part, where two would be needed.
 *
 * Source of the format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export class PlainMsgpackWriter {
  /** Where the last value stands, from the beginning. The next one overwrites it. */
  bytes: Buffer = newScratch();
  #view: DataView = new DataView(this.bytes.buffer);
  readonly #names: ExpectedNames = new ExpectedNames(msgpackNameOf);
  #seen: SeenObjects = NOTHING_SEEN;
  #isBusy = false;

  /**
   * @returns how many bytes it took; {@link NOT_PLAIN}, also when a getter throws; {@link WRITER_IS_BUSY} when a getter of another value writes
   * this one. O(size)
   */
  write(value: object, maxDepth: number): number {
    if ("toJSON" in Array.prototype) return NOT_PLAIN;
    if (this.#isBusy) return WRITER_IS_BUSY;
    this.#isBusy = true;
    this.#seen = new SeenObjects();
    if (isLargeScratch(this.bytes)) this.#use(newScratch());
    try {
      return this.#object(value, 0, maxDepth);
    } catch {
      // Whoever writes the value with tags meets it again, and says where.
      return NOT_PLAIN;
    } finally {
      this.#isBusy = false;
      this.#seen = NOTHING_SEEN;
    }
  }

  #object(source: object, at: number, depth: number): number {
    if (depth === 0 || !this.#seen.add(source)) return NOT_PLAIN;
    const prototype: unknown = Object.getPrototypeOf(source);
    if (prototype === Object.prototype) return this.#properties(source, at, depth - 1);
    if (prototype !== Array.prototype || !Array.isArray(source)) return NOT_PLAIN;
    return this.#elements(source, at, depth - 1);
  }

  #properties(source: object, from: number, depth: number): number {
    const nameCount = Object.getOwnPropertyNames(source).length;
    this.#makeRoom(from, ROOM_BYTES);
    let at = this.#listHead(MAP, nameCount, from);
    let count = 0;
    // `for … in` takes names and places from V8's map of the object; inherited names, if any, make the count wrong.
    for (const name in source) {
      const part = (source as Record<string, unknown>)[name];
      this.#makeRoom(at, ROOM_BYTES);
      at = this.#name(name, at, depth, count);
      if (at < 0) return NOT_PLAIN;
      at = this.#part(part, at, depth);
      if (at < 0) return NOT_PLAIN;
      count += 1;
    }
    return count === nameCount && Object.getOwnPropertySymbols(source).length === 0 ? at : NOT_PLAIN;
  }

  #elements(source: readonly unknown[], from: number, depth: number): number {
    this.#makeRoom(from, ROOM_BYTES);
    const { length } = source;
    let at = this.#listHead(ARRAY, length, from);
    for (let index = 0; index < length; index += 1) {
      const part = source[index];
      this.#makeRoom(at, ROOM_BYTES);
      at = this.#part(part, at, depth);
      if (at < 0) return NOT_PLAIN;
    }
    return source.length === length && hasOnlyElements(source) ? at : NOT_PLAIN;
  }

  /** A part, where there is room for a short one. */
  #part(part: unknown, at: number, depth: number): number {
    switch (typeof part) {
      case "string":
        return this.#text(part, at);
      case "number":
        return this.#number(part, at);
      case "boolean":
        this.bytes[at] = part ? TRUE : FALSE;
        return at + 1;
      case "object":
        if (part !== null) return this.#object(part, at, depth);
        this.bytes[at] = NIL;
        return at + 1;
      default:
        // A hole reads as undefined, which is not plain.
        return NOT_PLAIN;
    }
  }

  #listHead({ fixed, of16, of32 }: ListTags, memberCount: number, at: number): number {
    if (memberCount <= FIXED_MEMBERS) {
      this.bytes[at] = fixed | memberCount;
      return at + 1;
    }
    if (memberCount < 2 ** 16) return this.#uint16(of16, memberCount, at);
    return this.#uint32(of32, memberCount, at);
  }

  #name(name: string, at: number, level: number, index: number): number {
    const known = this.#names.find(name, level, index);
    if (known !== undefined) return writeName(this.#view, at, known);
    // msgpackr leaves it out when it reads.
    if (name === "__proto__") return NOT_PLAIN;
    const end = this.#text(name, at);
    if (end >= 0) this.#makeRoom(end, ROOM_BYTES);
    return end;
  }

  #text(text: string, from: number): number {
    const { length } = text;
    if (length > SHORT_LENGTH) return this.#anyText(text, from);
    const { bytes } = this;
    const start = this.#textHead(length, from);
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 127) return this.#anyText(text, from);
      bytes[start + index] = code;
    }
    return start + length;
  }

  /** Text of any length and content; needs no room. */
  #anyText(text: string, from: number): number {
    if (!text.isWellFormed()) return NOT_PLAIN;
    this.#makeRoom(from, MAX_TEXT_HEAD_BYTES + text.length * MAX_UTF8_BYTES);
    // Where it stands when it takes a byte a character, which others do not know beforehand.
    const guessed = from + textHeadBytes(text.length);
    const byteCount = writeText(this.bytes, text, guessed, false);
    const start = from + textHeadBytes(byteCount);
    if (start !== guessed) this.bytes.copyWithin(start, guessed, guessed + byteCount);
    return this.#textHead(byteCount, from) + byteCount;
  }

  #textHead(byteCount: number, at: number): number {
    if (byteCount <= FIXED_TEXT_BYTES) {
      this.bytes[at] = FIXED_TEXT | byteCount;
      return at + 1;
    }
    if (byteCount < 2 ** 8) return this.#uint8(TEXT_8, byteCount, at);
    if (byteCount < 2 ** 16) return this.#uint16(TEXT_16, byteCount, at);
    return this.#uint32(TEXT_32, byteCount, at);
  }

  #number(value: number, at: number): number {
    if (value >>> 0 === value) return this.#positive(value, at);
    if (value >> 0 === value) return this.#negative(value, at);
    if (!isPlainNumber(value)) return NOT_PLAIN;
    this.bytes[at] = FLOAT_64;
    this.#view.setFloat64(at + 1, value);
    return at + 9;
  }

  #positive(value: number, at: number): number {
    if (value < 2 ** 7) {
      if (value === 0 && 1 / value < 0) return NOT_PLAIN;
      this.bytes[at] = value;
      return at + 1;
    }
    if (value < 2 ** 8) return this.#uint8(UINT_8, value, at);
    if (value < 2 ** 16) return this.#uint16(UINT_16, value, at);
    return this.#uint32(UINT_32, value, at);
  }

  #negative(value: number, at: number): number {
    if (value >= -(2 ** 5)) {
      this.bytes[at] = value & 0xff;
      return at + 1;
    }
    if (value >= -(2 ** 7)) return this.#uint8(INT_8, value & 0xff, at);
    if (value >= -(2 ** 15)) return this.#uint16(INT_16, value & 0xffff, at);
    return this.#uint32(INT_32, value >>> 0, at);
  }

  #uint8(tag: number, value: number, at: number): number {
    this.bytes[at] = tag;
    this.bytes[at + 1] = value;
    return at + 2;
  }

  #uint16(tag: number, value: number, at: number): number {
    this.bytes[at] = tag;
    this.#view.setUint16(at + 1, value);
    return at + 3;
  }

  #uint32(tag: number, value: number, at: number): number {
    this.bytes[at] = tag;
    this.#view.setUint32(at + 1, value);
    return at + 5;
  }

  #makeRoom(at: number, byteCount: number): void {
    if (at + byteCount > this.bytes.length) this.#use(grownScratch(this.bytes, at, byteCount));
  }

  #use(scratch: Buffer): void {
    this.bytes = scratch;
    this.#view = new DataView(scratch.buffer);
  }
}

/** How many bytes stand before a text. */
function textHeadBytes(byteCount: number): number {
  if (byteCount <= FIXED_TEXT_BYTES) return 1;
  if (byteCount < 2 ** 8) return 2;
  return byteCount < 2 ** 16 ? 3 : MAX_TEXT_HEAD_BYTES;
}

/** A name with its head; `undefined` for one that is long, or has other characters than ASCII's, or that msgpackr would not read. */
function msgpackNameOf(name: string): Uint8Array | undefined {
  if (name.length > SHORT_LENGTH || name === "__proto__") return undefined;
  const bytes = Buffer.from(name);
  if (bytes.length !== name.length) return undefined;
  const head = name.length <= FIXED_TEXT_BYTES ? [FIXED_TEXT | name.length] : [TEXT_8, name.length];
  return Buffer.from([...head, ...bytes]);
}
