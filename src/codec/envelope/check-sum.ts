import { CHECK_BYTES, HEAD_BYTES } from "./envelope-layout.ts";
import { xxh32 } from "./xxh32.ts";

/**
 * The check of an envelope that is not encrypted: the XXH32 of what stands behind the check, seeded with that of the head before it. A head
 * of four bytes, which most have, is the seed itself.
 *
 * @param from offset of the envelope in the view
 * @param headBytes bytes of the head
 * @param to offset behind the envelope
 */
export function checkSum(view: DataView, from: number, headBytes: number, to: number): number {
  const seed = headBytes === HEAD_BYTES ? view.getInt32(from, true) : xxh32(view, from, from + headBytes, 0);
  return xxh32(view, from + headBytes + CHECK_BYTES, to, seed);
}
