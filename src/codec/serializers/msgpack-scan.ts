import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { MemoryEstimate, PART_BYTES } from "./memory-estimate.ts";

/** Extension types that are read: msgpackr's `undefined`, and the timestamp of the specification. */
const UNDEFINED_EXTENSION = 0;
const TIMESTAMP_EXTENSION = 0xff;

/** What a tag from 0xc0 to 0xdf is followed by: how many bytes say a length, and how many are of a fixed length. */
const LENGTH_BYTES: Uint8Array = new Uint8Array(32);
const FIXED_BYTES: Uint8Array = new Uint8Array(32);
for (const [tag, lengthBytes] of [
  ...[0xc4, 0xc7, 0xd9].map((tag) => [tag, 1] as const),
  ...[0xc5, 0xc8, 0xda, 0xdc, 0xde].map((tag) => [tag, 2] as const),
  ...[0xc6, 0xc9, 0xdb, 0xdd, 0xdf].map((tag) => [tag, 4] as const),
]) {
  LENGTH_BYTES[tag - 0xc0] = lengthBytes;
}
for (const [first, sizes] of [
  [0xca, [4, 8]],
  [0xcc, [1, 2, 4, 8, 1, 2, 4, 8]],
  [0xd4, [1, 2, 4, 8, 16]],
] as const) {
  for (const [index, size] of sizes.entries()) FIXED_BYTES[first - 0xc0 + index] = size;
}

/**
 * Walks through msgpack without making anything of it, so that msgpackr meets only what it can take: lengths that their bytes fill (it allocates
 * arrays ahead), nesting within the limit, and no extension that would run code of others.
 *
 * One loop with the numbers of open members on a stack: some 3 ns a part, where a function a part costs four times as much.
 *
 * Source of the format: https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * @param from where the value begins; it must end with the bytes
 * @param maxDepth deepest nesting of what the bytes hold, tags included
 * @throws CodecFault. O(bytes)
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one loop on purpose, see above
export function scanMsgpack(bytes: Uint8Array, from: number, maxDepth: number, limits: CodecLimits): void {
  const memory = new MemoryEstimate(limits);
  const open: number[] = [];
  const { length } = bytes;
  let at = from;
  let missing = 1;
  for (;;) {
    while (missing === 0) {
      const outer = open.pop();
      if (outer === undefined) {
        if (at !== length) throw new CodecFault("malformed", "bytes behind the value");
        return;
      }
      missing = outer;
    }
    if (at >= length) throw new CodecFault("malformed", "bytes that end too early");
    const tag = bytes[at] as number;
    at += 1;
    missing -= 1;
    let members = 0;
    if (tag < 0x80 || tag >= 0xe0) continue;
    if (tag < 0xa0) members = tag < 0x90 ? (tag - 0x80) * 2 : tag - 0x90;
    else if (tag < 0xc0) at += tag - 0xa0;
    else {
      if (tag >= 0xc4 && tag <= 0xc9) memory.take(PART_BYTES.buffer);
      const size = sizeAt(bytes, at, tag);
      at += LENGTH_BYTES[tag - 0xc0] as number;
      if (tag >= 0xdc) members = tag >= 0xde ? size * 2 : size;
      else at += size;
    }
    if (tag < 0xa0 || tag >= 0xdc) memory.take(PART_BYTES.container);
    // Every member takes a byte at least.
    if (members > length - at) throw new CodecFault("malformed", "a part longer than its bytes");
    if (members === 0) continue;
    if (open.length >= maxDepth) throw new CodecFault("too-large", "a value that is nested too deeply");
    open.push(missing);
    missing = members;
  }
}

/** Bytes or members behind a tag from 0xc0 to 0xdf and its length; an extension's type counts. */
function sizeAt(bytes: Uint8Array, at: number, tag: number): number {
  if (tag === 0xc1) throw new CodecFault("malformed", "a tag that msgpack has not");
  const lengthBytes = LENGTH_BYTES[tag - 0xc0] as number;
  let size = FIXED_BYTES[tag - 0xc0] as number;
  for (let index = 0; index < lengthBytes; index += 1) size = size * 256 + (bytes[at + index] ?? 0);
  const isExtension = (tag >= 0xc7 && tag <= 0xc9) || (tag >= 0xd4 && tag <= 0xd8);
  return isExtension ? extensionBytes(bytes[at + lengthBytes], size) : size;
}

function extensionBytes(type: number | undefined, size: number): number {
  const isKnown =
    (type === UNDEFINED_EXTENSION && size === 1) ||
    (type === TIMESTAMP_EXTENSION && (size === 4 || size === 8 || size === 12));
  if (!isKnown) throw new CodecFault("malformed", "an extension of an unknown type");
  return size + 1;
}
