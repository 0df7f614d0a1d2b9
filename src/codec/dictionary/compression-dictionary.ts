import { createHash } from "node:crypto";
import { InvalidArgumentError } from "../../foundation/errors.ts";
import { readCounts } from "./fse-counts.ts";
import { huffmanTableBytes } from "./huffman-table.ts";

/*
 * A dictionary is bytes in the format of zstd's dictionaries (RFC 8878, section 5, https://www.rfc-editor.org/rfc/rfc8878#section-5), so that `zstd
 * -D` takes ours and we take what `zstd --train` makes:
 *
 *   0            4            8
 *   ├ magic ─────┼ id ────────┼ tables ─────────────────────────────────────────────┼ three offsets ┼ content, to the end
 *   │ 37 a4 30 ec│ u32, little│ literals · offsets · match lengths · literal lengths│ u32 each      │
 *
 * Deflate uses the content alone.
 */
const MAGIC = 0xec30a437;
const TABLES_AT = 8;
const OFFSETS_BYTES = 12;
/** The largest of the first offsets. */
export const MIN_CONTENT_BYTES = 8;
/** Table size and largest symbol of the three tables of counts, in their order. */
const COUNT_TABLES = [
  { maxTableLog: 8, maxSymbol: 31 },
  { maxTableLog: 9, maxSymbol: 52 },
  { maxTableLog: 9, maxSymbol: 35 },
] as const;
/** zstd keeps the ids below for a registry and those from 2^31 on for itself. */
const FIRST_ID = 32_768;
const ID_COUNT: number = 2 ** 31 - FIRST_ID;

/** What small similar values have in common, known to the writer and all readers. Immutable. */
export interface CompressionDictionary {
  /**
   * A u32, never 0, and the same for the same bytes everywhere: values name the dictionary by it. Derived from the bytes, so a dictionary that was
   * changed or damaged is another one, and reads without the right one are known as such.
   */
  readonly id: number;
  /** The whole dictionary in zstd's format: what a file holds. */
  readonly bytes: Uint8Array;
  /** Its content without the tables, the most valuable at the end; a view into {@link CompressionDictionary.bytes}. */
  readonly content: Uint8Array;
}

/** The tables and offsets that stand before the content. */
export interface DictionaryTables {
  readonly literals: Uint8Array;
  readonly offsets: Uint8Array;
  readonly matchLengths: Uint8Array;
  readonly literalLengths: Uint8Array;
}

/** Where a compressor's offsets begin in every frame. */
const FIRST_OFFSETS = [1, 4, 8] as const;

/** Builds a dictionary of tables and content; the id in its header is its own. */
export function createDictionary(tables: DictionaryTables, content: Uint8Array): CompressionDictionary {
  const parts = [tables.literals, tables.offsets, tables.matchLengths, tables.literalLengths];
  const tablesBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(TABLES_AT + tablesBytes + OFFSETS_BYTES + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  let at = TABLES_AT;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  for (const [index, offset] of FIRST_OFFSETS.entries()) view.setUint32(at + 4 * index, offset, true);
  bytes.set(content, at + OFFSETS_BYTES);
  const id = idOf(bytes);
  view.setUint32(4, id, true);
  return Object.freeze({ id, bytes, content: bytes.subarray(at + OFFSETS_BYTES) });
}

/**
 * Reads a dictionary: one of ours, or one of `zstd --train`. O(bytes)
 *
 * Everything that zstd looks at is looked at here, because the package ends the process when the library refuses a dictionary.
 *
 * @param bytes copied
 * @throws InvalidArgumentError when they are none; the message says what is wrong
 */
export function parseDictionary(bytes: Uint8Array): CompressionDictionary {
  const own = new Uint8Array(bytes);
  const problem = (what: string): InvalidArgumentError =>
    new InvalidArgumentError(
      "GCX_ARGUMENT_OPTION",
      "dictionary",
      `This is no dictionary: ${what}. Make one with gocachex dictionary train, or with zstd --train.`,
    );
  const view = new DataView(own.buffer);
  if (own.length < TABLES_AT || view.getUint32(0, true) !== MAGIC)
    throw problem("it does not begin as zstd's dictionaries do");
  const literalsBytes = huffmanTableBytes(own.subarray(TABLES_AT));
  if (literalsBytes === undefined) throw problem("its table of literals is damaged");
  let at = TABLES_AT + literalsBytes;
  for (const { maxTableLog, maxSymbol } of COUNT_TABLES) {
    const counts = readCounts(own.subarray(at), maxTableLog, maxSymbol);
    if (counts === undefined) throw problem("one of its tables is damaged");
    at += counts.lengthBytes;
  }
  const contentAt = at + OFFSETS_BYTES;
  if (contentAt + MIN_CONTENT_BYTES > own.length) throw problem("it is cut off");
  for (let offsetAt = at; offsetAt < contentAt; offsetAt += 4) {
    const offset = view.getUint32(offsetAt, true);
    if (offset === 0 || offset > own.length - contentAt) throw problem("one of its first offsets lies outside");
  }
  return Object.freeze({ id: idOf(own), bytes: own, content: own.subarray(contentAt) });
}

/** The id of a dictionary: of all its bytes but the id that stands in them, so that ours can carry their own. */
function idOf(bytes: Uint8Array): number {
  const digest = createHash("sha256").update(bytes.subarray(TABLES_AT)).digest();
  return FIRST_ID + (digest.readUInt32LE(0) % ID_COUNT);
}
