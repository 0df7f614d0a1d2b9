import type { Buffer } from "node:buffer";
import { MAX_TAGS_PER_ENTRY } from "../../entry/tag.ts";
import { ByteReader } from "./byte-reader.ts";
import { FormatFault } from "./format-fault.ts";
import { NameReader } from "./name-table.ts";
import type { SnapshotEntry } from "./snapshot-entry.ts";
import { ENTRY_FLAGS } from "./snapshot-layout.ts";
import { ValueDecoder } from "./value-decoder.ts";

const ALL_FLAGS = ENTRY_FLAGS.ttl | ENTRY_FLAGS.tags | ENTRY_FLAGS.sliding;
const NO_TAGS: readonly string[] = Object.freeze([]);
/** A path as `joinNamespace` makes it: names without `:`, between single slashes. Also nothing: the view itself. */
const NAMESPACE = /^(?:[^:/]+(?:\/[^:/]+)*)?$/;

/** Reads what a `BlockWriter` wrote, entry by entry. */
export class BlockReader {
  /** Wall-clock instant at which the block was begun. */
  readonly begunAt: number;
  readonly #reader: ByteReader;
  readonly #names = new NameReader();
  readonly #values: ValueDecoder;
  /** The namespace read last, known to be one. */
  #namespace = "";

  /** @throws FormatFault */
  constructor(payload: Buffer) {
    this.#reader = new ByteReader(payload);
    this.#values = new ValueDecoder(this.#reader, this.#names);
    this.begunAt = this.#reader.double();
    if (!Number.isFinite(this.begunAt)) throw this.#reader.fault("a block of no instant");
  }

  /** The next entry, or `undefined` at the end. @throws FormatFault */
  next(): SnapshotEntry | undefined {
    if (this.#reader.isAtEnd) return undefined;
    try {
      return this.#entry();
    } catch (error) {
      if (error instanceof FormatFault) throw error;
      // Bytes that no encoder writes can ask the platform for what it refuses.
      throw this.#reader.fault("an entry that cannot be rebuilt", { cause: error });
    }
  }

  #entry(): SnapshotEntry {
    const reader = this.#reader;
    const flags = reader.byte();
    if ((flags & ~ALL_FLAGS) !== 0) throw reader.fault("an entry with unknown flags", { isUnsupported: true });
    const namespace = this.#readNamespace();
    const key = reader.text();
    if (key === "") throw reader.fault("an entry without a key");
    const remainingMs = flags & ENTRY_FLAGS.ttl ? this.#spanMs() : Number.POSITIVE_INFINITY;
    const slidingMs = flags & ENTRY_FLAGS.sliding ? this.#spanMs() : undefined;
    const tags = flags & ENTRY_FLAGS.tags ? this.#tags() : NO_TAGS;
    const value = this.#values.read();
    if (value === undefined) throw reader.fault("an entry without a value");
    return { namespace, key, value, remainingMs, slidingMs, tags };
  }

  #readNamespace(): string {
    const namespace = this.#names.read(this.#reader);
    if (namespace === this.#namespace) return namespace;
    if (!NAMESPACE.test(namespace)) throw this.#reader.fault("an impossible namespace");
    this.#namespace = namespace;
    return namespace;
  }

  #spanMs(): number {
    const spanMs = this.#reader.double();
    if (!(spanMs > 0 && spanMs < Number.POSITIVE_INFINITY)) throw this.#reader.fault("an impossible time to live");
    return spanMs;
  }

  #tags(): readonly string[] {
    const count = this.#reader.varint();
    if (count === 0 || count > MAX_TAGS_PER_ENTRY) throw this.#reader.fault("an impossible number of tags");
    const tags: string[] = [];
    for (let index = 0; index < count; index += 1) tags.push(this.#names.read(this.#reader));
    return tags;
  }
}
