import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { ScanCursor } from "./scan-cursor.ts";

/** Extension types that are read: msgpackr's `undefined`, and the timestamp of the specification. */
const UNDEFINED_EXTENSION = 0;
const TIMESTAMP_EXTENSION = 0xff;

/**
 * Walks through msgpack without making anything of it, so that msgpackr meets only what it can take: lengths that their bytes fill (it allocates
 * arrays ahead), nesting within the limit, and no extension that would run code of others.
 *
 * Source of the format: https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * @throws CodecFault. O(bytes)
 */
export function scanMsgpack(bytes: Uint8Array, limits: CodecLimits): void {
  const cursor = new ScanCursor(bytes);
  scanValue(cursor, limits.maxDepth);
  cursor.assertEnd();
}

function scanValue(cursor: ScanCursor, depth: number): void {
  const tag = cursor.byte();
  if (tag < 0x80 || tag >= 0xe0) return;
  if (tag >= 0xa0) {
    if (tag < 0xc0) cursor.skip(tag - 0xa0);
    else scanSized(cursor, tag, depth);
    return;
  }
  if (tag >= 0x90) scanMembers(cursor, tag - 0x90, depth);
  else scanMembers(cursor, (tag - 0x80) * 2, depth);
}

function scanMembers(cursor: ScanCursor, count: number, depth: number): void {
  if (depth === 0) throw new CodecFault("too-large", "a value that is nested too deeply");
  // Every member takes a byte at least.
  if (count > cursor.rest) throw new CodecFault("malformed", "a list longer than its bytes");
  for (let index = 0; index < count; index += 1) scanValue(cursor, depth - 1);
}

/** Tags from 0xc0 to 0xdf. */
function scanSized(cursor: ScanCursor, tag: number, depth: number): void {
  if (tag >= 0xdc) scanMembers(cursor, cursor.integer(tag % 2 === 0 ? 2 : 4) * (tag >= 0xde ? 2 : 1), depth);
  else if (tag >= 0xd4 && tag < 0xd9) scanExtension(cursor, 2 ** (tag - 0xd4));
  else if (tag >= 0xc7 && tag < 0xca) scanExtension(cursor, cursor.integer(2 ** (tag - 0xc7)));
  else if (tag === 0xc1) throw new CodecFault("malformed", "a tag that msgpack has not");
  else cursor.skip(sizeOfLeaf(cursor, tag));
}

/** Bytes of a text, of bytes, of a number, or none. */
function sizeOfLeaf(cursor: ScanCursor, tag: number): number {
  if (tag >= 0xd9) return cursor.integer(2 ** (tag - 0xd9));
  if (tag >= 0xcc) return 2 ** ((tag - 0xcc) % 4);
  if (tag >= 0xca) return tag === 0xca ? 4 : 8;
  return tag >= 0xc4 ? cursor.integer(2 ** (tag - 0xc4)) : 0;
}

function scanExtension(cursor: ScanCursor, byteCount: number): void {
  const type = cursor.byte();
  const isKnown =
    (type === UNDEFINED_EXTENSION && byteCount === 1) ||
    (type === TIMESTAMP_EXTENSION && (byteCount === 4 || byteCount === 8 || byteCount === 12));
  if (!isKnown) throw new CodecFault("malformed", "an extension of an unknown type");
  cursor.skip(byteCount);
}
