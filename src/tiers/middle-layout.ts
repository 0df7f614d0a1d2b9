import { Buffer } from "node:buffer";
import { xxh32 } from "../codec/envelope/xxh32.ts";
import { hashString } from "../foundation/hash.ts";
import type { MiddleCopy } from "./middle-copy.ts";

const MAGIC = 0xc7;
const FORMAT = 1;
const CHECKED_FROM = 6;
const HEAD_BYTES = 41;
const MAX_EPOCH_BYTES = 255;
const MAX_TAGS = 65_535;
const MAX_TAG_BYTES = 65_535;

/**
 * The bytes of a copy in a middle tier. All numbers are big endian; those of eight bytes are doubles, which every version is exact in.
 *
 * ```text
 *  0       1        2        6      14        22         30      38             39         41
 *  ├───────┼────────┼────────┼───────┼─────────┼──────────┼───────┼──────────────┼──────────┼──────────────────────────────┐
 *  │ C7    │ format │ check  │ head  │ version │ tag head │ end   │ epoch length │ tags     │ epoch · tags · payload       │
 *  │       │ 1      │        │       │         │          │       │ 1 byte       │ 2 bytes  │ each tag: 2 bytes, its text  │
 *  └───────┴────────┴────────┴───────┴─────────┴──────────┴───────┴──────────────┴──────────┴──────────────────────────────┘
 *                            └─────────────────────────────── what the check is of ────────────────────────────────────────┘
 * ```
 *
 * The check is the XXH32 of all that follows it, seeded with the hash of the stored key: what was damaged, or belongs to another key, is no copy. `end` is in ms since the epoch, infinity for never.
 *
 * @returns `undefined` for what has no place: an epoch or a tag that is too long or no proper Unicode, more than 65,535 tags
 */
export function encodeMiddleCopy(key: string, copy: MiddleCopy): Uint8Array | undefined {
  const { epoch, head, version, tagHead, serverEndAt, tags, payload } = copy;
  const texts = [epoch, ...tags];
  if (tags.length > MAX_TAGS || !texts.every((text) => text.isWellFormed())) return undefined;
  const encoded = texts.map((text) => Buffer.from(text));
  const [epochBytes, ...tagBytes] = encoded as [Buffer, ...Buffer[]];
  if (epochBytes.length > MAX_EPOCH_BYTES || tagBytes.some(({ length }) => length > MAX_TAG_BYTES)) return undefined;
  const namesLength = epochBytes.length + tagBytes.reduce((sum, { length }) => sum + 2 + length, 0);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + namesLength + payload.length);
  bytes[0] = MAGIC;
  bytes[1] = FORMAT;
  for (const [index, number] of [head, version, tagHead, serverEndAt].entries())
    bytes.writeDoubleBE(number, 6 + 8 * index);
  bytes[38] = epochBytes.length;
  bytes.writeUInt16BE(tagBytes.length, 39);
  bytes.set(epochBytes, HEAD_BYTES);
  let at = HEAD_BYTES + epochBytes.length;
  for (const tag of tagBytes) {
    bytes.writeUInt16BE(tag.length, at);
    bytes.set(tag, at + 2);
    at += 2 + tag.length;
  }
  bytes.set(payload, at);
  bytes.writeInt32BE(checkOf(key, bytes), 2);
  return bytes;
}

/** What {@link encodeMiddleCopy} wrote; `undefined` for anything else. The payload is a part of the bytes. */
export function decodeMiddleCopy(key: string, value: unknown): MiddleCopy | undefined {
  if (!(value instanceof Uint8Array) || value.length < HEAD_BYTES || value[0] !== MAGIC || value[1] !== FORMAT)
    return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  if (bytes.readInt32BE(2) !== checkOf(key, bytes)) return undefined;
  // What passes the check was written so: lengths need no second look, but reads beyond the end must not throw.
  const epochEnd = HEAD_BYTES + (bytes[38] as number);
  const tags: string[] = [];
  let at = epochEnd;
  for (let count = bytes.readUInt16BE(39); count > 0; count -= 1) {
    if (at + 2 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at);
    tags.push(bytes.toString("utf8", at + 2, end));
    at = end;
  }
  if (at > bytes.length) return undefined;
  return {
    head: bytes.readDoubleBE(6),
    version: bytes.readDoubleBE(14),
    tagHead: bytes.readDoubleBE(22),
    serverEndAt: bytes.readDoubleBE(30),
    epoch: bytes.toString("utf8", HEAD_BYTES, epochEnd),
    tags,
    payload: bytes.subarray(at),
  };
}

function checkOf(key: string, bytes: Buffer): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return xxh32(view, CHECKED_FROM, bytes.length, hashString(key) | 0);
}
