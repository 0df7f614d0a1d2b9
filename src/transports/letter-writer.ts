/** Writes the parts of a letter one after another; see `encodeLetter` for how each is laid out. */
export class LetterWriter {
  readonly #parts: Uint8Array[] = [];

  byte(value: number): void {
    this.#parts.push(Uint8Array.of(value));
  }

  shard(value: number): void {
    const part = Buffer.allocUnsafe(2);
    part.writeUInt16BE(value);
    this.#parts.push(part);
  }

  count(value: number): void {
    const part = Buffer.allocUnsafe(4);
    part.writeUInt32BE(value);
    this.#parts.push(part);
  }

  /** `undefined` becomes NaN. */
  number(value: number | undefined): void {
    const part = Buffer.allocUnsafe(8);
    part.writeDoubleBE(value ?? Number.NaN);
    this.#parts.push(part);
  }

  text(value: string): void {
    this.count(value.length * 2);
    this.#parts.push(Buffer.from(value, "utf16le"));
  }

  /** All of it. */
  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
