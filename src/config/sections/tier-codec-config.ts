import type { CustomSerializer } from "../../codec/serializers/custom-serializer.ts";
import type { ByteSize } from "../../foundation/byte-size.ts";
import type { CompressionAlgorithm, SerializerName } from "../codec-names.ts";
import type { FieldTable } from "../field.ts";

/** How values become bytes in one tier, where it is another way than the cache's. Dictionaries, encryption and the largest value are the cache's. */
export interface TierCodecConfig {
  /**
   * What the cache's `serializer` is, for this tier. Default: that. Range: "json", "msgpack", "gob", "v8" or a
   * serializer object with encode, decode (from code only).
   */
  readonly serializer?: SerializerName | CustomSerializer | undefined;
  /** What the cache's `compression` is, for this tier. Default: that. */
  readonly compression?: boolean | undefined;
  /**
   * What the cache's `compressionAlgorithm` is, for this tier. Default: that. Range: "gzip", "lz4", "snappy", "zstd" or
   * "brotli".
   */
  readonly compressionAlgorithm?: CompressionAlgorithm | undefined;
  /** What the cache's `compressionThreshold` is, for this tier. Default: that. Range: a size from "0 B" to "1 GB". */
  readonly compressionThreshold?: ByteSize | undefined;
  /**
   * What the cache's `compressionLevel` is, for this tier. Default: that, and the algorithm's where the tier names one
   * of its own. Range: a whole number from 0 to 19.
   */
  readonly compressionLevel?: number | undefined;
}

/** Rows of the section `codec` of every tier. */
export const TIER_CODEC_FIELDS: FieldTable<TierCodecConfig> = {
  serializer: {
    kind: "enum",
    doc: "What the cache's `serializer` is, for this tier.",
    defaultDoc: "that",
    values: ["json", "msgpack", "gob", "v8"],
    instance: { doc: "a serializer object", methods: ["encode", "decode"] },
  },
  compression: {
    kind: "boolean",
    doc: "What the cache's `compression` is, for this tier.",
    defaultDoc: "that",
  },
  compressionAlgorithm: {
    kind: "enum",
    doc: "What the cache's `compressionAlgorithm` is, for this tier.",
    defaultDoc: "that",
    values: ["gzip", "lz4", "snappy", "zstd", "brotli"],
  },
  compressionThreshold: {
    kind: "size",
    doc: "What the cache's `compressionThreshold` is, for this tier.",
    defaultDoc: "that",
    minBytes: 0,
    maxBytes: 2 ** 30,
  },
  compressionLevel: {
    kind: "integer",
    doc: "What the cache's `compressionLevel` is, for this tier.",
    defaultDoc: "that, and the algorithm's where the tier names one of its own",
    min: 0,
    max: 19,
  },
};
