import { UncopyablePart } from "../../entry/uncopyable-part.ts";
import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { bufferOver } from "../envelope/buffer-over.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { isNestedDeeper } from "./nesting.ts";
import { NOT_PLAIN, PlainJsonWriter } from "./plain-json-writer.ts";
import { isPlainJson } from "./plain-tree.ts";
import type { Payload, Serializer } from "./serializer.ts";
import { readTags } from "./tag-reader.ts";
import { writeTags } from "./tag-writer.ts";
import type { TagCarrier } from "./tags.ts";

const CARRIER: TagCarrier = { hasBytes: false, hasAllNumbers: false, hasAllTexts: true };

const PLAIN_WRITER = new PlainJsonWriter();

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
    if (typeof value === "object" && value !== null) {
      const length = PLAIN_WRITER.write(value, limits.maxDepth);
      if (length !== NOT_PLAIN) {
        const { bytes, isAscii } = PLAIN_WRITER;
        return { kind: PAYLOAD_KINDS.json, form: "lent", bytes: bufferOver(bytes.buffer, 0, length), isAscii };
      }
    }
    // Primitives; and while a getter is running that writes a value itself.
    if (isPlainJson(value, limits.maxDepth))
      return { kind: PAYLOAD_KINDS.json, form: "text", text: JSON.stringify(value) };
    // Whoever made it meant to change what JSON.stringify writes, and so it would.
    if ("toJSON" in Array.prototype) throw new UncopyablePart("a toJSON on a prototype of the platform, seen");
    const { tree } = writeTags(value, CARRIER, limits.maxDepth);
    return { kind: PAYLOAD_KINDS.taggedJson, form: "text", text: JSON.stringify(tree) };
  },
  isText: true,
  deserializeText(kind: number, text: string, limits: CodecLimits): unknown {
    const tree = parseJson(text);
    if (kind === PAYLOAD_KINDS.taggedJson) return readTags(tree, CARRIER, limits.maxDepth);
    // Each level takes a bracket at both ends.
    if (text.length > limits.maxDepth * 2 && isNestedDeeper(tree, limits.maxDepth)) {
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
