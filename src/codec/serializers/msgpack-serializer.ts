import type { Buffer } from "node:buffer";
import { loadDependency } from "../../foundation/optional-dependency.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { mayTakeTooMuch } from "./memory-estimate.ts";
import { scanMsgpack } from "./msgpack-scan.ts";
import { isPlainMsgpack } from "./plain-tree.ts";
import { refuseWhatIsNotRead } from "./refuse-what-is-not-read.ts";
import { HEAD_ROOM_BYTES, type Payload, type Serializer } from "./serializer.ts";
import { readTags } from "./tag-reader.ts";
import { writeTags } from "./tag-writer.ts";
import { LEVELS_PER_LEVEL, type TagCarrier } from "./tags.ts";

const CARRIER: TagCarrier = { hasBytes: true, hasAllNumbers: true, hasAllTexts: false, takesTags: true };
/** msgpackr: leave as many bytes free in front as the lowest bits say. */
const RESERVE_START_SPACE = 2_048;

/**
 * No records, which only msgpackr reads; buffers of their own; integers of 64 bits, which others write, as numbers where these are exact. The
 * package's types do not know `"auto"`.
 */
const PACKR_OPTIONS = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  copyBuffers: true,
  int64AsType: "auto" as "bigint",
  useToJSON: false,
} as const;

/** What is used of msgpackr's `Packr`. */
interface Packr {
  pack(value: unknown, encodeOptions?: number): Buffer;
  unpack(bytes: Uint8Array): unknown;
}

/**
 * msgpack by the package msgpackr: smaller and faster than JSON. Maps and arrays of the specification only, no records, so that clients in any
 * language read it; what msgpack has not is written with tagged maps (`tags.ts`). Bytes stand as they are and are read as a `Buffer`.
 *
 * @param takesTags whether tags may be used; otherwise a part that needs one is refused. Default: true
 */
export function createMsgpackSerializer(takesTags = true): Serializer {
  const carrier: TagCarrier = { ...CARRIER, takesTags };
  let packr: Packr | undefined;
  let loading: Promise<void> | undefined;

  async function loadPackr(): Promise<void> {
    const library = await loadDependency({
      name: "msgpackr",
      purpose: "The serializer msgpack",
      range: "^2.1.3",
      load: () => import("msgpackr"),
    });
    packr = new library.Packr(PACKR_OPTIONS);
  }

  return {
    name: "msgpack",
    kinds: [PAYLOAD_KINDS.msgpack, PAYLOAD_KINDS.taggedMsgpack],
    load() {
      loading ??= loadPackr().catch((error: unknown) => {
        // What was not installed may be by the next try.
        loading = undefined;
        throw error;
      });
      return loading;
    },
    get isLoaded() {
      return packr !== undefined;
    },
    serialize(value: unknown, limits: CodecLimits): Payload {
      const { tree, hasTags } = isPlainMsgpack(value, limits.maxDepth)
        ? { tree: value, hasTags: false }
        : writeTags(value, carrier, limits.maxDepth);
      const kind = hasTags ? PAYLOAD_KINDS.taggedMsgpack : PAYLOAD_KINDS.msgpack;
      const bytes = (packr as Packr).pack(tree, RESERVE_START_SPACE + HEAD_ROOM_BYTES);
      if (mayTakeTooMuch(bytes.length, limits))
        refuseWhatIsNotRead(() => scan(kind, bytes.subarray(HEAD_ROOM_BYTES), limits));
      return { kind, form: "roomy", bytes };
    },
    isText: false,
    deserializeBytes(kind: number, bytes: Buffer, limits: CodecLimits): unknown {
      scan(kind, bytes, limits);
      const tree = (packr as Packr).unpack(bytes);
      return kind === PAYLOAD_KINDS.taggedMsgpack ? readTags(tree, carrier, limits.maxDepth) : tree;
    },
  };
}

function scan(kind: number, bytes: Uint8Array, limits: CodecLimits): void {
  const { maxDepth } = limits;
  scanMsgpack(bytes, kind === PAYLOAD_KINDS.taggedMsgpack ? maxDepth * LEVELS_PER_LEVEL : maxDepth, limits);
}
