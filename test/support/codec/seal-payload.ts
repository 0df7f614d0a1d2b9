import { Buffer } from "node:buffer";
import { checkSum } from "../../../src/codec/envelope/check-sum.ts";
import { type EnvelopeHead, headBytesOf, writeHead } from "../../../src/codec/envelope/envelope-head.ts";
import { CHECK_BYTES } from "../../../src/codec/envelope/envelope-layout.ts";

/** An envelope with a true check around any content, so that what reads the inside meets it. */
export function sealPayload(
  kind: number,
  content: Uint8Array,
  head: Partial<Omit<EnvelopeHead, "headBytes" | "kind">> = {},
): Buffer {
  const full = { isAscii: false, hasMetadata: false, isEncrypted: false, compression: undefined, ...head, kind };
  const headBytes = headBytesOf(full.compression);
  const bytes = Buffer.alloc(headBytes + CHECK_BYTES + content.length);
  writeHead(bytes, 0, full);
  bytes.set(content, headBytes + CHECK_BYTES);
  return withTrueCheck(bytes, headBytes);
}

/** The same bytes with the check that they should have. */
export function withTrueCheck(bytes: Uint8Array, headBytes: number): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length < headBytes + CHECK_BYTES) return copy;
  const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
  view.setInt32(headBytes, checkSum(view, 0, headBytes, copy.length), true);
  return copy;
}
