import type { ByteWriter } from "./byte-writer.ts";
import { NameWriter } from "./name-table.ts";
import type { SnapshotEntry } from "./snapshot-entry.ts";
import { ENTRY_FLAGS } from "./snapshot-layout.ts";
import { ValueEncoder } from "./value-encoder.ts";

/**
 * Writes the payload of one section of entries: the instant it was begun, then entries up to the end.
 *
 * ```text
 * double begunAt
 * entry*   byte flags · name namespace · text key · [double remainingMs] · [double slidingMs] · [varint count, name*] · value
 * ```
 */
export class BlockWriter {
  /** Wall-clock instant at which it was begun. */
  readonly begunAt: number;
  readonly #writer: ByteWriter;
  readonly #names = new NameWriter();
  readonly #values: ValueEncoder;
  #entryCount = 0;

  constructor(writer: ByteWriter, begunAt: number) {
    this.begunAt = begunAt;
    this.#writer = writer;
    this.#values = new ValueEncoder(writer, this.#names);
    writer.double(begunAt);
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  get lengthBytes(): number {
    return this.#writer.length;
  }

  /** Appends an entry. @returns false, with nothing appended, when its value would not read back equal */
  add(entry: SnapshotEntry): boolean {
    const length = this.#writer.length;
    const nameCount = this.#names.count;
    try {
      this.#write(entry);
    } catch {
      // A part that cannot be kept, or code of the value that throws. One entry less; the dump goes on.
      this.#writer.rewind(length);
      this.#names.rewind(nameCount);
      return false;
    }
    this.#entryCount += 1;
    return true;
  }

  #write({ namespace, key, value, remainingMs, slidingMs, tags }: SnapshotEntry): void {
    const writer = this.#writer;
    const hasTtl = remainingMs !== Number.POSITIVE_INFINITY;
    const flags =
      (hasTtl ? ENTRY_FLAGS.ttl : 0) |
      (slidingMs === undefined ? 0 : ENTRY_FLAGS.sliding) |
      (tags.length === 0 ? 0 : ENTRY_FLAGS.tags);
    writer.byte(flags);
    this.#names.write(writer, namespace);
    writer.text(key);
    if (hasTtl) writer.double(remainingMs);
    if (slidingMs !== undefined) writer.double(slidingMs);
    if (tags.length > 0) {
      writer.varint(tags.length);
      for (const tag of tags) this.#names.write(writer, tag);
    }
    this.#values.write(value);
  }
}
