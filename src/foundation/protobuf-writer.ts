/** What a writer begins with; it grows. */
const FIRST_BYTES = 1_024;
/** Largest part of a number that is shifted as 32 bits. */
const LOW_BITS = 2 ** 28;

/** Wire type of numbers. */
const VARINT = 0;
/** Wire type of numbers of 8 bytes. */
const FIXED_64 = 1;
/** Wire type of numbers of 4 bytes. */
const FIXED_32 = 5;
/** Wire type of texts, bytes and messages. */
const LENGTH_DELIMITED = 2;

/**
 * Writes the few forms of Protocol Buffers that messages of nodes and traces use, into one buffer that is used again and again.
 *
 * ```text
 * field := tag payload         tag := varint (number << 3 | wire type)
 * number:  tag(0) varint       varint := 7 bits a byte, lowest first, high bit set on all but the last
 * text, bytes, message:  tag(2) varint(length) bytes
 * fixed64, double:  tag(1) 8 bytes, little-endian      fixed32:  tag(5) 4 bytes
 * ```
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** How much was written since the last {@link ProtobufWriter.take}. */
  get lengthBytes(): number {
    return this.#length;
  }

  /** A number. @param value a whole number from 0 to 2^53 − 1 */
  number(field: number, value: number): void {
    this.#reserve(20);
    this.#varint((field << 3) | VARINT);
    this.#varint(value);
  }

  /** A signed number of 64 bits: ten bytes where it is negative. */
  int64(field: number, value: bigint): void {
    this.#reserve(20);
    this.#varint((field << 3) | VARINT);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  /** An `int64`. @param value a whole number from −(2^53 − 1) to 2^53 − 1; a negative one takes ten bytes */
  signed(field: number, value: number): void {
    if (value >= 0) this.number(field, value);
    else this.int64(field, BigInt(value));
  }

  /** A `fixed32`. @param value a whole number from 0 to 2^32 − 1 */
  fixed32(field: number, value: number): void {
    this.#reserve(20);
    this.#varint((field << 3) | FIXED_32);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** A `fixed64`. */
  fixed64(field: number, value: bigint): void {
    this.#reserve(20);
    this.#varint((field << 3) | FIXED_64);
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length);
  }

  /** A `double`. */
  double(field: number, value: number): void {
    this.#reserve(20);
    this.#varint((field << 3) | FIXED_64);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** Bytes with their tag and length. */
  bytes(field: number, value: Uint8Array): void {
    this.header(field, value.length);
    this.raw(value);
  }

  /** A text as UTF-8. Lone surrogates become U+FFFD: callers look before. */
  text(field: number, value: string): void {
    const lengthBytes = Buffer.byteLength(value);
    this.#reserve(lengthBytes + 20);
    this.#varint((field << 3) | LENGTH_DELIMITED);
    this.#varint(lengthBytes);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** Bytes that were encoded before. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Tag and length of a message of which the bytes come next. */
  header(field: number, lengthBytes: number): void {
    this.#reserve(20);
    this.#varint((field << 3) | LENGTH_DELIMITED);
    this.#varint(lengthBytes);
  }

  /**
   * A message whose length is not known before. One byte is kept for the length; a longer body is moved, which messages of up to 127 bytes, nearly all, never are.
   */
  message(field: number, writeBody: () => void): void {
    this.#reserve(20);
    this.#varint((field << 3) | LENGTH_DELIMITED);
    const lengthAt = this.#length;
    this.#length += 1;
    writeBody();
    const bodyBytes = this.#length - lengthAt - 1;
    const extraBytes = varintBytes(bodyBytes) - 1;
    if (extraBytes > 0) {
      this.#reserve(extraBytes);
      this.#bytes.copyWithin(lengthAt + 1 + extraBytes, lengthAt + 1, this.#length);
    }
    this.#length = lengthAt;
    this.#varint(bodyBytes);
    this.#length += bodyBytes;
  }

  /** A copy of what was written; the writer is empty again. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= LOW_BITS) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(extraBytes: number): void {
    const needed = this.#length + extraBytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** How many bytes a number takes as a varint. */
export function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) count += 1;
  return count;
}
