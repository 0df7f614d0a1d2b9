import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { MAX_BLOCK_NAMES } from "./snapshot-layout.ts";

/**
 * The names of properties, tags and namespaces that a block has used: each is written in full once and then by number, which
 * makes records of the same kind a third smaller and faster to read.
 *
 * A name is the varint 0 and its text, or its number, counted from 1 in the order in which the names first came.
 */
export class NameWriter {
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** How many names are remembered. */
  get count(): number {
    return this.#names.length;
  }

  write(writer: ByteWriter, name: string): void {
    const number = this.#numbers.get(name);
    if (number !== undefined) {
      writer.varint(number);
      return;
    }
    writer.byte(0);
    writer.text(name);
    if (this.#names.length < MAX_BLOCK_NAMES) this.#numbers.set(name, this.#names.push(name));
  }

  /** Forgets the names after the first `count`. */
  rewind(count: number): void {
    for (const name of this.#names.splice(count)) this.#numbers.delete(name);
  }
}

/** The other side of {@link NameWriter}. */
export class NameReader {
  readonly #names: string[] = [];

  /** @throws FormatFault */
  read(reader: ByteReader): string {
    const number = reader.varint();
    if (number === 0) {
      const name = reader.text();
      if (this.#names.length < MAX_BLOCK_NAMES) this.#names.push(name);
      return name;
    }
    const name = this.#names[number - 1];
    if (name === undefined) throw reader.fault("a name that was not given");
    return name;
  }
}
