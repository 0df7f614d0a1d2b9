import { Buffer } from "node:buffer";
import { DefaultSerializer } from "node:v8";
import { UncopyablePart } from "../../entry/uncopyable-part.ts";
import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { bufferOver } from "../envelope/buffer-over.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { isPlainJson } from "./plain-tree.ts";
import type { Payload, Serializer } from "./serializer.ts";
import { fromStructuredBytes, toStructuredBytes } from "./structured-bytes.ts";
import { scanStructuredBytes } from "./v8-scan.ts";

/**
 * The platform's structured clone. Keeps all that `structuredCopy` keeps but objects without a prototype, regular expressions in the middle of a
 * search, and properties of errors that the platform does not carry. Its bytes are of the platform's version: an older Node.js may not read those of
 * a newer one, and takes them for a miss.
 */
export const V8_SERIALIZER: Serializer = Object.freeze({
  name: "v8",
  kinds: [PAYLOAD_KINDS.v8],
  load: async () => undefined,
  isLoaded: true,
  serialize(value: unknown, limits: CodecLimits): Payload {
    if (isPlainJson(value, limits.maxDepth)) return { kind: PAYLOAD_KINDS.v8, form: "roomy", bytes: roomyBytes(value) };
    return { kind: PAYLOAD_KINDS.v8, form: "bytes", bytes: checkedBytes(value, limits) };
  },
  isText: false,
  deserializeBytes(_kind: number, bytes: Uint8Array, from: number, limits: CodecLimits): unknown {
    const { hasViews } = scanStructuredBytes(bytes, from, limits);
    const payload = bufferOver(bytes.buffer, bytes.byteOffset + from, bytes.length - from);
    // Views in the value would lie in bytes that belong to somebody else.
    return fromStructuredBytes(hasViews ? Buffer.from(payload) : payload);
  },
});

/** What `v8.serialize` makes of a value, behind room for a head. V8 aligns texts at two bytes, so the room changes nothing behind it. */
function roomyBytes(value: unknown): Buffer {
  const serializer = new DefaultSerializer();
  // Eight bytes as they are, without a tag.
  serializer.writeDouble(0);
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

/** Bytes that will be read: what the scan would refuse then is refused now. */
function checkedBytes(value: unknown, limits: CodecLimits): Buffer {
  const bytes = toStructuredBytes(value);
  try {
    scanStructuredBytes(bytes, 0, limits);
  } catch (error) {
    if (error instanceof CodecFault) throw new UncopyablePart(error.detail);
    throw error;
  }
  return bytes;
}
