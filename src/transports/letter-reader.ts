/**
 * Reads the parts of a letter one after another; see `encodeLetter` for how each is laid out. What is not there or makes no sense reads as something empty, and the letter is broken
 * from then on.
 */
export class LetterReader {
  readonly #bytes: Buffer;
  #at = 0;
  #isBroken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether something that was read was not there. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Whether all of it was read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.#has(1) ? this.#bytes.readUInt8(this.#skip(1)) : 0;
  }

  shard(): number {
    return this.#has(2) ? this.#bytes.readUInt16BE(this.#skip(2)) : 0;
  }

  count(): number {
    return this.#has(4) ? this.#bytes.readUInt32BE(this.#skip(4)) : 0;
  }

  /** `undefined`: the sender does not know. Numbers that no version can be break the letter. */
  number(): number | undefined {
    if (!this.#has(8)) return undefined;
    const value = this.#bytes.readDoubleBE(this.#skip(8));
    if (Number.isNaN(value)) return undefined;
    if (Number.isSafeInteger(value) && value >= 0) return value;
    this.#isBroken = true;
    return undefined;
  }

  /** A number that the sender must know. */
  known(): number {
    const value = this.number();
    if (value === undefined) this.#isBroken = true;
    return value ?? 0;
  }

  text(): string {
    const length = this.count();
    if (length % 2 !== 0) this.#isBroken = true;
    if (!this.#has(length)) return "";
    const start = this.#skip(length);
    return this.#bytes.toString("utf16le", start, start + length);
  }

  /** A count and as many items; ends at the first that is broken, so that a count out of thin air costs nothing. */
  list<Item>(readItem: () => Item): readonly Item[] {
    const items: Item[] = [];
    for (let left = this.count(); left > 0 && !this.#isBroken; left -= 1) items.push(readItem());
    return items;
  }

  #has(count: number): boolean {
    if (this.#at + count > this.#bytes.length) this.#isBroken = true;
    return !this.#isBroken;
  }

  /** Where the part began. */
  #skip(count: number): number {
    const start = this.#at;
    this.#at += count;
    return start;
  }
}
