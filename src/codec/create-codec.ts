import type { Clock } from "../foundation/clock.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import { createBareCodec } from "./bare-codec.ts";
import type { Codec } from "./codec.ts";
import type { CodecLimits } from "./codec-limits.ts";
import { DEFAULT_CODEC_LIMITS } from "./codec-limits.ts";
import type { CompressionChoice } from "./codec-options.ts";
import type { CodecSettings } from "./codec-settings.ts";
import { createCompressor, createDictionaryCompressor } from "./compressors/create-compressor.ts";
import { createDictionarySet, type DictionarySet } from "./dictionary/dictionary-set.ts";
import { createKeyRing } from "./encryption/key-ring.ts";
import { createEnvelopeCodec } from "./envelope-codec.ts";
import { adaptSerializer } from "./serializers/custom-serializer.ts";
import { createGobSerializer } from "./serializers/gob-serializer.ts";
import { createJsonSerializer } from "./serializers/json-serializer.ts";
import { findLibrarySerializer } from "./serializers/library-serializer.ts";
import { createMsgpackSerializer } from "./serializers/msgpack-serializer.ts";
import type { Serializer } from "./serializers/serializer.ts";
import { V8_SERIALIZER } from "./serializers/v8-serializer.ts";

/** The platform, as a codec uses it. */
export interface CodecHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/**
 * Builds a codec. Opens and loads nothing.
 *
 * @param settings checked already: keys, level and dictionaries fit
 */
export function createCodec(settings: CodecSettings, { clock, scheduler }: CodecHost): Codec {
  const serializer = createSerializer(settings.serializer, settings.hasEnvelope);
  const limits: CodecLimits = { ...DEFAULT_CODEC_LIMITS, maxValueBytes: settings.maxValueBytes };
  // The only format in which an integer is the text that stores count with.
  if (!settings.hasEnvelope)
    return createBareCodec({ serializer, limits, hasCounters: settings.serializer === "json" });
  const dictionaries = createDictionarySet(settings.dictionaries);
  return createEnvelopeCodec({
    serializer,
    compression: chooseCompression(settings, dictionaries),
    dictionaries,
    keyRing: settings.encryptionKeys.length === 0 ? undefined : createKeyRing(settings.encryptionKeys, clock),
    limits,
    scheduler,
  });
}

/** @param hasEnvelope whether something says what the serializer made of a value */
function createSerializer(chosen: CodecSettings["serializer"], hasEnvelope: boolean): Serializer {
  switch (chosen) {
    case "json":
      return createJsonSerializer(hasEnvelope);
    case "msgpack":
      return createMsgpackSerializer(hasEnvelope);
    case "v8":
      return V8_SERIALIZER;
    case "gob":
      return createGobSerializer();
    default:
      return findLibrarySerializer(chosen) ?? adaptSerializer(chosen, hasEnvelope);
  }
}

function chooseCompression(
  { compression }: CodecSettings,
  { writing: dictionary }: DictionarySet,
): CompressionChoice | undefined {
  if (compression === undefined) return undefined;
  const { algorithm, level, thresholdBytes } = compression;
  const options = level === undefined ? {} : { level };
  const compressor =
    (dictionary === undefined ? undefined : createDictionaryCompressor(algorithm, dictionary, options)) ??
    createCompressor(algorithm, options);
  return { compressor, thresholdBytes };
}
