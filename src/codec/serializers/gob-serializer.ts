import type { Buffer } from "node:buffer";
import type { CodecLimits } from "../codec-limits.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { decodeGob } from "../gob/decode-gob.ts";
import { encodeGob } from "../gob/encode-gob.ts";
import type { Payload, Serializer } from "./serializer.ts";

/** Go's `encoding/gob`, for values that Go programs read and write as well. What it carries, and as what, stands in `docs/design/gob.md`. */
export function createGobSerializer(): Serializer {
  return {
    name: "gob",
    kinds: [PAYLOAD_KINDS.gob],
    load: async () => undefined,
    isLoaded: true,
    serialize: (value: unknown): Payload => ({ kind: PAYLOAD_KINDS.gob, form: "bytes", bytes: encodeGob(value) }),
    isText: false,
    deserializeBytes: (_kind: number, bytes: Buffer, limits: CodecLimits): unknown => decodeGob(bytes, limits),
  };
}
