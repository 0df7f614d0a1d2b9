import { type Buffer, constants } from "node:buffer";
import type { EntryMetadata } from "../entry/entry-metadata.ts";
import type { DecodedValue } from "./codec.ts";
import { CodecFault } from "./codec-fault.ts";
import type { EnvelopeCodecOptions } from "./codec-options.ts";
import { decompressValue } from "./compressors/compress-value.ts";
import { BLOCKING_SEAL_MAX_BYTES } from "./encryption/key-ring.ts";
import { bufferOver } from "./envelope/buffer-over.ts";
import { ByteSlab } from "./envelope/byte-slab.ts";
import { ByteViews } from "./envelope/byte-views.ts";
import { checkSum } from "./envelope/check-sum.ts";
import { type EnvelopeHead, readHead } from "./envelope/envelope-head.ts";
import {
  CHECK_BYTES,
  ENVELOPE_FLAGS,
  ENVELOPE_MAGIC,
  FORMAT_MARK,
  FORMAT_VERSION,
  HEAD_BYTES,
  PAYLOAD_KINDS,
} from "./envelope/envelope-layout.ts";
import { decodeMetadata } from "./envelope/envelope-metadata.ts";
import { readText } from "./envelope/text-bytes.ts";
import type { ByteCursor } from "./envelope/varint.ts";
import { decodeInteger } from "./integer-text.ts";
import { PayloadCompressors } from "./payload-compressors.ts";
import { PayloadReaders } from "./payload-readers.ts";
import type { Serializer } from "./serializers/serializer.ts";

type MaybePromise<T> = T | Promise<T>;

const FORMAT_AT = 1;
const KIND_AT = 2;
const FLAGS_AT = 3;
const COPY_SLAB_BYTES = 8_192;

/** Reads what an envelope codec of any version up to this one wrote. Takes nothing on trust. */
export class EnvelopeReader {
  readonly #options: EnvelopeCodecOptions;
  readonly #isEncrypted: boolean;
  readonly #serializers: PayloadReaders;
  readonly #compressors: PayloadCompressors;
  readonly #views: ByteViews = new ByteViews();
  /** As the platform's pool: a small value keeps 8 KiB alive at most, one of half of that or more has memory of its own. */
  readonly #copies: ByteSlab = new ByteSlab(COPY_SLAB_BYTES, COPY_SLAB_BYTES / 2);

  constructor(options: EnvelopeCodecOptions) {
    this.#options = options;
    this.#isEncrypted = options.keyRing !== undefined;
    this.#serializers = new PayloadReaders(options.serializer);
    this.#compressors = new PayloadCompressors(options.compression?.compressor, options.dictionaries);
  }

