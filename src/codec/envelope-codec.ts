import { Buffer } from "node:buffer";
import type { EntryMetadata } from "../entry/entry-metadata.ts";
import type { Codec, DecodedValue } from "./codec.ts";
import type { CompressionChoice, EnvelopeCodecOptions } from "./codec-options.ts";
import { compressValue } from "./compressors/compress-value.ts";
import { BLOCKING_SEAL_MAX_BYTES } from "./encryption/key-ring.ts";
import { SEAL_OVERHEAD_BYTES } from "./encryption/sealed-layout.ts";
import { type EnvelopeHead, headBytesOf, writeHead } from "./envelope/envelope-head.ts";
import { PAYLOAD_KINDS } from "./envelope/envelope-layout.ts";
import { encodeMetadata } from "./envelope/envelope-metadata.ts";
import { EnvelopeWriter } from "./envelope/envelope-writer.ts";
import { EnvelopeReader } from "./envelope-reader.ts";
import { encodeInteger } from "./integer-text.ts";
import { plainBytesKind } from "./plain-bytes.ts";
import { HEAD_ROOM_BYTES, type Payload } from "./serializers/serializer.ts";
import { refuseSize, toSerializationError } from "./value-refusal.ts";

type MaybePromise<T> = T | Promise<T>;

const MAX_UTF8_BYTES = 3;

/** What is known of a head before its length. */
type HeadStart = Omit<EnvelopeHead, "headBytes">;

/** Makes a codec that writes envelopes (`envelope/envelope-layout.ts` draws them). Loads nothing. */
export function createEnvelopeCodec(options: EnvelopeCodecOptions): Codec {
  return new EnvelopeCodec(options);
}

class EnvelopeCodec implements Codec {
  readonly hasCounters: boolean;
  readonly #options: EnvelopeCodecOptions;
  readonly #writer: EnvelopeWriter = new EnvelopeWriter();
  readonly #reader: EnvelopeReader;
  /** Nothing stands between a payload and its envelope. */
  readonly #isDirect: boolean;

  constructor(options: EnvelopeCodecOptions) {
    this.#options = options;
    this.#reader = new EnvelopeReader(options);
    this.hasCounters = options.keyRing === undefined;
    this.#isDirect = options.keyRing === undefined && options.compression === undefined;
  }

  async load(): Promise<void> {
    const { serializer, compression } = this.#options;
    if (!serializer.isLoaded) await serializer.load();
    if (compression !== undefined && !compression.compressor.isLoaded) await compression.compressor.load();
  }

  decode(bytes: Uint8Array, storedKey: string): DecodedValue | Promise<DecodedValue> {
    return this.#reader.read(bytes, storedKey);
  }

  encode(value: unknown, storedKey: string, metadata?: EntryMetadata): Uint8Array | Promise<Uint8Array> {
    if (typeof value === "string") return this.#encodeText(value, storedKey, metadata);
    if (typeof value === "object") {
      const bytesKind = plainBytesKind(value);
      if (bytesKind !== undefined) return this.#encodeBytes(bytesKind, value as Uint8Array, storedKey, metadata);
    } else {
      const integer = this.hasCounters && metadata === undefined ? encodeInteger(value) : undefined;
      if (integer !== undefined) return integer;
    }
    const { serializer } = this.#options;
    if (serializer.isLoaded) return this.#encodeOther(value, storedKey, metadata);
    return serializer.load().then(() => this.#encodeOther(value, storedKey, metadata));
  }

  #encodeText(text: string, storedKey: string, metadata: EntryMetadata | undefined): MaybePromise<Uint8Array> {
    if (!text.isWellFormed()) {
      return this.#encodeBytes(PAYLOAD_KINDS.utf16, Buffer.from(text, "utf16le"), storedKey, metadata);
    }
    this.#assertTextSize(text);
    if (this.#isDirect && metadata === undefined) return this.#writer.text(PAYLOAD_KINDS.utf8, text);
    return this.#packWithExtras({ kind: PAYLOAD_KINDS.utf8, form: "text", text }, storedKey, metadata);
  }

  #encodeBytes(
    kind: number,
    bytes: Uint8Array,
    storedKey: string,
    metadata: EntryMetadata | undefined,
  ): MaybePromise<Uint8Array> {
    this.#assertBytesSize(bytes.length);
    if (this.#isDirect && metadata === undefined) return this.#writer.bytes(kind, bytes);
    return this.#packWithExtras({ kind, form: "bytes", bytes }, storedKey, metadata);
  }

  #encodeOther(value: unknown, storedKey: string, metadata: EntryMetadata | undefined): MaybePromise<Uint8Array> {
    const payload = this.#payloadOf(value);
    if (payload.form === "text") this.#assertTextSize(payload.text);
    else this.#assertBytesSize(payload.bytes.length - (payload.form === "roomy" ? HEAD_ROOM_BYTES : 0));
    if (!this.#isDirect || metadata !== undefined) return this.#packWithExtras(payload, storedKey, metadata);
    switch (payload.form) {
      case "lent":
        return this.#writer.bytes(payload.kind, payload.bytes, payload.isAscii);
      case "roomy":
        return this.#writer.roomy(payload.kind, payload.bytes);
      case "text":
        return this.#writer.text(payload.kind, payload.text);
      default:
        return this.#writer.bytes(payload.kind, payload.bytes);
    }
  }

  #assertBytesSize(byteCount: number): void {
    const { maxValueBytes } = this.#options.limits;
    if (byteCount > maxValueBytes) throw refuseSize(maxValueBytes);
  }

