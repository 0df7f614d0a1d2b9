import type { Buffer } from "node:buffer";
import { serialize } from "node:v8";
import type { CodecLimits } from "../codec-limits.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { mayTakeTooMuch } from "./memory-estimate.ts";
import { isPlainJson } from "./plain-tree.ts";
import { refuseWhatIsNotRead } from "./refuse-what-is-not-read.ts";
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
    const isPlain = isPlainJson(value, limits.maxDepth);
    const bytes = (isPlain ? serializePlain(value) : undefined) ?? toStructuredBytes(value);
    if (!isPlain || mayTakeTooMuch(bytes.length, limits)) refuseWhatIsNotRead(() => scanStructuredBytes(bytes, limits));
    return { kind: PAYLOAD_KINDS.v8, form: "bytes", bytes };
  },
  isText: false,
  deserializeBytes(_kind: number, bytes: Buffer, limits: CodecLimits): unknown {
    scanStructuredBytes(bytes, limits);
    return fromStructuredBytes(bytes);
  },
});

/** `undefined` for what the platform takes only as a copy: a proxy. */
function serializePlain(value: unknown): Buffer | undefined {
  try {
    return serialize(value);
  } catch {
    return undefined;
  }
}