  /** @throws CodecFault, as a rejection when the answer is a promise */
  read(bytes: Uint8Array, storedKey: string): MaybePromise<DecodedValue> {
    if (bytes[0] !== ENVELOPE_MAGIC) return this.#readInteger(bytes);
    if (!this.#isEncrypted && isBare(bytes)) {
      assertUndamaged(HEAD_BYTES, bytes, this.#views.of(bytes));
      const isAscii = bytes[FLAGS_AT] === ENVELOPE_FLAGS.ascii;
      return this.#readPayload(bytes[KIND_AT] as number, isAscii, bytes, HEAD_BYTES + CHECK_BYTES, undefined);
    }
    return this.#readWithExtras(bytes, storedKey);
  }

  #readWithExtras(bytes: Uint8Array, storedKey: string): MaybePromise<DecodedValue> {
    const head = readHead(bytes);
    if (head.isEncrypted) return this.#readEncrypted(head, bytes, storedKey);
    if (this.#isEncrypted) throw new CodecFault("not-encrypted", "a value in the clear");
    assertUndamaged(head.headBytes, bytes, this.#views.of(bytes));
    return this.#readContent(head, bytes, head.headBytes + CHECK_BYTES);
  }

  #readInteger(bytes: Uint8Array): DecodedValue {
    const value = decodeInteger(bytes);
    if (value === undefined) throw new CodecFault("foreign", "bytes of another program");
    if (this.#isEncrypted) throw new CodecFault("not-encrypted", "a value in the clear");
    return { value, metadata: undefined };
  }

  #readEncrypted(head: EnvelopeHead, bytes: Uint8Array, storedKey: string): MaybePromise<DecodedValue> {
    const { keyRing, scheduler } = this.#options;
    if (keyRing === undefined) throw new CodecFault("unknown-key", "an encrypted value, and no key");
    if (bytes.length <= BLOCKING_SEAL_MAX_BYTES) {
      return this.#readContent(head, keyRing.open(bytes, head.headBytes, storedKey), 0);
    }
    return keyRing
      .openInSlices(bytes, head.headBytes, storedKey, scheduler)
      .then((content) => this.#readContent(head, content, 0));
  }

  /** Metadata and payload, which are what was written, from an offset on. */
  #readContent(head: EnvelopeHead, content: Uint8Array, from: number): MaybePromise<DecodedValue> {
    let at = from;
    let metadata: EntryMetadata | undefined;
    if (head.hasMetadata) {
      const cursor: ByteCursor = { bytes: content, at, end: content.length };
      metadata = decodeMetadata(cursor);
      at = cursor.at;
    }
    const { compression } = head;
    const { kind, isAscii } = head;
    if (compression === undefined) return this.#readPayload(kind, isAscii, content, at, metadata);
    if (compression.rawBytes > this.#options.limits.maxValueBytes) {
      throw new CodecFault("too-large", "a value above the limit");
    }
    const compressor = this.#compressors.find(compression);
    const raw = decompressValue(compressor, content.subarray(at), compression.rawBytes);
    return raw instanceof Promise
      ? raw.then((bytes) => this.#readPayload(kind, isAscii, bytes, 0, metadata))
      : this.#readPayload(kind, isAscii, raw, 0, metadata);
  }

  #readPayload(
    kind: number,
    isAscii: boolean,
    bytes: Uint8Array,
    from: number,
    metadata: EntryMetadata | undefined,
  ): MaybePromise<DecodedValue> {
    if (bytes.length - from > this.#options.limits.maxValueBytes) {
      throw new CodecFault("too-large", "a value above the limit");
    }
    if (kind === PAYLOAD_KINDS.utf8) return { value: readText(bytes, from, bytes.length, isAscii), metadata };
    if (kind < PAYLOAD_KINDS.json) return { value: this.#readRaw(kind, bytes, from), metadata };
    const serializer = this.#serializers.find(kind);
    if (serializer.isLoaded) return { value: this.#deserialize(serializer, kind, isAscii, bytes, from), metadata };
    return this.#readLater(serializer, kind, isAscii, new Uint8Array(viewFrom(bytes, from)), metadata);
  }

  /** @param bytes a copy: those of the store may be used again meanwhile */
  async #readLater(
    serializer: Serializer,
    kind: number,
    isAscii: boolean,
    bytes: Uint8Array,
    metadata: EntryMetadata | undefined,
  ): Promise<DecodedValue> {
    await loadForReading(serializer);
    return { value: this.#deserialize(serializer, kind, isAscii, bytes, 0), metadata };
  }

  #deserialize(serializer: Serializer, kind: number, isAscii: boolean, bytes: Uint8Array, from: number): unknown {
    const { limits } = this.#options;
    try {
      const value = serializer.isText
        ? serializer.deserializeText?.(kind, readText(bytes, from, bytes.length, isAscii), limits)
        : serializer.deserializeBytes?.(kind, bytes, from, limits);
      if (value !== undefined) return value;
    } catch (error) {
      throw unreadable(serializer, error);
    }
    throw new CodecFault("malformed", "no value");
  }

  /** Bytes, or text in UTF-16. */
  #readRaw(kind: number, bytes: Uint8Array, from: number): unknown {
    switch (kind) {
      case PAYLOAD_KINDS.buffer:
        return this.#copy(bytes, from);
      case PAYLOAD_KINDS.uint8Array:
        return new Uint8Array(viewFrom(bytes, from));
      case PAYLOAD_KINDS.utf16:
        if ((bytes.length - from) % 2 !== 0) throw new CodecFault("malformed", "text of half characters");
        if ((bytes.length - from) / 2 > constants.MAX_STRING_LENGTH) {
          throw new CodecFault("too-large", "text longer than the platform's longest string");
        }
        return viewFrom(bytes, from).toString("utf16le");
      default:
        throw new CodecFault("unknown-serializer", `a value of the kind ${kind}`);
    }
  }

  /** Copies the head too, which costs less than a view of the bytes without it. */
  #copy(bytes: Uint8Array, from: number): Buffer {
    const slab = this.#copies;
    const at = slab.take(bytes.length);
    const { buffer } = slab;
    buffer.set(bytes, at);
    return bufferOver(buffer.buffer, at + from, bytes.length - from);
  }
}

/** Whether an envelope has neither metadata nor compression nor encryption, as most have. */
function isBare(bytes: Uint8Array): boolean {
  return (
    bytes[FORMAT_AT] === (FORMAT_MARK | FORMAT_VERSION) && ((bytes[FLAGS_AT] as number) & ~ENVELOPE_FLAGS.ascii) === 0
  );
}

function assertUndamaged(headBytes: number, bytes: Uint8Array, view: DataView): void {
  if (bytes.length < headBytes + CHECK_BYTES) throw new CodecFault("damaged", "a value that is cut off");
  const from = bytes.byteOffset;
  if (view.getInt32(from + headBytes, true) !== checkSum(view, from, headBytes, from + bytes.length)) {
    throw new CodecFault("damaged", "a value that was changed");
  }
}

function unreadable(serializer: Serializer, error: unknown): CodecFault {
  if (error instanceof CodecFault) return error;
  return new CodecFault("malformed", `bytes that the serializer "${serializer.name}" cannot read`, error);
}

async function loadForReading(serializer: Serializer): Promise<void> {
  try {
    await serializer.load();
  } catch (error) {
    throw new CodecFault("unknown-serializer", `the serializer "${serializer.name}" does not load`, error);
  }
}

function viewFrom(bytes: Uint8Array, from: number): Buffer {
  return bufferOver(bytes.buffer, bytes.byteOffset + from, bytes.length - from);
}
