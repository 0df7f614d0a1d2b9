import { Buffer } from "node:buffer";
import { HEAD_ROOM_BYTES } from "../serializers/serializer.ts";
import { bufferOver } from "./buffer-over.ts";
import { ByteSlab } from "./byte-slab.ts";
import { ByteViews } from "./byte-views.ts";
import { checkSum } from "./check-sum.ts";
import { type EnvelopeHead, headBytesOf, writeHead } from "./envelope-head.ts";
import {
  CHECK_BYTES,
  ENVELOPE_FLAGS,
  ENVELOPE_MAGIC,
  FORMAT_MARK,
  FORMAT_VERSION,
  HEAD_BYTES,
} from "./envelope-layout.ts";
import { writeText } from "./text-bytes.ts";

/** Where the payload of an envelope without extras begins. */
const PAYLOAD_AT = HEAD_BYTES + CHECK_BYTES;
/** Magic and format as they stand in the first two bytes, read as a little-endian number. */
const MARK = ENVELOPE_MAGIC | ((FORMAT_MARK | FORMAT_VERSION) << 8);
/** Up to this length a text is written where three bytes a character have room; a longer one only where the slab has so much left. */
const SHORT_TEXT_LENGTH = 1_000;
const MAX_UTF8_BYTES = 3;

/** Lays out envelopes that are not encrypted. Each result is the caller's to keep; small ones share memory with others. */
export class EnvelopeWriter {
  readonly #slab: ByteSlab = new ByteSlab();
  readonly #views: ByteViews = new ByteViews();

  /** Text as UTF-8. It must be well-formed. */
  text(kind: number, text: string): Buffer {
    const { length } = text;
    if (length > SHORT_TEXT_LENGTH) return this.#longText(kind, text);
    const slab = this.#slab;
    const from = slab.take(PAYLOAD_AT + length * MAX_UTF8_BYTES);
    const written = writeText(slab.buffer, text, from + PAYLOAD_AT, false);
    return this.#finishText(from, kind, length, written);
  }

  /** Measuring first costs about as much as writing, and in some releases of V8 ten times as much. */
  #longText(kind: number, text: string): Buffer {
    const { length } = text;
    const slab = this.#slab;
    const mostBytes = PAYLOAD_AT + length * MAX_UTF8_BYTES;
    if (slab.hasRoom(mostBytes)) {
      const from = slab.takeRoom(mostBytes);
      return this.#finishText(from, kind, length, writeText(slab.buffer, text, from + PAYLOAD_AT, false));
    }
    const byteCount = Buffer.byteLength(text);
    const from = slab.take(PAYLOAD_AT + byteCount);
    return this.#finishText(from, kind, length, writeText(slab.buffer, text, from + PAYLOAD_AT, byteCount === length));
  }

  #finishText(from: number, kind: number, length: number, written: number): Buffer {
    const to = from + PAYLOAD_AT + written;
    this.#slab.giveBack(to);
    return this.#finish(from, to, kind, written === length ? ENVELOPE_FLAGS.ascii : 0);
  }

  /** Bytes, copied. @param isAscii whether they are text of ASCII characters only */
  bytes(kind: number, bytes: Uint8Array, isAscii = false): Buffer {
    const slab = this.#slab;
    const { length } = bytes;
    const from = slab.take(PAYLOAD_AT + length);
    slab.buffer.set(bytes, from + PAYLOAD_AT);
    return this.#finish(from, from + PAYLOAD_AT + length, kind, isAscii ? ENVELOPE_FLAGS.ascii : 0);
  }

  /** Bytes that have room for the head in front, and become the envelope. */
  roomy(kind: number, bytes: Buffer): Buffer {
    const view = this.#views.of(bytes);
    const at = bytes.byteOffset + HEAD_ROOM_BYTES - PAYLOAD_AT;
    writePlainHead(view, at, kind, 0);
    view.setInt32(at + HEAD_BYTES, checkSum(view, at, HEAD_BYTES, bytes.byteOffset + bytes.length), true);
    return bytes;
  }

  /** Any envelope: with compression, with metadata. */
  parts(head: Omit<EnvelopeHead, "headBytes">, metadata: Uint8Array | undefined, payload: Uint8Array): Buffer {
    const headBytes = headBytesOf(head.compression);
    const metadataBytes = metadata?.length ?? 0;
    const slab = this.#slab;
    const from = slab.take(headBytes + CHECK_BYTES + metadataBytes + payload.length);
    const bodyAt = writeHead(slab.buffer, from, head) + CHECK_BYTES;
    if (metadata !== undefined) slab.buffer.set(metadata, bodyAt);
    slab.buffer.set(payload, bodyAt + metadataBytes);
    const to = bodyAt + metadataBytes + payload.length;
    slab.view.setInt32(bodyAt - CHECK_BYTES, checkSum(slab.view, from, headBytes, to), true);
    return slab.buffer.subarray(from, to);
  }

  /** Head and check of what lies in the slab. */
  #finish(from: number, to: number, kind: number, flags: number): Buffer {
    const { view } = this.#slab;
    writePlainHead(view, from, kind, flags);
    view.setInt32(from + HEAD_BYTES, checkSum(view, from, HEAD_BYTES, to), true);
    return bufferOver(view.buffer, from, to - from);
  }
}

function writePlainHead(view: DataView, at: number, kind: number, flags: number): void {
  view.setInt32(at, MARK | (kind << 16) | (flags << 24), true);
}
