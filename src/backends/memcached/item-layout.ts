import { type CountedOperation, DIGEST_BYTES } from "./counted-operation.ts";
import { isSameMark, MARK_BYTES, type Mark, readMark, writeMark } from "./mark.ts";
import type { TagMark } from "./tag-mark.ts";

/**
 * What stands in the server under a key, in mode `coherent`. All numbers have their most significant byte first.
 *
 * ```text
 *  0        1        2        3        4                  12                 20
 * ┌────────┬────────┬────────┬────────┬──────────────────┬──────────────────┬─────────────┬────────┬─────────────┬─────────┐
 * │ FB     │ format │ flags  │ tags   │ expiresAt        │ namespace's mark │ staleMs     │ tags … │ operations …│ payload │
 * │        │ 1      │        │ 0…255  │ float64, ms      │ 8 bytes          │ with flag 8 │        │ with flag 1 │         │
 * └────────┴────────┴────────┴────────┴──────────────────┴──────────────────┴─────────────┴────────┴─────────────┴─────────┘
 *
 * a tag        u16 length in bytes (its top bit: UTF-16 and not UTF-8) · text · mark (8 bytes)
 * operations   u16 how many · each: digest (16 bytes) · result i64 · version float64 · countedAt float64, ms
 * staleMs      float64: how long after expiresAt the payload may stand in as a stale value
 * flags        1: operations follow the tags
 *              2: stale whatever a clock says, because it was invalidated or because somebody loads or loaded its successor; 8 bytes before
 *                 the payload, and before those of 4, are the version of the entry that it was: float64
 *              4: (with 2) somebody loads the successor; 8 bytes before the payload say until when: float64, ms
 *              8: staleMs is there
 * ```
 *
 * An empty item is a lease (`mg … N`); whatever else does not begin so was written by somebody else. Both are no entry.
 */
export interface Item {
  /** See the layout; {@link ITEM_FLAGS}. Those of operations and of `staleMs` follow from these when an item is written. */
  readonly flags: number;
  /** Wall-clock instant, ms since the epoch; `Infinity`: never. */
  readonly expiresAt: number;
  /** How long after `expiresAt` the payload may stand in, in ms. Default 0. */
  readonly staleMs?: number | undefined;
  /** Mark of the key's namespaces, of all levels together; see `namespace-marks.ts`. */
  readonly mark: Mark;
  readonly tags: readonly TagMark[];
  /** Operations with an id that a counter has counted lately, the oldest first. */
  readonly operations: readonly CountedOperation[];
  /** With flag `isStale`: version of the entry that it was. */
  readonly staleVersion?: number | undefined;
  /** With flag `isLeased`: until when somebody loads the successor, wall clock, ms since the epoch. */
  readonly leasedUntil?: number | undefined;
  /** The entry's bytes. */
  readonly payload: Uint8Array;
}

/** The bits of an item's flags. */
export const ITEM_FLAGS = { hasOperations: 1, isStale: 2, isLeased: 4, hasStaleMs: 8 } as const;

/** What an item with `staleMs` grows by when somebody loads its successor: the version that it had, and until when. */
export const STALE_NOTE_BYTES: number = 2 * 8;

/** Bytes before the tags. */
const ITEM_HEAD_BYTES = 20;
/** Tags that an item has room for; the cache allows 128. */
const MAX_ITEM_TAGS = 255;

/** First byte: none that text, an envelope of the codec or another client's value is likely to begin with. */
const MAGIC = 0xfb;
const FORMAT = 1;
const KNOWN_FLAGS = ITEM_FLAGS.hasOperations | ITEM_FLAGS.isStale | ITEM_FLAGS.isLeased | ITEM_FLAGS.hasStaleMs;
const DERIVED_FLAGS = ITEM_FLAGS.hasOperations | ITEM_FLAGS.hasStaleMs;
const UTF16_BIT = 0x8000;
const FLOAT64_BYTES = 8;
const OPERATION_BYTES = DIGEST_BYTES + 24;
const NO_TAGS: readonly TagMark[] = Object.freeze([]);
const NO_OPERATIONS: readonly CountedOperation[] = Object.freeze([]);

/**
 * Writes an item. The payload is copied, so the caller may go on using its memory.
 *
 * @throws RangeError for more than 255 tags
 */
