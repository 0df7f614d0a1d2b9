const SLOT_COUNT = 128;

/**
 * Texts that were met in the bytes before, so that the names of a hundred records are made once. Of texts that share a place the last stays.
 * Lives as long as one value is read.
 */
export class KeyTable {
  readonly #bytes: Uint8Array;
  readonly #texts: string[] = new Array<string>(SLOT_COUNT).fill("");
  readonly #starts: number[] = new Array<number>(SLOT_COUNT).fill(0);
  readonly #lengths: number[] = new Array<number>(SLOT_COUNT).fill(-1);

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The text of these bytes, if it is known. O(length) */
  find(start: number, length: number): string | undefined {
    const slot = this.#slotOf(start, length);
    if (this.#lengths[slot] !== length) return undefined;
    const bytes = this.#bytes;
    const known = this.#starts[slot] as number;
    for (let index = 0; index < length; index += 1) {
      if (bytes[known + index] !== bytes[start + index]) return undefined;
    }
    return this.#texts[slot];
  }

  /** Remembers the text of these bytes. @returns it */
  put(start: number, length: number, text: string): string {
    const slot = this.#slotOf(start, length);
    this.#texts[slot] = text;
    this.#starts[slot] = start;
    this.#lengths[slot] = length;
    return text;
  }

  #slotOf(start: number, length: number): number {
    const bytes = this.#bytes;
    const first = bytes[start] ?? 0;
    const middle = bytes[start + (length >> 1)] ?? 0;
    const last = bytes[start + length - 1] ?? 0;
    return (first * 31 + middle * 7 + last * 3 + length) & (SLOT_COUNT - 1);
  }
}
