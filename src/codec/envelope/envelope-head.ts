import { CodecFault } from "../codec-fault.ts";
import { compressorKindOf } from "../compressors/create-compressor.ts";
import {
  ENVELOPE_FLAGS,
  ENVELOPE_MAGIC,
  FORMAT_MARK,
  FORMAT_VERSION,
  HEAD_BYTES,
  KNOWN_FLAGS,
} from "./envelope-layout.ts";
import { type ByteCursor, readVarint, varintBytes, writeVarint } from "./varint.ts";

/** How a payload was compressed. */
export interface CompressionNote {
  /** The compressor's number. */
  readonly compressorId: number;
  /** The dictionary's id, where the compressor takes one. */
  readonly dictionaryId: number | undefined;
  /** Bytes of the payload before compression. */
  readonly rawBytes: number;
}

/** What stands in front of an envelope's check or key id. */
export interface EnvelopeHead {
  readonly kind: number;
  readonly isAscii: boolean;
  readonly hasMetadata: boolean;
  readonly isEncrypted: boolean;
  readonly compression: CompressionNote | undefined;
  /** Bytes of the head itself. */
  readonly headBytes: number;
}

const DICTIONARY_ID_BYTES = 4;

/** How many bytes {@link writeHead} takes. */
export function headBytesOf(compression: CompressionNote | undefined): number {
  if (compression === undefined) return HEAD_BYTES;
  const { rawBytes, dictionaryId } = compression;
  return HEAD_BYTES + 1 + varintBytes(rawBytes) + (dictionaryId === undefined ? 0 : DICTIONARY_ID_BYTES);
}

/** Writes the head. @returns the offset behind it */
export function writeHead(target: Uint8Array, offset: number, head: Omit<EnvelopeHead, "headBytes">): number {
  const { kind, isAscii, hasMetadata, isEncrypted, compression } = head;
  target[offset] = ENVELOPE_MAGIC;
  target[offset + 1] = FORMAT_MARK | FORMAT_VERSION;
  target[offset + 2] = kind;
  target[offset + 3] =
    (compression === undefined ? 0 : ENVELOPE_FLAGS.compressed) |
    (hasMetadata ? ENVELOPE_FLAGS.metadata : 0) |
    (isEncrypted ? ENVELOPE_FLAGS.encrypted : 0) |
    (isAscii ? ENVELOPE_FLAGS.ascii : 0);
  let at = offset + HEAD_BYTES;
  if (compression === undefined) return at;
  target[at] = compression.compressorId;
  at = writeVarint(target, at + 1, compression.rawBytes);
  if (compression.dictionaryId === undefined) return at;
  for (let shift = 0; shift < 32; shift += 8) {
    target[at] = compression.dictionaryId >>> shift;
    at += 1;
  }
  return at;
}

/**
 * Reads the head of bytes that begin with the magic.
 *
 * @throws CodecFault
 */
export function readHead(bytes: Uint8Array): EnvelopeHead {
  const format = bytes[1] as number;
  if (bytes.length < 2 || (format & 0xf0) !== FORMAT_MARK || format === FORMAT_MARK) {
    throw new CodecFault("foreign", "bytes of another program");
  }
  if (format !== (FORMAT_MARK | FORMAT_VERSION)) throw new CodecFault("newer-format", "a value of a newer format");
  if (bytes.length < HEAD_BYTES) throw new CodecFault("damaged", "a value that is cut off");
  const flags = bytes[3] as number;
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new CodecFault("newer-format", "a value with unknown flags");
  const cursor: ByteCursor = { bytes, at: HEAD_BYTES, end: bytes.length };
  const compression = flags & ENVELOPE_FLAGS.compressed ? readCompression(cursor) : undefined;
  return {
    kind: bytes[2] as number,
    isAscii: (flags & ENVELOPE_FLAGS.ascii) !== 0,
    hasMetadata: (flags & ENVELOPE_FLAGS.metadata) !== 0,
    isEncrypted: (flags & ENVELOPE_FLAGS.encrypted) !== 0,
    compression,
    headBytes: cursor.at,
  };
}

function readCompression(cursor: ByteCursor): CompressionNote {
  const compressorId = cursor.bytes[cursor.at];
  if (compressorId === undefined) throw new CodecFault("damaged", "a value that is cut off");
  cursor.at += 1;
  const compressor = compressorKindOf(compressorId);
  if (compressor === undefined)
    throw new CodecFault("unknown-compressor", `a compressor with the number ${compressorId}`);
  const rawBytes = readVarint(cursor);
  return { compressorId, rawBytes, dictionaryId: compressor.hasDictionary ? readDictionaryId(cursor) : undefined };
}

function readDictionaryId(cursor: ByteCursor): number {
  const from = cursor.at;
  cursor.at += DICTIONARY_ID_BYTES;
  if (cursor.at > cursor.end) throw new CodecFault("damaged", "a value that is cut off");
  let id = 0;
  for (let at = cursor.at - 1; at >= from; at -= 1) id = id * 256 + (cursor.bytes[at] as number);
  return id;
}
