import type { Buffer } from "node:buffer";
import { DefaultSerializer } from "node:v8";
import type { CodecLimits } from "../codec-limits.ts";
import { bufferOver } from "../envelope/buffer-over.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { mayTakeTooMuch } from "./memory-estimate.ts";
import { isPlainJson } from "./plain-tree.ts";
import { refuseWhatIsNotRead } from "./refuse-what-is-not-read.ts";
import { HEAD_ROOM_BYTES, type Payload, type Serializer } from "./serializer.ts";
import { fromStructuredBytes, toStructuredBytes } from "./structured-bytes.ts";
import { scanStructuredBytes } from "./v8-scan.ts";

/**
 * The platform's structured clone. Keeps all that `structuredCopy` keeps but objects without a prototype, regular expressions in the middle of a
 * search, and errors with a cause or with properties that the platform does not carry. Its bytes are of the platform's version: an older Node.js may not read those of
 * a newer one, and takes them for a miss.
 */
export const V8_SERIALIZER: Serializer = Object.freeze({
  name: "v8",
  kinds: [PAYLOAD_KINDS.v8],
  load: async () => undefined,
  isLoaded: true,
  serialize(value: unknown, limits: CodecLimits): Payload {
    const plain = isPlainJson(value, limits.maxDepth) ? roomyBytes(value) : undefined;
    if (plain !== undefined) {
      if (mayTakeTooMuch(plain.length, limits))
        refuseWhatIsNotRead(() => scanStructuredBytes(plain, HEAD_ROOM_BYTES, limits));
      return { kind: PAYLOAD_KINDS.v8, form: "roomy", bytes: plain };
    }
    const bytes = toStructuredBytes(value, false);
    refuseWhatIsNotRead(() => scanStructuredBytes(bytes, 0, limits));
    return { kind: PAYLOAD_KINDS.v8, form: "bytes", bytes };
  },
  isText: false,
  deserializeBytes(_kind: number, bytes: Uint8Array, from: number, limits: CodecLimits): unknown {
    scanStructuredBytes(bytes, from, limits);
    return fromStructuredBytes(bufferOver(bytes.buffer, bytes.byteOffset + from, bytes.length - from));
  },
});

/**
 * What `v8.serialize` makes of a value, behind room for a head; `undefined` for what it takes only as a copy: a proxy. V8 aligns texts at two bytes, so the room changes
 * nothing behind it.
 */
function roomyBytes(value: unknown): Buffer | undefined {
  const serializer = new DefaultSerializer();
  // Eight bytes as they are, without a tag.
  serializer.writeDouble(0);
  serializer.writeHeader();
  try {
    serializer.writeValue(value);
  } catch {
    return undefined;
  }
  return serializer.releaseBuffer();
}
