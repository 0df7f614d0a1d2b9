/** A power of two of places. */
const PLACE_COUNT = 128;
const PLACES_A_LEVEL = 16;
const WORD_BYTES = 4;

/** A name as its format writes it, in little-endian words; the last one may hold more than the name. */
export interface WrittenName {
  readonly name: string;
  readonly words: Int32Array;
  readonly byteCount: number;
}

/**
 * The names of properties by where they stood in the last objects. Values of a program have few shapes, so most names come again in their
 * place, and are then a few words to copy. A name that stands in a place for the second time in a row is expected there from then on.
 */
export class ExpectedNames {
  readonly #bytesOf: (name: string) => Uint8Array | undefined;
  readonly #places: (WrittenName | undefined)[] = Array.from({ length: PLACE_COUNT });
  readonly #lastNames: (string | undefined)[] = Array.from({ length: PLACE_COUNT });

  /** @param bytesOf how the format writes a name; `undefined` for one that is not to be remembered */
  constructor(bytesOf: (name: string) => Uint8Array | undefined) {
    this.#bytesOf = bytesOf;
  }

  /** The name, when it is expected as the `index`-th of an object on a level. */
  find(name: string, level: number, index: number): WrittenName | undefined {
    const place = (level * PLACES_A_LEVEL + index) & (PLACE_COUNT - 1);
    const expected = this.#places[place];
    return expected !== undefined && expected.name === name ? expected : this.#learn(name, place);
  }

  #learn(name: string, place: number): WrittenName | undefined {
    if (this.#lastNames[place] !== name) {
      this.#lastNames[place] = name;
      return undefined;
    }
    const bytes = this.#bytesOf(name);
    if (bytes === undefined) return undefined;
    const written = { name, words: wordsOf(bytes), byteCount: bytes.length };
    this.#places[place] = written;
    return written;
  }
}

/** Copies a name. There must be room for three bytes more. @returns the offset behind it */
export function writeName(view: DataView, at: number, { words, byteCount }: WrittenName): number {
  for (let index = 0; index < words.length; index += 1) {
    view.setInt32(at + index * WORD_BYTES, words[index] as number, true);
  }
  return at + byteCount;
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(Math.ceil(bytes.length / WORD_BYTES));
  for (const [index, byte] of bytes.entries()) {
    const at = Math.floor(index / WORD_BYTES);
    words[at] = (words[at] as number) | (byte << ((index % WORD_BYTES) * 8));
  }
  return words;
}
