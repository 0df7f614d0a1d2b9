import { Buffer } from "node:buffer";
import { CodecFault } from "../codec-fault.ts";
import { malformed } from "./decompressed-size.ts";

/*
 * The parts of a Zstandard frame that are read and written here (RFC 8878, https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1):
 *
 *   0            4            5          6                                            (widths of the optional fields by the descriptor)
 *   ├ magic ─────┼ descriptor ┼ [window] ┼ [dictionary id 1–4] ┼ [content size 1–8] ─┼ block ┼ block ┼ … ┼ [checksum 4]
 *   │ 28 b5 2f fd│
 *
 *   descriptor   bits 7–6 width of the content size · 5 single segment · 4 unused · 3 reserved · 2 checksum · 1–0 width of the dictionary id
 *   block        3 bytes, little-endian: bit 0 last · bits 1–2 kind (0 raw, 1 run, 2 compressed) · bits 3–23 size; then its bytes
 */
const MAGIC = 0xfd2fb528;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** `Block_Maximum_Size`. */
const MAX_BLOCK_BYTES = 128 * 1024;
const SINGLE_SEGMENT = 0x20;
const RESERVED = 0x08;
const HAS_CHECKSUM = 0x04;
const DICTIONARY_ID_WIDTHS = [0, 1, 2, 4] as const;
const CONTENT_SIZE_WIDTHS = [0, 2, 4, 8] as const;
/** What is added to a content size of two bytes. */
const TWO_BYTE_OFFSET = 256;
const RAW_BLOCK = 0;
const RUN_BLOCK = 1;
const RESERVED_BLOCK = 3;

/** What decoders accept by default as a window, and so the largest value whose frame is one segment: 128 MiB. */
export const MAX_ZSTD_RAW_BYTES: number = 2 ** 27;

/** What stands at the front of a frame. */
interface FrameHeader {
  readonly blocksAt: number;
  readonly hasChecksum: boolean;
  /** Whether a decoder takes memory for the declared content at once and stops when that is full; see {@link boundedFrame}. */
  readonly isBounding: boolean;
}

/**
 * Looks at everything in a frame that can be seen without decoding it: one frame of one content, no other dictionary, whole, and nothing behind it.
 * O(blocks); a block holds up to 128 KiB.
 *
 * @param dictionaryId what the frame may name, as zstd knows it; none by default
 * @throws CodecFault `malformed`; `unknown-dictionary` when the frame names one
 */
export function assertFrame(bytes: Uint8Array, rawBytes: number, dictionaryId = 0): void {
  const { blocksAt, hasChecksum } = readHeader(bytes, { rawBytes, dictionaryId });
  assertBlocks(bytes, blocksAt, bytes.length - (hasChecksum ? CHECKSUM_BYTES : 0), rawBytes);
}

/** Frames above this are copied only when they must be: it would block the event loop. */
const MAX_COPIED_BYTES: number = 2 ** 20;
/** What a frame may give more than it declares, when it is not copied. */
const SLACK_BYTES: number = 4 * 2 ** 20;

/**
 * The same frame in a form that bounds what comes out of it, checked as by {@link assertFrame}.
 *
 * A decoder that is given no limit decodes block after block until the last, and a block of four bytes can be 128 KiB of zeros. When
 * the header says how long the content is, and that the window holds all of it, then the decoder takes exactly that memory before the first
 * block and fails at the first byte more. So the header is replaced by such a one. The blocks do not depend on it: a window only limits how far
 * back they may point. A large frame stays as it is when its blocks are so few that they cannot give much more than declared.
 *
 * @returns the bytes themselves where that is possible, else a copy
 */
export function boundedFrame(bytes: Uint8Array, rawBytes: number, dictionaryId = 0): Uint8Array {
  const { blocksAt, hasChecksum, isBounding } = readHeader(bytes, { rawBytes, dictionaryId });
  const mostRawBytes = assertBlocks(bytes, blocksAt, bytes.length - (hasChecksum ? CHECKSUM_BYTES : 0), rawBytes);
  if (isBounding || (bytes.length > MAX_COPIED_BYTES && mostRawBytes <= rawBytes + SLACK_BYTES)) return bytes;
  return withHeader(frameHeader(rawBytes, hasChecksum), bytes.subarray(blocksAt));
}

/**
 * A frame of blocks that were stored without a header, checked as by {@link assertFrame}.
 *
 * @throws CodecFault `malformed`
 */
export function frameOfBlocks(blocks: Uint8Array, rawBytes: number): Uint8Array {
  assertBlocks(blocks, 0, blocks.length, rawBytes);
  return withHeader(frameHeader(rawBytes, false), blocks);
}

/**
 * The blocks of a frame that a library of ours has just made, without its header; not a copy.
 *
 * @throws Error when the library wrote a checksum, which none is asked to
 */
export function blocksOf(frame: Uint8Array): Uint8Array {
  const { blocksAt, hasChecksum } = readHeader(frame, undefined);
  if (hasChecksum) throw new Error("zstd: an unexpected checksum");
  return frame.subarray(blocksAt);
}

