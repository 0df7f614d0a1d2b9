/** What `serializer` may be called. */
export type SerializerName = "json" | "msgpack" | "gob" | "v8";

/** What `compressionAlgorithm` may be called. */
export type CompressionAlgorithm = "gzip" | "lz4" | "snappy" | "zstd" | "brotli";
