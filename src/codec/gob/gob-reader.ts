import { Buffer } from "node:buffer";
import { CodecFault } from "../codec-fault.ts";
import { KeyTable } from "./key-table.ts";

/** Two halves of 32 bits make a number of 53 only below this upper half. */
const SAFE_UPPER = 2 ** 21;
const UPPER = 2 ** 32;

/** Texts up to this length are put together here when they are ASCII; a call into the platform costs more than that. */
const SHORT_BYTES = 24;

/** The bytes of a double on their way; nothing calls back meanwhile. */
const SCRATCH = Buffer.alloc(8);

/** A shorter stream has too few names that come again to pay for a table of them. */
const KEY_TABLE_FROM_BYTES = 1_024;

/**
 * Reads the numbers, texts and chunks of a gob stream.
 *
 * ```
 * uint    below 128: one byte.  Else: 256 − n, then n bytes, the highest first.   7 = 07   256 = FE 01 00
 * int     a uint whose lowest bit says that the others are complemented.          3 = 06   −129 = FE 01 01
 * float   a uint: the 8 bytes of the double in reverse.                           17 = FE 31 40
 * chunk   uint length, then so many bytes. A message is a chunk; so is the value of an interface, inside another chunk.
 * ```
 *
 * Go writes a uint as short as possible and reads any. One with a zero byte too many is *padded*; that says something to this library only.
 */
export class GobReader {
  readonly #bytes: Buffer;
  #at = 0;
  /** Where the innermost chunk ends. */
  #end: number;
  /** Where the chunks around it end, the stream first. */
  readonly #outerEnds: number[] = [];
  /** The halves of the last long uint. */
  #upper = 0;
  #lower = 0;
  #isPadded = false;
  readonly #keys: KeyTable | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
    this.#keys = bytes.length < KEY_TABLE_FROM_BYTES ? undefined : new KeyTable(this.#bytes);
  }

  /** Whether the last number or length was padded. */
  get isPadded(): boolean {
    return this.#isPadded;
  }

  /** Bytes from here to the end of the stream, which bound what a count can promise. */
  get leftBytes(): number {
    return this.#bytes.length - this.#at;
  }

  /** Whether the innermost chunk has been read. */
  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** Enters the chunk that begins here. @throws CodecFault */
  open(): void {
    const length = this.uint();
    if (length > this.#end - this.#at) throw malformed("a part longer than what it is in");
    this.#outerEnds.push(this.#end);
    this.#end = this.#at + length;
  }

  /** Leaves the chunk. @throws CodecFault when it has not been read to its end */
  close(): void {
    if (this.#at !== this.#end) throw malformed("bytes behind a value");
    this.#end = this.#outerEnds.pop() as number;
  }

  byte(): number {
    if (this.#at >= this.#end) throw malformed("a value that is cut off");
    return this.#bytes[this.#at++] as number;
  }

  /** A length, count or field delta. @throws CodecFault when it is beyond 2^53 */
  uint(): number {
    const first = this.byte();
    if (first < 128) {
      this.#isPadded = false;
      return first;
    }
    this.#long(first);
    if (this.#upper >= SAFE_UPPER) throw malformed("a length beyond all bytes");
    return this.#upper * UPPER + this.#lower;
  }

  /** How many elements follow; each takes `elementBytes` at least. @throws CodecFault when the bytes cannot hold so many */
  count(elementBytes: number): number {
    const count = this.uint();
    if (count * elementBytes > this.leftBytes) throw malformed("more elements than bytes");
    return count;
  }

  /** A value of Go's `uint` types: a bigint when it is padded or no safe integer. */
  unsigned(): number | bigint {
    const first = this.byte();
    if (first < 128) return first;
    this.#long(first);
    if (this.#upper >= SAFE_UPPER) return (BigInt(this.#upper) << 32n) | BigInt(this.#lower);
    const value = this.#upper * UPPER + this.#lower;
    return this.#isPadded ? BigInt(value) : value;
  }

  /** A value of Go's `int` types: a bigint when it is padded or no safe integer. */
  signed(): number | bigint {
    const first = this.byte();
    if (first < 128) return first & 1 ? ~(first >> 1) : first >> 1;
    this.#long(first);
    const isComplement = (this.#lower & 1) === 1;
    if (this.#upper >= SAFE_UPPER * 2) {
      const half = (BigInt(this.#upper) << 31n) | BigInt(this.#lower >>> 1);
      return isComplement ? ~half : half;
    }
    const half = this.#upper * 2 ** 31 + (this.#lower >>> 1);
    const value = isComplement ? -half - 1 : half;
    return this.#isPadded || !Number.isSafeInteger(value) ? BigInt(value) : value;
  }

  double(): number {
    const first = this.byte();
    const length = first < 128 ? 0 : this.#longLength(first);
    // The uint's lowest byte is the double's highest; so the double's bytes stand here in little-endian order.
    for (let index = 0; index < 8 - length; index += 1) SCRATCH[index] = 0;
    if (length === 0) SCRATCH[7] = first;
    for (let index = 8 - length; index < 8; index += 1) SCRATCH[index] = this.#bytes[this.#at++] as number;
    return SCRATCH.readDoubleLE(0);
  }

  /** A length and so many bytes; an alias of the input. `isPadded` is the length's. */
  bytes(): Buffer {
    const start = this.#advance(this.uint());
    return this.#bytes.subarray(start, this.#at);
  }

  /** A length and so many bytes that nobody needs. @returns how many */
  skip(): number {
    const length = this.uint();
    this.#advance(length);
    return length;
  }

  /** A text in UTF-8; what is none becomes U+FFFD, as Go's `range` and `encoding/json` do it. */
  text(): string {
    const length = this.uint();
    return this.#slice(this.#advance(length), length);
  }

  /** As {@link text}, for texts that come again and again. */
  key(): string {
    const length = this.uint();
    const start = this.#advance(length);
    const keys = this.#keys;
    if (keys === undefined) return this.#slice(start, length);
    return keys.find(start, length) ?? keys.put(start, length, this.#slice(start, length));
  }

  #slice(start: number, length: number): string {
    const end = start + length;
    const bytes = this.#bytes;
    if (length > SHORT_BYTES) return bytes.toString("utf8", start, end);
    let text = "";
    for (let index = start; index < end; index += 1) {
      const byte = bytes[index] as number;
      if (byte >= 128) return bytes.toString("utf8", start, end);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** @returns where the bytes begin */
  #advance(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw malformed("a text longer than its bytes");
    this.#at = start + length;
    return start;
  }

  /** The rest of a uint of several bytes. */
  #long(first: number): void {
    const length = this.#longLength(first);
    const bytes = this.#bytes;
    let at = this.#at;
    const highest = bytes[at] as number;
    this.#isPadded = length === 1 ? highest < 128 : highest === 0;
    let upper = 0;
    let lower = 0;
    for (const end = at + length; at < end; at += 1) {
      upper = ((upper << 8) | (lower >>> 24)) >>> 0;
      lower = ((lower << 8) | (bytes[at] as number)) >>> 0;
    }
    this.#upper = upper;
    this.#lower = lower;
    this.#at = at;
  }

  #longLength(first: number): number {
    const length = 256 - first;
    if (length > 8) throw malformed("a number of more than 8 bytes");
    if (length > this.#end - this.#at) throw malformed("a value that is cut off");
    return length;
  }
}

/** The fault of bytes that are no gob. */
export function malformed(what: string): CodecFault {
  return new CodecFault("malformed", what);
}
