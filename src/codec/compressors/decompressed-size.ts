import { CodecFault } from "../codec-fault.ts";

/** The fault of compressed bytes that contradict themselves or what the envelope says about them. */
export function malformed(detail: string, cause?: unknown): CodecFault {
  return new CodecFault("malformed", detail, cause);
}

/**
 * Holds the length of what came out against what the envelope declares.
 *
 * @returns the bytes themselves
 * @throws CodecFault `malformed`
 */
export function assertRawBytes(name: string, bytes: Uint8Array, rawBytes: number): Uint8Array {
  if (bytes.length === rawBytes) return bytes;
  throw malformed(`${name}: ${bytes.length < rawBytes ? "fewer" : "more"} bytes than declared`);
}

/**
 * Refuses what the format or the library cannot hold.
 *
 * @throws CodecFault `too-large`
 */
export function assertWithin(name: string, rawBytes: number, maxRawBytes: number): void {
  if (rawBytes > maxRawBytes) throw new CodecFault("too-large", `${name}: more than ${maxRawBytes} bytes of one value`);
}
