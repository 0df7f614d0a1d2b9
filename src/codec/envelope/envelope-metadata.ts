import { Buffer } from "node:buffer";
import type { EntryMetadata, TagMark } from "../../entry/entry-metadata.ts";
import { CodecFault } from "../codec-fault.ts";
import { type ByteCursor, readVarint, varintBytes, writeVarint } from "./varint.ts";

/**
 * Which fields are there. Bits without a name are 0; a set one is of a newer writer.
 *
 * ```
 * ├ length ┼ fields ┼ version ┼ freshUntil ┼ expiresAt ┼ tags ────────────────────────────────────┤
 * │ varint │ u8     │ varint  │ varint     │ varint    │ varint n, n × (text, version varint)      │
 * text: varint of 2 × bytes, + 1 when it is UTF-16 (it has lone surrogates), else UTF-8; then the bytes
 * ```
 */
const FIELDS = { version: 1, freshUntil: 2, expiresAt: 4, tags: 8 } as const;
const KNOWN_FIELDS = 15;

/** More tags than an entry may have are not read. */
const MAX_TAGS = 128;

/** The metadata as it stands in an envelope, its length in front. O(tags) */
export function encodeMetadata(metadata: EntryMetadata): Buffer {
  const { version, freshUntil, expiresAt, tags } = metadata;
  const texts = (tags ?? []).map(encodeTag);
  const numbers = [version, freshUntil, expiresAt].filter((number) => number !== undefined);
  const size =
    1 +
    numbers.reduce((sum, number) => sum + varintBytes(number), 0) +
    (tags === undefined ? 0 : varintBytes(texts.length) + texts.reduce((sum, text) => sum + text.length, 0));
  const target = Buffer.allocUnsafe(varintBytes(size) + size);
  let at = writeVarint(target, 0, size);
  target[at] =
    (version === undefined ? 0 : FIELDS.version) |
    (freshUntil === undefined ? 0 : FIELDS.freshUntil) |
    (expiresAt === undefined ? 0 : FIELDS.expiresAt) |
    (tags === undefined ? 0 : FIELDS.tags);
  at += 1;
  for (const number of numbers) at = writeVarint(target, at, number);
  if (tags !== undefined) at = writeVarint(target, at, texts.length);
  for (const text of texts) at += text.copy(target, at);
  return target;
}

function encodeTag({ tag, version }: TagMark): Buffer {
  const isWide = !tag.isWellFormed();
  const text = Buffer.from(tag, isWide ? "utf16le" : "utf8");
  const head = text.length * 2 + (isWide ? 1 : 0);
  const target = Buffer.allocUnsafe(varintBytes(head) + text.length + varintBytes(version));
  const at = writeVarint(target, 0, head);
  text.copy(target, at);
  writeVarint(target, at + text.length, version);
  return target;
}

/**
 * Reads metadata at the cursor and moves it behind.
 *
 * @throws CodecFault
 */
export function decodeMetadata(cursor: ByteCursor): EntryMetadata {
  const size = readVarint(cursor);
  const end = cursor.at + size;
  if (end > cursor.end) throw new CodecFault("malformed", "metadata longer than its bytes");
  const inside: ByteCursor = { bytes: cursor.bytes, at: cursor.at, end };
  const metadata = decodeFields(inside);
  if (inside.at !== end) throw new CodecFault("malformed", "bytes behind the metadata");
  cursor.at = end;
  return metadata;
}

function decodeFields(cursor: ByteCursor): EntryMetadata {
  if (cursor.at === cursor.end) throw new CodecFault("malformed", "metadata without fields");
  const fields = cursor.bytes[cursor.at] as number;
  cursor.at += 1;
  if ((fields & ~KNOWN_FIELDS) !== 0) throw new CodecFault("newer-format", "metadata with unknown fields");
  return {
    ...(fields & FIELDS.version ? { version: readVarint(cursor) } : {}),
    ...(fields & FIELDS.freshUntil ? { freshUntil: readVarint(cursor) } : {}),
    ...(fields & FIELDS.expiresAt ? { expiresAt: readVarint(cursor) } : {}),
    ...(fields & FIELDS.tags ? { tags: decodeTags(cursor) } : {}),
  };
}

function decodeTags(cursor: ByteCursor): readonly TagMark[] {
  const count = readVarint(cursor);
  if (count > MAX_TAGS) throw new CodecFault("malformed", "too many tags");
  return Array.from({ length: count }, () => {
    const head = readVarint(cursor);
    const from = cursor.at;
    cursor.at += Math.floor(head / 2);
    if (cursor.at > cursor.end) throw new CodecFault("malformed", "a tag longer than its bytes");
    const text = Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + from, cursor.at - from);
    return { tag: text.toString(head % 2 === 1 ? "utf16le" : "utf8"), version: readVarint(cursor) };
  });
}
