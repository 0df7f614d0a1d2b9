import type { Buffer } from "node:buffer";
import { loadDependency } from "../../foundation/optional-dependency.ts";
import type { CodecLimits } from "../codec-limits.ts";
import { bufferOver } from "../envelope/buffer-over.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { mayTakeTooMuch } from "./memory-estimate.ts";
import { objectsOfMaps } from "./msgpack-maps.ts";
import { scanMsgpack } from "./msgpack-scan.ts";
import { PlainMsgpackWriter } from "./plain-msgpack-writer.ts";
import { isPlainMsgpack, NOT_PLAIN, WRITER_IS_BUSY } from "./plain-tree.ts";
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
  variableMapSize: true,
  copyBuffers: true,
  int64AsType: "auto" as "bigint",
  useToJSON: false,
} as const;

/** Offsets of what is to be read. */
interface UnpackRange {
  start: number;
  end: number;
}

/** What is used of msgpackr's `Packr`. */
interface Packr {
  pack(value: unknown, encodeOptions?: number): Buffer;
  unpack(bytes: Uint8Array, range: UnpackRange): unknown;
}

/** Up to this length msgpackr decodes texts and names by itself, which takes half as long, if nothing stands before them either. */
const SMALL_BYTES = 180;
/** Larger memory is not kept alive for the sake of a `Buffer`. */
const MAX_KEPT_BYTES = 2 ** 20;

/**
 * Bytes as msgpackr reads them fastest. It hangs a `DataView` on what it is given, which takes 200 ns and would change an object of somebody
 * else's: here it does so once for all small values, which are copied, and once for a chunk of memory with many larger ones.
 */
class UnpackSource {
  /** What holds the value. */
  bytes: Buffer = bufferOver(new ArrayBuffer(0), 0, 0);
  /** Where it stands. */
  readonly range: UnpackRange = { start: 0, end: 0 };
  readonly #small: Buffer = bufferOver(new ArrayBuffer(SMALL_BYTES), 0, SMALL_BYTES);
  #whole: Buffer = this.bytes;

  take(bytes: Uint8Array, from: number): void {
    const isSmall = bytes.length <= SMALL_BYTES;
    const offset = isSmall ? 0 : bytes.byteOffset;
    this.range.start = offset + from;
    this.range.end = offset + bytes.length;
    if (isSmall) {
      this.bytes = this.#small;
      this.bytes.set(bytes);
    } else this.bytes = this.#wholeOf(bytes.buffer);
  }

  #wholeOf(memory: ArrayBufferLike): Buffer {
    if (this.#whole.buffer === memory) return this.#whole;
    const whole = bufferOver(memory, 0, memory.byteLength);
    if (memory.byteLength <= MAX_KEPT_BYTES) this.#whole = whole;
    return whole;
  }
}

const PLAIN_WRITER = new PlainMsgpackWriter();

/**
 * msgpack by the package msgpackr: smaller and faster than JSON. Maps and arrays of the specification only, no records, so that clients in any
 * language read it; what msgpack has not is written with tagged maps (`tags.ts`). Bytes stand as they are and are read as a `Buffer`. Plain values are
 * written without the package, as it would write them, in the walk that finds them to be plain.
 *
 * @param takesTags whether tags may be used; otherwise a part that needs one is refused. Default: true
 */
export function createMsgpackSerializer(takesTags = true): Serializer {
  const carrier: TagCarrier = { ...CARRIER, takesTags };
  let packr: Packr | undefined;
  const source = new UnpackSource();
  let loading: Promise<void> | undefined;

  async function loadPackr(): Promise<void> {
    const library = await loadDependency({
      name: "msgpackr",
      purpose: "The serializer msgpack",
      range: "^2.1.3",
      load: () => import("msgpackr"),
    });
    packr = new library.Packr({ ...PACKR_OPTIONS, mapsAsObjects: takesTags });
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
      const length =
        typeof value === "object" && value !== null ? PLAIN_WRITER.write(value, limits.maxDepth) : WRITER_IS_BUSY;
      if (length >= 0) {
        const bytes = bufferOver(PLAIN_WRITER.bytes.buffer, 0, length);
        if (mayTakeTooMuch(length, limits)) refuseWhatIsNotRead(() => scan(PAYLOAD_KINDS.msgpack, bytes, 0, limits));
        return { kind: PAYLOAD_KINDS.msgpack, form: "lent", bytes, isAscii: false };
      }
      const { tree, hasTags } =
        length !== NOT_PLAIN && isPlainMsgpack(value, limits.maxDepth)
          ? { tree: value, hasTags: false }
          : writeTags(value, carrier, limits.maxDepth);
      const kind = hasTags ? PAYLOAD_KINDS.taggedMsgpack : PAYLOAD_KINDS.msgpack;
      const bytes = (packr as Packr).pack(tree, RESERVE_START_SPACE + HEAD_ROOM_BYTES);
      if (mayTakeTooMuch(bytes.length, limits)) refuseWhatIsNotRead(() => scan(kind, bytes, HEAD_ROOM_BYTES, limits));
      return { kind, form: "roomy", bytes };
    },
    isText: false,
    deserializeBytes(kind: number, bytes: Uint8Array, from: number, limits: CodecLimits): unknown {
      scan(kind, bytes, from, limits);
      source.take(bytes, from);
      const tree = (packr as Packr).unpack(source.bytes, source.range);
      if (!takesTags) return objectsOfMaps(tree);
      return kind === PAYLOAD_KINDS.taggedMsgpack ? readTags(tree, carrier, limits.maxDepth) : tree;
    },
  };
}

function scan(kind: number, bytes: Uint8Array, from: number, limits: CodecLimits): void {
  const { maxDepth } = limits;
  scanMsgpack(bytes, from, kind === PAYLOAD_KINDS.taggedMsgpack ? maxDepth * LEVELS_PER_LEVEL : maxDepth, limits);
}
