import { Buffer } from "node:buffer";
import { bufferOver } from "../envelope/buffer-over.ts";

/** What a writer begins with. */
const FIRST_BYTES = 4_096;
/** More memory is given up again, so that one large value does not cost it for ever. */
const MAX_KEPT_BYTES = 2 ** 20;

/** Memory that values are written into one after the other. */
export function newScratch(byteCount: number = FIRST_BYTES): Buffer {
  return Buffer.allocUnsafeSlow(byteCount);
}

/** More memory with the used part of what there was, and room for so many bytes behind it. */
export function grownScratch(scratch: Buffer, usedBytes: number, roomBytes: number): Buffer {
  const grown = newScratch(Math.max(usedBytes + roomBytes, scratch.length * 2));
  grown.set(bufferOver(scratch.buffer, 0, usedBytes));
  return grown;
}

/** Whether memory grew beyond what is kept between values. */
export function isLargeScratch(scratch: Buffer): boolean {
  return scratch.length > MAX_KEPT_BYTES;
}
