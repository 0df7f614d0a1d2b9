import { Buffer } from "node:buffer";
import type { CodecSettings } from "../codec/codec-settings.ts";
import { type CompressionDictionary, parseDictionary } from "../codec/dictionary/compression-dictionary.ts";
import { parseEncryptionKey } from "../codec/encryption/encryption-key.ts";
import { type ByteSize, parseByteSize } from "../foundation/byte-size.ts";
import { CACHE_FIELDS, type CacheConfig } from "./cache-config.ts";
import type { Field } from "./field.ts";

/** Begins the text of a dictionary that stands in a file. */
export const DICTIONARY_FILE_MARK = "file:";

/** The codec's settings, from a configuration whose values and combinations are allowed. */
export function resolveCodec(config: CacheConfig): CodecSettings {
  return Object.freeze({
    serializer: config.serializer ?? defaultOf<"json">(CACHE_FIELDS.serializer),
    hasEnvelope: config.envelope ?? needsEnvelope(config),
    compression:
      config.compression === true
        ? {
            algorithm: config.compressionAlgorithm ?? defaultOf<"gzip">(CACHE_FIELDS.compressionAlgorithm),
            level: config.compressionLevel,
            thresholdBytes: toBytes(
              config.compressionThreshold ?? defaultOf<string>(CACHE_FIELDS.compressionThreshold),
            ),
          }
        : undefined,
    dictionaries: (config.compressionDictionaries ?? []).map((text) => readDictionary(text) as CompressionDictionary),
    encryptionKeys: (config.encryption?.keys ?? []).map((text) => parseEncryptionKey(text) as Uint8Array),
    maxValueBytes: toBytes(config.maxValueSize ?? defaultOf<string>(CACHE_FIELDS.maxValueSize)),
  });
}

/** Entries of mode `plain` are for other programs as well, so they have no head of ours unless something needs it. */
function needsEnvelope({ consistency, compression, compressionDictionaries, encryption }: CacheConfig): boolean {
  if (consistency?.mode !== "plain") return true;
  const hasDictionaries = (compressionDictionaries ?? []).length > 0;
  return compression === true || hasDictionaries || (encryption?.keys ?? []).length > 0;
}

/**
 * The fields that ask for something that only bytes can have, in the order in which they are refused where a store keeps values. What says the
 * default asks for nothing: files of the Go library often name their serializer.
 */
export function findCodecFields(config: CacheConfig): readonly (keyof CacheConfig)[] {
  const asks: Readonly<Partial<Record<keyof CacheConfig, boolean>>> = {
    serializer: isOther(config.serializer, CACHE_FIELDS.serializer),
    envelope: config.envelope === false,
    compression: config.compression === true,
    compressionDictionaries: (config.compressionDictionaries ?? []).length > 0,
    encryption: (config.encryption?.keys ?? []).length > 0,
    maxValueSize: config.maxValueSize !== undefined,
    unreadableValues: isOther(config.unreadableValues, CACHE_FIELDS.unreadableValues),
  };
  return (Object.keys(asks) as (keyof CacheConfig)[]).filter((name) => asks[name]);
}

function isOther(value: unknown, field: Field): boolean {
  return value !== undefined && value !== field.default;
}

/** A dictionary in base64, or what is wrong with it as a sentence's end. */
export function readDictionary(text: string): CompressionDictionary | string {
  try {
    return parseDictionary(Buffer.from(text, "base64"));
  } catch (error) {
    return (error as Error).message;
  }
}

/** The default in the field's table, whose type the compiler cannot see; a test resolves an empty configuration. */
function defaultOf<Value>(field: Field): Value {
  return field.default as Value;
}

/** Sizes were checked before, so the texts parse. */
function toBytes(size: ByteSize): number {
  return typeof size === "number" ? size : (parseByteSize(size) as number);
}