export function encodeItem(item: Item): Buffer {
  if (item.tags.length > MAX_ITEM_TAGS) throw new RangeError(`An item has room for ${MAX_ITEM_TAGS} tags.`);
  const textBytes = item.tags.length === 0 ? [] : item.tags.map(tagTextBytes);
  const length = headBytes(item, textBytes);
  const bytes = Buffer.allocUnsafe(length + item.payload.length);
  const hasOperations = item.operations.length > 0;
  const { staleMs = 0 } = item;
  bytes[0] = MAGIC;
  bytes[1] = FORMAT;
  bytes[2] =
    (item.flags & ~DERIVED_FLAGS) |
    (hasOperations ? ITEM_FLAGS.hasOperations : 0) |
    (staleMs > 0 ? ITEM_FLAGS.hasStaleMs : 0);
  bytes[3] = item.tags.length;
  bytes.writeDoubleBE(item.expiresAt, 4);
  writeMark(bytes, 12, item.mark);
  let offset = ITEM_HEAD_BYTES;
  if (staleMs > 0) offset = bytes.writeDoubleBE(staleMs, offset);
  for (const [index, { tag, mark }] of item.tags.entries()) {
    offset = writeTag(bytes, offset, tag, textBytes[index] as number);
    writeMark(bytes, offset, mark);
    offset += MARK_BYTES;
  }
  if (hasOperations) offset = writeOperations(bytes, offset, item.operations);
  if ((item.flags & ITEM_FLAGS.isStale) !== 0) offset = bytes.writeDoubleBE(item.staleVersion ?? 0, offset);
  if ((item.flags & ITEM_FLAGS.isLeased) !== 0) offset = bytes.writeDoubleBE(item.leasedUntil ?? 0, offset);
  bytes.set(item.payload, offset);
  return bytes;
}

/** Reads an item; `undefined` for what is none. The payload is a view of the bytes. */
export function decodeItem(bytes: Buffer): Item | undefined {
  if (bytes.length < ITEM_HEAD_BYTES || bytes[0] !== MAGIC || bytes[1] !== FORMAT) return undefined;
  const flags = bytes[2] as number;
  if ((flags & ~KNOWN_FLAGS) !== 0) return undefined;
  const cursor = { bytes, offset: ITEM_HEAD_BYTES };
  const staleMs = readFloat64With(ITEM_FLAGS.hasStaleMs, flags, cursor);
  const tags = readTags(cursor, bytes[3] as number);
  const operations = (flags & ITEM_FLAGS.hasOperations) === 0 ? NO_OPERATIONS : readOperations(cursor);
  if (tags === undefined || operations === undefined) return undefined;
  const staleVersion = readFloat64With(ITEM_FLAGS.isStale, flags, cursor);
  const leasedUntil = readFloat64With(ITEM_FLAGS.isLeased, flags, cursor);
  if (cursor.offset > bytes.length) return undefined;
  const payload = bytes.subarray(cursor.offset);
  const mark = readMark(bytes, 12);
  return {
    leasedUntil,
    staleVersion,
    flags,
    expiresAt: bytes.readDoubleBE(4),
    staleMs,
    mark,
    tags,
    operations,
    payload,
  };
}

/** Whether bytes are an item without tags and without flags but that of `staleMs`. Then all that it says stands at fixed places, and nothing has to be made of it. */
export function isBareItem(bytes: Buffer): boolean {
  if (bytes.length < ITEM_HEAD_BYTES || bytes[0] !== MAGIC || bytes[1] !== FORMAT || bytes[3] !== 0) return false;
  return bytes[2] === 0 || (bytes[2] === ITEM_FLAGS.hasStaleMs && bytes.length >= ITEM_HEAD_BYTES + FLOAT64_BYTES);
}

/** `expiresAt` of a bare item. */
export function bareItemExpiresAt(bytes: Buffer): number {
  return bytes.readDoubleBE(4);
}

/** As {@link itemEndsAt}, of a bare item. */
export function bareItemEndsAt(bytes: Buffer): number {
  const expiresAt = bytes.readDoubleBE(4);
  return bytes[2] === 0 ? expiresAt : expiresAt + bytes.readDoubleBE(ITEM_HEAD_BYTES);
}

/** The payload of a bare item, a view. */
export function bareItemPayload(bytes: Buffer): Buffer {
  return bytes.subarray(bytes[2] === 0 ? ITEM_HEAD_BYTES : ITEM_HEAD_BYTES + FLOAT64_BYTES);
}

/** Whether an item carries a mark of its namespaces. */
export function itemHasMark(bytes: Buffer, mark: Mark): boolean {
  return bytes.readUInt32BE(12) === mark.high && bytes.readUInt32BE(16) === mark.low;
}

/** Whether an item is a live entry of a namespace with this mark, but for its tags. */
export function isLiveItem({ flags, expiresAt, mark }: Item, current: Mark, nowMs: number): boolean {
  return (flags & ITEM_FLAGS.isStale) === 0 && isSameMark(mark, current) && nowMs < expiresAt;
}

