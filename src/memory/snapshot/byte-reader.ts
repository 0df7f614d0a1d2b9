import type { Buffer } from "node:buffer";
import { FormatFault } from "./format-fault.ts";

/** Bytes of the longest varint: 2^53 − 1. */
const MAX_VARINT_BYTES = 8;

/**
 * Reads what a `ByteWriter` wrote. Every length is held against the bytes that are there before anything is made of it.
 *
 * @throws FormatFault from every method
 */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get offsetBytes(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw this.fault("an end in the middle of an entry");
    this.#at += 1;
    return value;
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#advance(8));
  }

  varint(): number {
    let value = this.byte();
    if (value < 128) return value;
    value &= 127;
    let factor = 128;
    for (let count = 1; count < MAX_VARINT_BYTES; count += 1) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw this.fault("a number that is too large");
  }

  text(): string {
    const header = this.varint();
    const isWide = header % 2 === 1;
    const length = (header - (isWide ? 1 : 0)) / 2;
    const start = this.#advance(isWide ? length * 2 : length);
    return this.#bytes.toString(isWide ? "utf16le" : "latin1", start, this.#at);
  }

  /** The next bytes, without copying them. */
  raw(count: number): Buffer {
    const start = this.#advance(count);
    return this.#bytes.subarray(start, this.#at);
  }

  /** A fault at the place that has been reached. */
  fault(reason: string, options?: { isUnsupported?: boolean; cause?: unknown }): FormatFault {
    return new FormatFault(reason, this.#at, options);
  }

  /** @returns where the `count` bytes begin */
  #advance(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) throw this.fault("a length beyond the end of its section");
    this.#at = start + count;
    return start;
  }
}
