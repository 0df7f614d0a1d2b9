import { UncopyablePart } from "../../entry/uncopyable-part.ts";
import { CodecFault } from "../codec-fault.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { bufferOver } from "../envelope/buffer-over.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { assertJsonNesting, LOOKED_AT_AFTERWARDS_LENGTH } from "./json-nesting.ts";
import { isNestedDeeper, mayNestDeeper } from "./nesting.ts";
import { PlainJsonWriter } from "./plain-json-writer.ts";
import { isPlainJson, NOT_PLAIN, WRITER_IS_BUSY } from "./plain-tree.ts";
import type { Payload, Serializer } from "./serializer.ts";
import { readTags } from "./tag-reader.ts";
import { writeTags } from "./tag-writer.ts";
import { LEVELS_PER_LEVEL, type TagCarrier } from "./tags.ts";

const CARRIER: TagCarrier = { hasBytes: false, hasAllNumbers: false, hasAllTexts: true, takesTags: true };

const PLAIN_WRITER = new PlainJsonWriter();

/**
 * JSON, as any client reads it. A value with a part that JSON has not is written with tagged objects (`tags.ts`), so that everything comes back
 * equal, shared parts and cycles included; an envelope says which of the two it holds.
 *
 * @param takesTags whether tags may be used; otherwise a part that needs one is refused. Default: true
 */
export function createJsonSerializer(takesTags = true): Serializer {
  const carrier: TagCarrier = { ...CARRIER, takesTags };
  return {
    name: "json",
    kinds: [PAYLOAD_KINDS.json, PAYLOAD_KINDS.taggedJson],
    load: async () => undefined,
    isLoaded: true,
    isText: true,
    serialize(value: unknown, limits: CodecLimits): Payload {
      const length =
        typeof value === "object" && value !== null ? PLAIN_WRITER.write(value, limits.maxDepth) : WRITER_IS_BUSY;
      if (length >= 0) {
        const { bytes, isAscii } = PLAIN_WRITER;
        return { kind: PAYLOAD_KINDS.json, form: "lent", bytes: bufferOver(bytes.buffer, 0, length), isAscii };
      }
      if (length !== NOT_PLAIN && isPlainJson(value, limits.maxDepth)) {
        return { kind: PAYLOAD_KINDS.json, form: "text", text: JSON.stringify(value) };
      }
      // Whoever made it meant to change what JSON.stringify writes, and so it would.
      if ("toJSON" in Array.prototype) throw new UncopyablePart("a toJSON on a prototype of the platform, seen");
      const { tree } = writeTags(value, carrier, limits.maxDepth);
      return { kind: PAYLOAD_KINDS.taggedJson, form: "text", text: JSON.stringify(tree) };
    },
    deserializeText(kind: number, text: string, { maxDepth }: CodecLimits): unknown {
      const hasTags = kind === PAYLOAD_KINDS.taggedJson;
      const maxTreeDepth = hasTags ? maxDepth * LEVELS_PER_LEVEL : maxDepth;
      // The brackets first: most texts have few, and a look at every character takes far longer.
      if (text.length > LOOKED_AT_AFTERWARDS_LENGTH && mayNestDeeper(text, maxTreeDepth)) {
        assertJsonNesting(text, maxTreeDepth);
      }
      const tree = parseJson(text);
      if (hasTags) return readTags(tree, carrier, maxDepth);
      const isToBeLookedAt = text.length <= LOOKED_AT_AFTERWARDS_LENGTH && mayNestDeeper(text, maxDepth);
      if (isToBeLookedAt && isNestedDeeper(tree, maxDepth)) {
        throw new CodecFault("too-large", "a value that is nested too deeply");
      }
      return tree;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The platform's error quotes the text, which is the value.
    throw new CodecFault("malformed", "text that is no JSON");
  }
}
