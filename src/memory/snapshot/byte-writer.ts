import { Buffer } from "node:buffer";
import { UncopyablePart } from "../../entry/uncopyable-part.ts";
import { MAX_SECTION_BYTES, SECTION_HEAD_BYTES } from "./snapshot-layout.ts";

const INITIAL_BYTES = 96 * 1_024;
/** A text up to this length is written by a loop; a call into the platform costs more than that. */
const LOOP_LENGTH = 40;
const NOT_LATIN = /[\u0100-\uffff]/;

/**
 * Bytes of one section that grow at the end. Begins with room for the section's head.
 *
 * Numbers are little-endian. A varint has seven bits a byte, the lowest first, and its last byte is below 128. A text is a varint of twice its
 * length, plus 1 when it is wide, then one byte a character (Latin-1), or two (UTF-16, lone surrogates as they are).
 */
export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = SECTION_HEAD_BYTES;

  /** Bytes so far, the head's included. */
  get length(): number {
    return this.#length;
  }

  /** Goes back to an earlier length. */
  rewind(length: number): void {
    this.#length = length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** @param value an integer from 0 to 2^53 − 1 */
  varint(value: number): void {
    this.#reserve(8);
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    // Bit operations end at 2^31.
    while (rest >= 2 ** 31) {
      bytes[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#length = at;
  }

  text(text: string): void {
    const { length } = text;
    if (length > LOOP_LENGTH || !this.#shortLatin(text)) this.#anyText(text);
  }

  raw(source: Uint8Array): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  /** Ends the section with room for `tailBytes` behind it. @returns bytes that nobody else writes to; the writer begins anew */
  take(tailBytes: number): Buffer {
    const length = this.#length + tailBytes;
    this.#reserve(tailBytes);
    this.#length = SECTION_HEAD_BYTES;
    if (this.#bytes.length === INITIAL_BYTES) {
      const copy = Buffer.allocUnsafeSlow(length);
      this.#bytes.copy(copy, 0, 0, length);
      return copy;
    }
    // It grew for a large entry: handing it out saves a copy and gives the memory back.
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    return taken;
  }

  /** @returns false, with nothing written, when a character needs two bytes */
  #shortLatin(text: string): boolean {
    const { length } = text;
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    const start = this.#length + 1;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 255) return false;
      bytes[start + index] = code;
    }
    bytes[start - 1] = length * 2;
    this.#length = start + length;
    return true;
  }

  #anyText(text: string): void {
    const isWide = NOT_LATIN.test(text);
    this.varint(text.length * 2 + (isWide ? 1 : 0));
    this.#reserve(text.length * (isWide ? 2 : 1));
    this.#length += this.#bytes.write(text, this.#length, isWide ? "utf16le" : "latin1");
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    if (needed > MAX_SECTION_BYTES) throw new UncopyablePart("more than a snapshot's section can hold");
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.#bytes.length * 2, MAX_SECTION_BYTES)));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