  #assertTextSize(text: string): void {
    const { maxValueBytes } = this.#options.limits;
    if (text.length * MAX_UTF8_BYTES > maxValueBytes && Buffer.byteLength(text) > maxValueBytes) {
      throw refuseSize(maxValueBytes);
    }
  }

  #payloadOf(value: unknown): Payload {
    const { serializer, limits } = this.#options;
    try {
      return serializer.serialize(value, limits);
    } catch (error) {
      throw toSerializationError(error, serializer.name, value);
    }
  }

  #packWithExtras(
    payload: Payload,
    storedKey: string,
    metadata: EntryMetadata | undefined,
  ): Uint8Array | Promise<Uint8Array> {
    const raw = rawBytesOf(payload);
    const head: HeadStart = {
      kind: payload.kind,
      isAscii: isAsciiText(payload, raw),
      hasMetadata: metadata !== undefined,
      isEncrypted: this.#options.keyRing !== undefined,
      compression: undefined,
    };
    const metadataBytes = metadata === undefined ? undefined : encodeMetadata(metadata);
    const seal = (compressed: Uint8Array | undefined): Uint8Array | Promise<Uint8Array> => {
      if (compressed === undefined) return this.#seal(head, metadataBytes, raw, storedKey);
      const { id: compressorId, dictionaryId } = (this.#options.compression as CompressionChoice).compressor;
      const compression = { compressorId, dictionaryId, rawBytes: raw.length };
      return this.#seal({ ...head, compression }, metadataBytes, compressed, storedKey);
    };
    const { compression } = this.#options;
    const compressed = compression === undefined ? undefined : compressValue(compression.compressor, raw, compression);
    return compressed instanceof Promise ? compressed.then(seal) : seal(compressed);
  }

  #seal(
    head: HeadStart,
    metadata: Uint8Array | undefined,
    payload: Uint8Array,
    storedKey: string,
  ): Uint8Array | Promise<Uint8Array> {
    const { keyRing, scheduler } = this.#options;
    if (keyRing === undefined) return this.#writer.parts(head, metadata, payload);
    const content = metadata === undefined ? payload : Buffer.concat([metadata, payload]);
    const headBytes = headBytesOf(head.compression);
    const target = Buffer.allocUnsafe(headBytes + SEAL_OVERHEAD_BYTES + content.length);
    writeHead(target, 0, head);
    if (content.length > BLOCKING_SEAL_MAX_BYTES) {
      return keyRing.sealInSlices(target, headBytes, content, storedKey, scheduler).then(() => target);
    }
    keyRing.seal(target, headBytes, content, storedKey);
    return target;
  }
}

function isAsciiText(payload: Payload, raw: Uint8Array): boolean {
  return payload.form === "lent" ? payload.isAscii : payload.form === "text" && raw.length === payload.text.length;
}

/** The payload's bytes, which do not change while they are worked on: those of the caller are copied when that may take a while. */
function rawBytesOf(payload: Payload): Uint8Array {
  if (payload.form === "text") return Buffer.from(payload.text, "utf8");
  if (payload.form === "roomy") return payload.bytes.subarray(HEAD_ROOM_BYTES);
  const isOthers =
    payload.form === "lent" || payload.kind === PAYLOAD_KINDS.buffer || payload.kind === PAYLOAD_KINDS.uint8Array;
  return isOthers ? Buffer.from(payload.bytes) : payload.bytes;
}
