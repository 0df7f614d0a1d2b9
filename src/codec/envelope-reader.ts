import { Buffer, isUtf8 } from "node:buffer";
import type { EntryMetadata } from "../entry/entry-metadata.ts";
import type { DecodedValue } from "./codec.ts";
import { CodecFault } from "./codec-fault.ts";
import type { EnvelopeCodecOptions } from "./codec-options.ts";
import { decompressValue } from "./compressors/compress-value.ts";
import { BLOCKING_SEAL_MAX_BYTES } from "./encryption/key-ring.ts";
import { checkSum } from "./envelope/check-sum.ts";
import { type EnvelopeHead, readHead } from "./envelope/envelope-head.ts";
import { CHECK_BYTES, ENVELOPE_MAGIC, PAYLOAD_KINDS } from "./envelope/envelope-layout.ts";
import { decodeMetadata } from "./envelope/envelope-metadata.ts";
import type { ByteCursor } from "./envelope/varint.ts";
import { decodeInteger } from "./integer-text.ts";
import { PayloadCompressors } from "./payload-compressors.ts";
import { PayloadReaders } from "./payload-readers.ts";
import type { Serializer } from "./serializers/serializer.ts";

type MaybePromise<T> = T | Promise<T>;

/** Reads what an envelope codec of any version up to this one wrote. Takes nothing on trust. */
export class EnvelopeReader {
  readonly #options: EnvelopeCodecOptions;
  readonly #serializers: PayloadReaders;
  readonly #compressors: PayloadCompressors;

  constructor(options: EnvelopeCodecOptions) {
    this.#options = options;
    this.#serializers = new PayloadReaders(options.serializer);
    this.#compressors = new PayloadCompressors(options.compression?.compressor, options.dictionaries);
  }

  /** @throws CodecFault, as a rejection when the answer is a promise */
  read(bytes: Uint8Array, storedKey: string): MaybePromise<DecodedValue> {
    if (bytes[0] !== ENVELOPE_MAGIC) return this.#readInteger(bytes);
    const head = readHead(bytes);
    if (head.isEncrypted) return this.#readEncrypted(head, bytes, storedKey);
    if (this.#options.keyRing !== undefined) throw new CodecFault("not-encrypted", "a value in the clear");
    assertUndamaged(head, bytes);
    const content = Buffer.from(bytes.buffer, bytes.byteOffset + head.headBytes + CHECK_BYTES, bytes.length - head.headBytes - CHECK_BYTES);
    return this.#readContent(head, content);
  }

  #readInteger(bytes: Uint8Array): DecodedValue {
    const value = decodeInteger(bytes);
    if (value === undefined) throw new CodecFault("foreign", "bytes of another program");
    if (this.#options.keyRing !== undefined) throw new CodecFault("not-encrypted", "a value in the clear");
    return { value, metadata: undefined };
  }

  #readEncrypted(head: EnvelopeHead, bytes: Uint8Array, storedKey: string): MaybePromise<DecodedValue> {
    const { keyRing, scheduler } = this.#options;
    if (keyRing === undefined) throw new CodecFault("unknown-key", "an encrypted value, and no key");
    if (bytes.length <= BLOCKING_SEAL_MAX_BYTES) {
      return this.#readContent(head, keyRing.open(bytes, head.headBytes, storedKey));
    }
    return keyRing
      .openInSlices(bytes, head.headBytes, storedKey, scheduler)
      .then((content) => this.#readContent(head, content));
  }

  /** Metadata and payload, which are what was written. */
  #readContent(head: EnvelopeHead, content: Buffer): MaybePromise<DecodedValue> {
    const cursor: ByteCursor = { bytes: content, at: 0, end: content.length };
    const metadata = head.hasMetadata ? decodeMetadata(cursor) : undefined;
    const payload = cursor.at === 0 ? content : content.subarray(cursor.at);
    const { maxValueBytes } = this.#options.limits;
    if ((head.compression?.rawBytes ?? payload.length) > maxValueBytes) {
      throw new CodecFault("too-large", "a value above the limit");
    }
    if (head.compression === undefined) return this.#readPayload(head, payload, metadata);
    const compressor = this.#compressors.find(head.compression);
    const raw = decompressValue(compressor, payload, head.compression.rawBytes);
    return raw instanceof Promise
      ? raw.then((bytes) => this.#readPayload(head, asBuffer(bytes), metadata))
      : this.#readPayload(head, asBuffer(raw), metadata);
  }

  #readPayload(head: EnvelopeHead, bytes: Buffer, metadata: EntryMetadata | undefined): MaybePromise<DecodedValue> {
    switch (head.kind) {
      case PAYLOAD_KINDS.utf8:
        return { value: readText(bytes, head.isAscii), metadata };
      case PAYLOAD_KINDS.buffer:
        return { value: Buffer.from(bytes), metadata };
      case PAYLOAD_KINDS.uint8Array:
        return { value: new Uint8Array(bytes), metadata };
      case PAYLOAD_KINDS.utf16:
        if (bytes.length % 2 !== 0) throw new CodecFault("malformed", "text of half characters");
        return { value: bytes.toString("utf16le"), metadata };
      default:
        return this.#deserialize(head, bytes, metadata);
    }
  }

  #deserialize(head: EnvelopeHead, bytes: Buffer, metadata: EntryMetadata | undefined): MaybePromise<DecodedValue> {
    const serializer = this.#serializers.find(head.kind);
    const { limits } = this.#options;
    if (serializer.isLoaded) return { value: deserialize(serializer, head, bytes, limits), metadata };
    // The bytes may be of a store that uses them again.
    const own = Buffer.from(bytes);
    return loadForReading(serializer).then(() => ({ value: deserialize(serializer, head, own, limits), metadata }));
  }
}

function assertUndamaged({ headBytes }: EnvelopeHead, bytes: Uint8Array): void {
  if (bytes.length < headBytes + CHECK_BYTES) throw new CodecFault("damaged", "a value that is cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getInt32(headBytes, true) !== checkSum(view, 0, headBytes, bytes.length)) {
    throw new CodecFault("damaged", "a value that was changed");
  }
}

function readText(bytes: Buffer, isAscii: boolean): string {
  if (isAscii) return bytes.toString("latin1");
  if (!isUtf8(bytes)) throw new CodecFault("malformed", "text that is no UTF-8");
  return bytes.toString("utf8");
}

function deserialize(
  serializer: Serializer,
  head: EnvelopeHead,
  bytes: Buffer,
  limits: EnvelopeCodecOptions["limits"],
): unknown {
  try {
    const value = serializer.deserialize(head.kind, bytes, head.isAscii, limits);
    if (value !== undefined) return value;
  } catch (error) {
    if (error instanceof CodecFault) throw error;
    throw new CodecFault("malformed", `bytes that the serializer "${serializer.name}" cannot read`, error);
  }
  throw new CodecFault("malformed", "no value");
}

async function loadForReading(serializer: Serializer): Promise<void> {
  try {
    await serializer.load();
  } catch (error) {
    throw new CodecFault("unknown-serializer", `the serializer "${serializer.name}" does not load`, error);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
