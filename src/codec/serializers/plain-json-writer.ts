import { Buffer } from "node:buffer";
import { writeText } from "../envelope/text-bytes.ts";
import { ExpectedNames, writeName } from "./expected-names.ts";
import { hasOnlyElements, hasOnlyNames, isPlainNumber, NOT_PLAIN, WRITER_IS_BUSY } from "./plain-tree.ts";
import { grownScratch, isLargeScratch, newScratch } from "./scratch-memory.ts";
import { SeenObjects } from "./seen-objects.ts";

/** Room for what is written without looking at the room: a name of a slot, a short text, a number, punctuation. */
const ROOM_BYTES = 256;
/** Up to this length, characters are taken one by one; a call into the platform costs as much as some 40 of them. */
const SHORT_LENGTH = 40;
const MAX_UTF8_BYTES = 3;
/**
 * What JSON.stringify may write as something else, told by what it does not: quotes, backslashes, control characters, surrogates. A class of
 * what is allowed takes half the time of one of what is not, and so does one without the flag `u`.
 */
const ESCAPED = /[^ !#-[\]-~\u0080-\ud7ff\ue000-\uffff]/;
const WORD_BYTES = 4;
/** Above, the whole part is no 32-bit integer. */
const MAX_DECIMAL: number = 2 ** 31 - 1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const ARRAY_START = 0x5b;
const BACKSLASH = 0x5c;
const ARRAY_END = 0x5d;
const OBJECT_START = 0x7b;
const OBJECT_END = 0x7d;
const LAST_ASCII = 0x7e;
const FIRST_TEXT = 0x20;
/** As little-endian words. */
const TRUE_WORD = 0x65757274;
const FALS_WORD = 0x736c6166;
const LETTER_E = 0x65;
const NULL_WORD = 0x6c6c756e;

/** Between values: none is kept alive. */
const NOTHING_SEEN: SeenObjects = new SeenObjects();

/**
 * Writes plain values as JSON: the very bytes of `Buffer.from(JSON.stringify(value))`, for values of which `isPlainJson` says yes, and finds out
 * on the way whether it would. One look at every part, where two would be needed, and no text in between: an object of ten fields takes half the
 * time of `JSON.stringify` alone.
 */
export class PlainJsonWriter {
  /** Where the last value stands, from the beginning. The next one overwrites it. */
  bytes: Buffer = newScratch();
  /** Whether the last value has ASCII characters only. */
  isAscii = true;
  #view: DataView = new DataView(this.bytes.buffer);
  readonly #names: ExpectedNames = new ExpectedNames(jsonNameOf);
  #seen: SeenObjects = NOTHING_SEEN;
  #isBusy = false;

  /**
   * @returns how many bytes it took; {@link NOT_PLAIN}, also when a getter throws; {@link WRITER_IS_BUSY} when a getter of another value writes
   * this one. O(size)
   */
  write(value: object, maxDepth: number): number {
    // An old library's `Array.prototype.toJSON` would change what is written.
    if ("toJSON" in Array.prototype) return NOT_PLAIN;
    if (this.#isBusy) return WRITER_IS_BUSY;
    this.#isBusy = true;
    this.isAscii = true;
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
    let at = from;
    let count = 0;
    // `for … in` takes names and places from V8's map of the object; inherited names, if any, make the count wrong.
    for (const name in source) {
      const part = (source as Record<string, unknown>)[name];
      this.#makeRoom(at, ROOM_BYTES);
      this.bytes[at] = count === 0 ? OBJECT_START : COMMA;
      at = this.#name(name, at + 1, depth, count);
      at = this.#part(part, at, depth);
      if (at < 0) return NOT_PLAIN;
      count += 1;
    }
    if (!hasOnlyNames(source, count)) return NOT_PLAIN;
    this.#makeRoom(at, ROOM_BYTES);
    if (count === 0) {
      this.bytes[at] = OBJECT_START;
      at += 1;
    }
    this.bytes[at] = OBJECT_END;
    return at + 1;
  }

  #elements(source: readonly unknown[], from: number, depth: number): number {
    let at = from;
    this.#makeRoom(at, ROOM_BYTES);
    this.bytes[at] = ARRAY_START;
    at += 1;
    for (let index = 0; index < source.length; index += 1) {
      const part = source[index];
      this.#makeRoom(at, ROOM_BYTES);
      if (index > 0) {
        this.bytes[at] = COMMA;
        at += 1;
      }
      at = this.#part(part, at, depth);
      if (at < 0) return NOT_PLAIN;
    }
    if (!hasOnlyElements(source)) return NOT_PLAIN;
    this.#makeRoom(at, ROOM_BYTES);
    this.bytes[at] = ARRAY_END;
    return at + 1;
  }

  /** A part, where there is room for a short one. */
  #part(part: unknown, at: number, depth: number): number {
    switch (typeof part) {
      case "string":
        return this.#text(part, at);
      case "number":
        return this.#number(part, at);
      case "boolean":
        if (part) return this.#word(TRUE_WORD, at);
        this.bytes[at + WORD_BYTES] = LETTER_E;
        return this.#word(FALS_WORD, at) + 1;
      case "object":
        return part === null ? this.#word(NULL_WORD, at) : this.#object(part, at, depth);
      default:
        // A hole reads as undefined, which is not plain.
        return NOT_PLAIN;
    }
  }

  #word(word: number, at: number): number {
    this.#view.setInt32(at, word, true);
    return at + WORD_BYTES;
  }

  /** A name and its colon. */
  #name(name: string, from: number, level: number, index: number): number {
    const known = this.#names.find(name, level, index);
    if (known !== undefined) return writeName(this.#view, from, known);
    const at = this.#text(name, from);
    this.#makeRoom(at, ROOM_BYTES);
    this.bytes[at] = COLON;
    return at + 1;
  }

  #text(text: string, from: number): number {
    const { length } = text;
    if (length > SHORT_LENGTH) return this.#anyText(text, from);
    const { bytes } = this;
    bytes[from] = QUOTE;
    let at = from + 1;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code < FIRST_TEXT || code > LAST_ASCII || code === QUOTE || code === BACKSLASH) {
        return this.#anyText(text, from);
      }
      bytes[at] = code;
      at += 1;
    }
    bytes[at] = QUOTE;
    return at + 1;
  }

  /** Text of any length and content; needs no room. */
  #anyText(text: string, from: number): number {
    if (ESCAPED.test(text)) return this.#raw(JSON.stringify(text), from);
    this.#makeRoom(from, ROOM_BYTES);
    this.bytes[from] = QUOTE;
    const at = this.#raw(text, from + 1);
    this.bytes[at] = QUOTE;
    return at + 1;
  }

  /** Text as it is, and room behind it. */
  #raw(text: string, at: number): number {
    this.#makeRoom(at, text.length * MAX_UTF8_BYTES + ROOM_BYTES);
    const written = writeText(this.bytes, text, at, false);
    if (written !== text.length) this.isAscii = false;
    return at + written;
  }

  #number(value: number, at: number): number {
    const whole = value | 0;
    if (whole !== value || value < 0) return this.#anyNumber(value, at);
    if (whole === 0 && 1 / value < 0) return NOT_PLAIN;
    return this.#digits(whole, at, digitCount(whole));
  }

  #anyNumber(value: number, from: number): number {
    if (!isPlainNumber(value)) return NOT_PLAIN;
    if (value > 0 && value < MAX_DECIMAL) {
      const hundreds = Math.round(value * 100);
      if (hundreds / 100 === value) return this.#decimal(hundreds, from);
    }
    const text = String(value);
    const { bytes } = this;
    for (let index = 0; index < text.length; index += 1) bytes[from + index] = text.charCodeAt(index);
    return from + text.length;
  }

  /**
   * A number of two decimals at most, such as a price. Numbers below 2^31 with two decimals have 12 digits; up to 15 digits each decimal
   * number is another double, so the shortest text that gives the double is this one, without zeros behind it.
   */
  #decimal(hundreds: number, from: number): number {
    const whole = Math.floor(hundreds / 100) | 0;
    const part = hundreds - whole * 100;
    let at = this.#digits(whole, from, digitCount(whole));
    if (part === 0) return at;
    this.bytes[at] = POINT;
    at = this.#digits(part, at + 1, 2);
    return part % 10 === 0 ? at - 1 : at;
  }

  #digits(value: number, from: number, count: number): number {
    const { bytes } = this;
    let rest = value;
    for (let at = from + count - 1; at >= from; at -= 1) {
      const next = Math.trunc(rest / 10) | 0;
      bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    return from + count;
  }

  #makeRoom(at: number, byteCount: number): void {
    if (at + byteCount > this.bytes.length) this.#use(grownScratch(this.bytes, at, byteCount));
  }

  #use(scratch: Buffer): void {
    this.bytes = scratch;
    this.#view = new DataView(scratch.buffer);
  }
}

/** A name with its quotes and colon; `undefined` for one that is long, or has other characters than ASCII's, or is escaped. */
function jsonNameOf(name: string): Uint8Array | undefined {
  if (name.length > SHORT_LENGTH) return undefined;
  const text = JSON.stringify(name);
  const bytes = Buffer.from(`${text}:`);
  return text.length === name.length + 2 && bytes.length === text.length + 1 ? bytes : undefined;
}

/** Of an integer from 0 to 2^31 - 1. */
function digitCount(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1_000) return 3;
  if (value < 10_000) return 4;
  let count = 5;
  for (let limit = 100_000; value >= limit; limit *= 10) count += 1;
  return count;
}
