import { Buffer } from "node:buffer";
import { UncopyablePart } from "../../entry/uncopyable-part.ts";

/** From the platform's pool, which costs next to nothing; most values need no more. */
const INITIAL_BYTES = 1_024;
const UPPER = 2 ** 32;
/** Up to this length a text is written by a loop; a call into the platform costs more than that. */
const LOOP_LENGTH = 48;
/** The bytes of a double on their way; nothing calls back meanwhile. */
const SCRATCH = Buffer.alloc(8);
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Writes gob backwards: what comes last is written first. A length stands in front of what it counts, so it is known when it is written, and
 * nothing is ever moved to make room for it. The forms are drawn at `GobReader`.
 */
export class GobWriter {
  #bytes: Buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  /** The first byte that is written. */
  #at = INITIAL_BYTES;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#at -= 1;
    this.#bytes[this.#at] = value;
  }

  /** @param value a natural number up to 2^53 − 1 */
  uint(value: number): void {
    if (value < 128) this.byte(value);
    else this.#halves(Math.floor(value / UPPER), value % UPPER, false);
  }

  /** @param value a safe integer */
  int(value: number): void {
    if (value < 64 && value >= -64) {
      this.byte(value < 0 ? (~value << 1) | 1 : value << 1);
      return;
    }
    const bits = value < 0 ? -value - 1 : value;
    // Twice a safe integer may be none.
    const upper = Math.floor(bits / 2 ** 31);
    this.#halves(upper, (bits - upper * 2 ** 31) * 2 + (value < 0 ? 1 : 0), false);
  }

  /** An `int` that reads back as a bigint. @param value that 64 bits hold */
  paddedInt(value: bigint): void {
    const folded = value < 0n ? (~value << 1n) | 1n : value << 1n;
    this.paddedUint(folded);
  }

  /** A `uint` that reads back as a bigint. @param value from 0 to 2^64 − 1 */
  paddedUint(value: bigint): void {
    this.#halves(Number(value >> 32n), Number(value & 0xffffffffn), true);
  }

  double(value: number): void {
    const scratch = SCRATCH;
    scratch.writeDoubleLE(value, 0);
    let first = 0;
    while (first < 7 && scratch[first] === 0) first += 1;
    const highest = scratch[7] as number;
    if (first === 7 && highest < 128) {
      this.byte(highest);
      return;
    }
    this.#reserve(9);
    for (let index = 7; index >= first; index -= 1) this.#bytes[--this.#at] = scratch[index] as number;
    this.#bytes[--this.#at] = 256 - (8 - first);
  }

  /** @throws UncopyablePart when the text has half of a pair of UTF-16, which UTF-8 cannot carry */
  text(text: string): void {
    const { length } = text;
    if (length > LOOP_LENGTH || !this.#shortAscii(text)) this.#anyText(text);
    else this.byte(length);
  }

  /** Bytes and their length; padded, they read back as a `Buffer`. */
  bytes(bytes: Uint8Array, isPadded: boolean): void {
    this.raw(bytes);
    if (isPadded) this.#halves(0, bytes.length, true);
    else this.uint(bytes.length);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    this.#at -= length;
    if (length > 32) {
      this.#bytes.set(bytes, this.#at);
    } else {
      for (let index = 0; index < length; index += 1) this.#bytes[this.#at + index] = bytes[index] as number;
    }
  }

  /** @returns all that was written, in memory that nobody else writes to. @throws UncopyablePart when it is more than the limit */
  take(): Uint8Array {
    if (this.length > this.#maxBytes) throw new UncopyablePart("a value larger than the limit");
    const copy = new Uint8Array(this.length);
    copy.set(this.#bytes.subarray(this.#at));
    return copy;
  }

  /** @returns whether it was one; else nothing is written */
  #shortAscii(text: string): boolean {
    const { length } = text;
    this.#reserve(length);
    const start = this.#at - length;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 128) return false;
      this.#bytes[start + index] = code;
    }
    this.#at = start;
    return true;
  }

  #anyText(text: string): void {
    const byteLength = Buffer.byteLength(text, "utf8");
    if (byteLength !== text.length && LONE_SURROGATE.test(text))
      throw new UncopyablePart("a string with half a character");
    this.#reserve(byteLength);
    this.#at -= byteLength;
    this.#bytes.write(text, this.#at, byteLength, "utf8");
    this.uint(byteLength);
  }

  #halves(upper: number, lower: number, isPadded: boolean): void {
    this.#reserve(9);
    const end = this.#at;
    const bytes = this.#bytes;
    let at = end;
    for (let rest = lower; rest > 0; rest = Math.floor(rest / 256)) bytes[--at] = rest & 255;
    if (upper > 0) {
      while (at > end - 4) bytes[--at] = 0;
      for (let rest = upper; rest > 0; rest = Math.floor(rest / 256)) bytes[--at] = rest & 255;
    }
    // Below 128 one byte after a length is one too many already.
    if (isPadded && end - at < 8 && !(upper === 0 && lower > 0 && lower < 128)) bytes[--at] = 0;
    bytes[at - 1] = 256 - (end - at);
    this.#at = at - 1;
  }

  #reserve(count: number): void {
    if (count > this.#at) this.#grow(count);
  }

  #grow(count: number): void {
    const { length } = this;
    if (length + count > this.#maxBytes) throw new UncopyablePart("a value larger than the limit");
    const size = Math.max(this.#bytes.length * 2, length + count);
    const grown = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(grown, size - length, this.#at);
    this.#bytes = grown;
    this.#at = size - length;
  }
}
