import type { Buffer } from "node:buffer";
import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { isNestedDeeper } from "./nesting.ts";
import { isPlainJson } from "./plain-tree.ts";
import type { Payload, Serializer } from "./serializer.ts";
import { readTags } from "./tag-reader.ts";
import { writeTags } from "./tag-writer.ts";
import type { TagCarrier } from "./tags.ts";

const CARRIER: TagCarrier = { hasBytes: false, hasAllNumbers: false, hasAllTexts: true };

/**
 * JSON, as any client reads it. A value with a part that JSON has not is written with tagged objects (`tags.ts`), so that everything comes back
 * equal, shared parts and cycles included; an envelope says which of the two it holds.
 */
export const JSON_SERIALIZER: Serializer = Object.freeze({
  name: "json",
  kinds: [PAYLOAD_KINDS.json, PAYLOAD_KINDS.taggedJson],
  load: async () => undefined,
  isLoaded: true,
  serialize(value: unknown, limits: CodecLimits): Payload {
    return isPlainJson(value, limits.maxDepth)
      ? { kind: PAYLOAD_KINDS.json, form: "text", text: JSON.stringify(value) }
      : {
          kind: PAYLOAD_KINDS.taggedJson,
          form: "text",
          text: JSON.stringify(writeTags(value, CARRIER, limits.maxDepth)),
        };
  },
  deserialize(kind: number, bytes: Buffer, isAscii: boolean, limits: CodecLimits): unknown {
    const tree = parseJson(bytes.toString(isAscii ? "latin1" : "utf8"));
    if (kind === PAYLOAD_KINDS.taggedJson) return readTags(tree, CARRIER, limits.maxDepth);
    // Each level takes a bracket at both ends.
    if (bytes.length > limits.maxDepth * 2 && isNestedDeeper(tree, limits.maxDepth)) {
      throw new CodecFault("too-large", "a value that is nested too deeply");
    }
    return tree;
  },
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CodecFault("malformed", "text that is no JSON", error);
  }
}