/** The header of a frame whose content is one segment of `rawBytes`: magic, descriptor, content size. 6 to 13 bytes. */
export function frameHeader(rawBytes: number, hasChecksum = false): Uint8Array {
  const code = contentSizeCode(rawBytes);
  const width = code === 0 ? 1 : (CONTENT_SIZE_WIDTHS[code] as number);
  const header = new Uint8Array(MAGIC_BYTES + 1 + width);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC, true);
  header[MAGIC_BYTES] = (code << 6) | SINGLE_SEGMENT | (hasChecksum ? HAS_CHECKSUM : 0);
  if (width === 1) view.setUint8(5, rawBytes);
  else if (width === 2) view.setUint16(5, rawBytes - TWO_BYTE_OFFSET, true);
  else if (width === 4) view.setUint32(5, rawBytes, true);
  else view.setBigUint64(5, BigInt(rawBytes), true);
  return header;
}

function contentSizeCode(rawBytes: number): number {
  if (rawBytes < TWO_BYTE_OFFSET) return 0;
  if (rawBytes < 2 ** 16 + TWO_BYTE_OFFSET) return 1;
  return rawBytes < 2 ** 32 ? 2 : 3;
}

function withHeader(header: Uint8Array, rest: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(header.length + rest.length);
  frame.set(header);
  frame.set(rest, header.length);
  return frame;
}

/** What a header must say. */
interface ExpectedHeader {
  readonly rawBytes: number;
  readonly dictionaryId: number;
}

/** @param expected `undefined`: whatever it says */
function readHeader(bytes: Uint8Array, expected: ExpectedHeader | undefined): FrameHeader {
  if (bytes.length < MAGIC_BYTES + 2) throw malformed("zstd: cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw malformed("zstd: no frame");
  const descriptor = view.getUint8(MAGIC_BYTES);
  if (descriptor & RESERVED) throw malformed("zstd: a frame of another format");
  const isSingleSegment = (descriptor & SINGLE_SEGMENT) !== 0;
  const windowAt = MAGIC_BYTES + 1;
  const dictionaryAt = windowAt + (isSingleSegment ? 0 : 1);
  const dictionaryWidth = DICTIONARY_ID_WIDTHS[descriptor & 3] as number;
  const sizeAt = dictionaryAt + dictionaryWidth;
  const sizeWidth = CONTENT_SIZE_WIDTHS[descriptor >>> 6] as number;
  const width = sizeWidth === 0 && isSingleSegment ? 1 : sizeWidth;
  if (sizeAt + width > bytes.length) throw malformed("zstd: cut off");
  const contentBytes = readContentSize(view, sizeAt, width);
  if (expected !== undefined) {
    if (contentBytes !== undefined && contentBytes !== expected.rawBytes)
      throw malformed("zstd: another length than declared");
    const named = bytes.subarray(dictionaryAt, sizeAt).reduceRight((id, byte) => id * 256 + byte, 0);
    if (named !== 0 && named !== expected.dictionaryId)
      throw new CodecFault("unknown-dictionary", "zstd: a frame that names another dictionary");
  }
  return {
    blocksAt: sizeAt + width,
    hasChecksum: (descriptor & HAS_CHECKSUM) !== 0,
    isBounding: contentBytes !== undefined && isSingleSegment,
  };
}

function readContentSize(view: DataView, at: number, width: number): number | undefined {
  switch (width) {
    case 0:
      return undefined;
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + TWO_BYTE_OFFSET;
    case 4:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}

/**
 * Walks over the blocks: the last one must end where the bytes end, and what they are sure to give must not be too much.
 *
 * @returns what they give at most
 */
function assertBlocks(bytes: Uint8Array, start: number, end: number, rawBytes: number): number {
  let at = start;
  let leastRawBytes = 0;
  let mostRawBytes = 0;
  let isLast = false;
  while (!isLast) {
    if (at + BLOCK_HEADER_BYTES > end) throw malformed("zstd: cut off");
    const header = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    const block = readBlock((header >>> 1) & 3, header >>> 3);
    leastRawBytes += block.leastRawBytes;
    mostRawBytes += block.mostRawBytes;
    if (leastRawBytes > rawBytes) throw malformed("zstd: more bytes than declared");
    at += BLOCK_HEADER_BYTES + block.storedBytes;
    isLast = (header & 1) === 1;
  }
  if (at !== end) throw malformed(at > end ? "zstd: cut off" : "zstd: bytes behind the end");
  return mostRawBytes;
}

/** What a block takes behind its header, and how many bytes it gives. */
interface BlockExtent {
  readonly storedBytes: number;
  readonly leastRawBytes: number;
  readonly mostRawBytes: number;
}

function readBlock(kind: number, sizeBytes: number): BlockExtent {
  if (kind === RESERVED_BLOCK || sizeBytes > MAX_BLOCK_BYTES) throw malformed("zstd: a block that cannot be");
  if (kind === RAW_BLOCK) return { storedBytes: sizeBytes, leastRawBytes: sizeBytes, mostRawBytes: sizeBytes };
  if (kind === RUN_BLOCK) return { storedBytes: 1, leastRawBytes: sizeBytes, mostRawBytes: sizeBytes };
  return { storedBytes: sizeBytes, leastRawBytes: 0, mostRawBytes: MAX_BLOCK_BYTES };
}
