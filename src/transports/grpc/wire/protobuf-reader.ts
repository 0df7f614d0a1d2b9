/** Wire types. */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** A varint of 64 bits has at most ten bytes. */
const MAX_VARINT_BYTES = 10;

/** Bytes are no message in the wire format of Protocol Buffers. */
export class MalformedFrameError extends Error {
  /** What is wrong with them, to end a sentence. */
  readonly what: string;

  constructor(what: string) {
    super(`A frame is malformed: ${what}.`);
    this.what = what;
    this.name = "MalformedFrameError";
  }
}

/**
 * Reads messages in the wire format of Protocol Buffers, field by field, without copying. See `ProtobufWriter` for the format.
 *
 * ```text
 * while (reader.next()) switch (reader.field) { case 1: value = reader.number(); break; … }
 * ```
 *
 * What is not read of a field, because its number is unknown or its wire type is another, is passed over by the next {@link ProtobufReader.next}.
 */
export class ProtobufReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #position: number;
  #field = 0;
  #wireType = VARINT;
  #isRead = true;

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** Number of the current field. */
  get field(): number {
    return this.#field;
  }

  /** Goes to the next field. `false` at the end. @throws MalformedFrameError */
  next(): boolean {
    if (!this.#isRead) this.#pass();
    if (this.#position >= this.#end) return false;
    const tag = this.#varint();
    this.#field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.#field === 0 || this.#field > 536_870_911) throw new MalformedFrameError("a field has no number");
    this.#isRead = false;
    return true;
  }

  /**
   * The current field as a number. `NaN` when it is of another wire type, or not below 2^53: nothing here is that large, and a rounded version would be another.
   *
   * @throws MalformedFrameError
   */
  number(): number {
    if (this.#wireType !== VARINT) return Number.NaN;
    this.#isRead = true;
    const value = this.#varint();
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }

  /** The current field as a signed number of 64 bits; `undefined` when it is of another wire type. @throws MalformedFrameError */
  int64(): bigint | undefined {
    if (this.#wireType !== VARINT) return undefined;
    this.#isRead = true;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#position >= this.#end) throw new MalformedFrameError("it ends within a number");
      const byte = this.#bytes[this.#position++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw new MalformedFrameError("a number is longer than 64 bits");
  }

  /** The current field as a text; `undefined` when it is of another wire type. @throws MalformedFrameError */
  text(): string | undefined {
    if (this.#wireType !== LENGTH_DELIMITED) return undefined;
    const end = this.#delimit();
    const text = this.#bytes.toString("utf8", this.#position, end);
    this.#position = end;
    return text;
  }

  /** A reader of the message that the current field holds; `undefined` when it is of another wire type. @throws MalformedFrameError */
  message(): ProtobufReader | undefined {
    if (this.#wireType !== LENGTH_DELIMITED) return undefined;
    const end = this.#delimit();
    const inner = new ProtobufReader(this.#bytes, this.#position, end);
    this.#position = end;
    return inner;
  }

  /** The current field as bytes, without copying; `undefined` when it is of another wire type. @throws MalformedFrameError */
  bytes(): Buffer | undefined {
    if (this.#wireType !== LENGTH_DELIMITED) return undefined;
    const end = this.#delimit();
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  #delimit(): number {
    this.#isRead = true;
    const end = this.#varint() + this.#position;
    if (!(end <= this.#end)) throw new MalformedFrameError("a field is longer than its message");
    return end;
  }

  #pass(): void {
    this.#isRead = true;
    if (this.#wireType === VARINT) this.#varint();
    else if (this.#wireType === LENGTH_DELIMITED) this.#position = this.#delimit();
    else if (this.#wireType === FIXED_64) this.#position += 8;
    else if (this.#wireType === FIXED_32) this.#position += 4;
    else throw new MalformedFrameError(`wire type ${this.#wireType} does not exist`);
    if (this.#position > this.#end) throw new MalformedFrameError("a field is longer than its message");
  }

  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < MAX_VARINT_BYTES; count += 1) {
      if (this.#position >= this.#end) throw new MalformedFrameError("it ends within a number");
      const byte = this.#bytes[this.#position++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    throw new MalformedFrameError("a number is longer than 64 bits");
  }
}
