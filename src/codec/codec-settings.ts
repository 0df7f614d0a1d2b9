import type { CompressorName } from "./compressors/create-compressor.ts";
import type { CompressionDictionary } from "./dictionary/compression-dictionary.ts";
import type { CustomSerializer } from "./serializers/custom-serializer.ts";

/** What values become on their way into a store of bytes; defaults filled in, nothing built. */
export interface CodecSettings {
  /** A name, or the user's own. */
  readonly serializer: "json" | "msgpack" | "gob" | "v8" | CustomSerializer;
  /** Whether values stand in an envelope. Without one there is neither compression nor encryption. */
  readonly hasEnvelope: boolean;
  /** `undefined`: values are not compressed. */
  readonly compression: CompressionSettings | undefined;
  /** The first compresses, all decompress. */
  readonly dictionaries: readonly CompressionDictionary[];
  /** 32 bytes each; the first encrypts, all decrypt. Empty: values are in the clear. */
  readonly encryptionKeys: readonly Uint8Array[];
  readonly maxValueBytes: number;
}

/** How values are compressed. */
export interface CompressionSettings {
  readonly algorithm: CompressorName;
  /** `undefined`: the algorithm's default. */
  readonly level: number | undefined;
  /** Values of fewer bytes are stored raw. */
  readonly thresholdBytes: number;
}