/** Until when an item's payload is good for anything: as a live entry, and then as a stale value. Wall clock, ms since the epoch. */
export function itemEndsAt({ expiresAt, staleMs = 0 }: Item): number {
  return expiresAt + staleMs;
}

/** Version of the entry in an item, also when it has been written again since as a stale value. @param itemVersion version of the item */
export function entryVersionIn({ flags, staleVersion }: Item, itemVersion: number): number {
  return (flags & ITEM_FLAGS.isStale) === 0 ? itemVersion : (staleVersion ?? itemVersion);
}

interface Cursor {
  readonly bytes: Buffer;
  offset: number;
}

function headBytes(item: Item, textBytes: readonly number[]): number {
  let length = ITEM_HEAD_BYTES;
  for (const bytes of textBytes) length += 2 + bytes + MARK_BYTES;
  if ((item.staleMs ?? 0) > 0) length += FLOAT64_BYTES;
  if ((item.flags & ITEM_FLAGS.isStale) !== 0) length += FLOAT64_BYTES;
  if ((item.flags & ITEM_FLAGS.isLeased) !== 0) length += FLOAT64_BYTES;
  return item.operations.length === 0 ? length : length + 2 + item.operations.length * OPERATION_BYTES;
}

/** Half a surrogate pair has no UTF-8, so a tag with one is kept as UTF-16: it must read back as it was written. */
function tagTextBytes({ tag }: TagMark): number {
  return tag.isWellFormed() ? Buffer.byteLength(tag) : tag.length * 2;
}

function writeTag(bytes: Buffer, offset: number, tag: string, length: number): number {
  const isUtf8 = tag.isWellFormed();
  bytes.writeUInt16BE(isUtf8 ? length : length | UTF16_BIT, offset);
  return offset + 2 + bytes.write(tag, offset + 2, length, isUtf8 ? "utf8" : "utf16le");
}

function readTags(cursor: Cursor, count: number): readonly TagMark[] | undefined {
  if (count === 0) return NO_TAGS;
  const { bytes } = cursor;
  const tags: TagMark[] = [];
  for (let index = 0; index < count; index += 1) {
    if (cursor.offset + 2 > bytes.length) return undefined;
    const head = bytes.readUInt16BE(cursor.offset);
    const start = cursor.offset + 2;
    const end = start + (head & ~UTF16_BIT);
    if (end + MARK_BYTES > bytes.length) return undefined;
    const tag = bytes.toString((head & UTF16_BIT) === 0 ? "utf8" : "utf16le", start, end);
    tags.push({ tag, mark: readMark(bytes, end) });
    cursor.offset = end + MARK_BYTES;
  }
  return tags;
}

/** The number that a flag promises, `undefined` without the flag. Where the bytes end before it, the cursor is beyond them. */
function readFloat64With(flag: number, flags: number, cursor: Cursor): number | undefined {
  if ((flags & flag) === 0) return undefined;
  const start = cursor.offset;
  cursor.offset += FLOAT64_BYTES;
  return cursor.offset > cursor.bytes.length ? undefined : cursor.bytes.readDoubleBE(start);
}

function writeOperations(bytes: Buffer, start: number, operations: readonly CountedOperation[]): number {
  let offset = bytes.writeUInt16BE(operations.length, start);
  for (const { digest, result, version, countedAt } of operations) {
    offset += bytes.write(digest, offset, DIGEST_BYTES, "latin1");
    offset = bytes.writeBigInt64BE(result, offset);
    offset = bytes.writeDoubleBE(version, offset);
    offset = bytes.writeDoubleBE(countedAt, offset);
  }
  return offset;
}

function readOperations(cursor: Cursor): readonly CountedOperation[] | undefined {
  const { bytes } = cursor;
  if (cursor.offset + 2 > bytes.length) return undefined;
  const count = bytes.readUInt16BE(cursor.offset);
  let at = cursor.offset + 2;
  if (at + count * OPERATION_BYTES > bytes.length) return undefined;
  const operations: CountedOperation[] = [];
  for (let index = 0; index < count; index += 1) {
    operations.push({
      digest: bytes.toString("latin1", at, at + DIGEST_BYTES),
      result: bytes.readBigInt64BE(at + DIGEST_BYTES),
      version: bytes.readDoubleBE(at + DIGEST_BYTES + 8),
      countedAt: bytes.readDoubleBE(at + DIGEST_BYTES + 16),
    });
    at += OPERATION_BYTES;
  }
  cursor.offset = at;
  return operations;
}
