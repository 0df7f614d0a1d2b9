/** Collects bits, the lowest first, as FSE and its headers need them. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #pending = 0;
  #pendingCount = 0;

  /** @param count 0 to 16 */
  write(value: number, count: number): void {
    this.#pending |= (value & ((1 << count) - 1)) << this.#pendingCount;
    this.#pendingCount += count;
    while (this.#pendingCount >= 8) {
      this.#bytes.push(this.#pending & 255);
      this.#pending >>>= 8;
      this.#pendingCount -= 8;
    }
  }

  /** The bytes; what is left of the last one is zeros. Ends the use of the writer. */
  finish(): Uint8Array {
    if (this.#pendingCount > 0) this.#bytes.push(this.#pending & 255);
    return Uint8Array.from(this.#bytes);
  }
}
