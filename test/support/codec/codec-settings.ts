import type { Codec } from "../../../src/codec/codec.ts";
import { DEFAULT_CODEC_LIMITS } from "../../../src/codec/codec-limits.ts";
import type { CodecSettings } from "../../../src/codec/codec-settings.ts";
import { createCodec } from "../../../src/codec/create-codec.ts";
import { systemClock } from "../../../src/foundation/clock.ts";
import { systemScheduler } from "../../../src/foundation/scheduler.ts";

/** The settings of a codec: those of an empty configuration, but for what is given. */
export function codecSettings(settings: Partial<CodecSettings> = {}): CodecSettings {
  return {
    serializer: "json",
    hasEnvelope: true,
    compression: undefined,
    dictionaries: [],
    encryptionKeys: [],
    maxValueBytes: DEFAULT_CODEC_LIMITS.maxValueBytes,
    ...settings,
  };
}

/** A codec that has loaded what it needs. */
export async function openCodec(settings: Partial<CodecSettings> = {}): Promise<Codec> {
  const codec = createCodec(codecSettings(settings), { clock: systemClock, scheduler: systemScheduler });
  await codec.load();
  return codec;
}
