import type { Backend } from "../backend/backend.ts";
import type { CustomSerializer } from "../codec/serializers/custom-serializer.ts";
import type { CacheTransport } from "../coherence/transport.ts";
import type { ByteSize } from "../foundation/byte-size.ts";
import type { Duration } from "../foundation/duration.ts";
import type { BackendName } from "./backend-name.ts";
import type { CompressionAlgorithm, SerializerName } from "./codec-names.ts";
import type { FieldTable } from "./field.ts";
import { MAX_DICTIONARY_BYTES, TTL } from "./field-limits.ts";
import { CONSISTENCY_FIELDS, type ConsistencyConfig } from "./sections/consistency-config.ts";
import { DEADLINES_FIELDS, type DeadlinesConfig } from "./sections/deadlines-config.ts";
import { ENCRYPTION_FIELDS, type EncryptionConfig } from "./sections/encryption-config.ts";
import { GRPC_FIELDS, type GrpcConfig } from "./sections/grpc-config.ts";
import { LOADING_FIELDS, type LoadingConfig } from "./sections/loading-config.ts";
import { LOGGING_FIELDS, type LoggingConfig } from "./sections/logging-config.ts";
import { MEMCACHED_FIELDS, type MemcachedConfig } from "./sections/memcached-config.ts";
import { MEMORY_FIELDS, type MemoryConfig } from "./sections/memory-config.ts";
import { PROMETHEUS_FIELDS, type PrometheusConfig } from "./sections/prometheus-config.ts";
import { REDIS_FIELDS, type RedisConfig } from "./sections/redis-config.ts";
import { SHARDING_FIELDS, type ShardingConfig } from "./sections/sharding-config.ts";
import { TIER_FIELDS, type TierConfig } from "./sections/tier-config.ts";
import { TRACING_FIELDS, type TracingConfig } from "./sections/tracing-config.ts";
import { PLUGIN_NAME } from "./text-pattern.ts";

/** The configuration of a cache: a plain object, all of it but instances expressible as a JSON file. */
export interface CacheConfig {
  /**
   * The store. The options of a plug-in stand in a section of its name. With `hierarchical` or `tiers` the tiers name
   * their own stores. Default: `"memory"`. Range: "memory", "redis", "memcached", the name of a registered plug-in or a
   * backend object with get, set, delete, close (from code only).
   */
  readonly backend?: BackendName | (string & {}) | Backend | undefined;
  /**
   * A prefix that keeps this cache's keys apart from others in the same store. The empty text is none. Default: none.
   * Range: a text of 0 to 1024 characters.
   */
  readonly namespace?: string | undefined;
  /**
   * Time to live of entries that are written without one. A call's own `ttl` and the namespace's win over it; it wins
   * over `memory.defaultTtl`. Default: that of `memory.defaultTtl`. Range: a duration from "1ms" to "36525d", or false
   * or Infinity for "never".
   */
  readonly defaultTtl?: Duration | false | undefined;
  /** The memory of this process. For the backend `memory`, and for tiers without a section of their own. */
  readonly memory?: MemoryConfig | undefined;
  /** How long each kind of operation waits for a store. A store in this process answers at once and needs none. */
  readonly deadlines?: DeadlinesConfig | undefined;
  /**
   * How `getOrSet`, `getOrSetMulti`, `cached` and `batched` load values. A call's own options and the namespace's win
   * over it.
   */
  readonly loading?: LoadingConfig | undefined;
  /**
   * Redis, Valkey and compatible servers. For the backend `redis`, and for tiers without a section of their own.
   */
  readonly redis?: RedisConfig | undefined;
  /** Memcached. For the backend `memcached`, and for tiers without a section of their own. */
  readonly memcached?: MemcachedConfig | undefined;
  /**
   * Whether reads go to the tier `l1` first and then to `l2`. Needs both; excludes `tiers`. Default: `false`.
   */
  readonly hierarchical?: boolean | undefined;
  /** The first, fastest tier. Needs `hierarchical`. */
  readonly l1?: TierConfig | undefined;
  /** The second, shared tier. Needs `hierarchical`. */
  readonly l2?: TierConfig | undefined;
  /**
   * All tiers, fastest first: one, or memory, up to two that keep copies, and a shared one. Excludes `hierarchical`,
   * `l1` and `l2`. Default: none. Range: a list of up to 4 objects.
   */
  readonly tiers?: readonly TierConfig[] | undefined;
  /**
   * Whether the nodes tell each other about changes over gRPC. Needs a store that they share; where no tiers are named, memory stands in front of it. Who they are say `grpc.peers`, `grpc.discovery`, or the table of nodes in Redis. Default: `false`.
   */
  readonly distributed?: boolean | undefined;
  /** How nodes talk to each other. Needs `distributed`. */
  readonly grpc?: GrpcConfig | undefined;
  /**
   * Another way by which caches tell each other about changes, beside what the store tells and `distributed`: `inProcessTransport()` for caches of one thread, `workerTransport()` for worker threads of one process. Needs a store that they share; where no tiers are named, memory stands in front of it. Default: none. Range: a transport object with join (from code only).
   */
  readonly transport?: CacheTransport | undefined;
  /** Spreading keys over independent servers. */
  readonly sharding?: ShardingConfig | undefined;
  /** What the tiers of several processes promise to each other. */
  readonly consistency?: ConsistencyConfig | undefined;
  /**
   * How values become bytes for stores outside this process. `json` is extended so that every supported type reads back
   * equal. Default: `"json"`. Range: "json", "msgpack", "gob", "v8" or a serializer object with encode, decode (from
   * code only).
   */
  readonly serializer?: SerializerName | CustomSerializer | undefined;
  /**
   * Whether values are written with a head of 8 bytes that says how to read them and finds damage. Without it the bytes are
   * the serializer's alone, as other programs read and write them; excludes `compression` and `encryption`. Default:
   * true, and with `consistency.mode` "plain" only where `compression` or `encryption` need it.
   */
  readonly envelope?: boolean | undefined;
  /** Whether values are compressed for stores outside this process. Default: `false`. */
  readonly compression?: boolean | undefined;
  /**
   * How values are compressed. Has no effect unless `compression` is true. `zstd` on Node.js before 22.15, `lz4` and
   * `snappy` need an optional package. Default: `"gzip"`. Range: "gzip", "lz4", "snappy", "zstd" or "brotli".
   */
  readonly compressionAlgorithm?: CompressionAlgorithm | undefined;
  /**
   * Values below this size are not compressed. Has no effect unless `compression` is true. Default: `"1KB"`. Range: a
   * size from "0 B" to "1 GB".
   */
  readonly compressionThreshold?: ByteSize | undefined;
  /**
   * How hard the algorithm tries: gzip 1 to 9 (6), brotli 0 to 11 (5), zstd 1 to 19 (3); lz4 and snappy have none. Has no
   * effect unless `compression` is true. Default: the algorithm's, in brackets. Range: a whole number from 0 to 19.
   */
  readonly compressionLevel?: number | undefined;
  /**
   * Dictionaries for small values that are alike, made by `gocachex dictionary train`: each in base64, or `file:` and a
   * path, which loadConfig reads. The first compresses where the algorithm is gzip or zstd, all decompress. Default: none. Range: a list of
   * texts, each base64, or "file:" and a path.
   */
  readonly compressionDictionaries?: readonly string[] | undefined;
  /** Encrypting values in stores outside this process. */
  readonly encryption?: EncryptionConfig | undefined;
  /**
   * Most bytes of one value outside this process, before compression. Larger ones are refused when they are written, and
   * not read. Default: `"64MB"`. Range: a size from "1 KB" to "1 GB".
   */
  readonly maxValueSize?: ByteSize | undefined;
  /**
   * What a read of stored bytes is that cannot be turned into a value: damaged, of another program, of an unknown key. An
   * event tells of it either way. Default: `"miss"`. Range: "miss" or "error".
   */
  readonly unreadableValues?: "miss" | "error" | undefined;
  /** Metrics for Prometheus. */
  readonly prometheus?: PrometheusConfig | undefined;
  /** Traces for OpenTelemetry. */
  readonly tracing?: TracingConfig | undefined;
  /** Structured logs of what the cache tells, one line for each fact. Without the section nothing is logged. */
  readonly logging?: LoggingConfig | undefined;
}

/** Base64 of the largest dictionary that `loadConfig` reads. */
const MAX_DICTIONARY_TEXT_LENGTH = 4 * Math.ceil(MAX_DICTIONARY_BYTES / 3);

/** Rows of the configuration itself. */
export const CACHE_FIELDS: FieldTable<CacheConfig> = {
  backend: {
    kind: "enum",
    doc: "The store. The options of a plug-in stand in a section of its name. With `hierarchical` or `tiers` the tiers name their own stores.",
    default: "memory",
    values: ["memory", "redis", "memcached"],
    other: PLUGIN_NAME,
    instance: { doc: "a backend object", methods: ["get", "set", "delete", "close"] },
  },
  namespace: {
    kind: "text",
    doc: "A prefix that keeps this cache's keys apart from others in the same store. The empty text is none.",
    default: "",
    minLength: 0,
    maxLength: 1_024,
  },
  defaultTtl: {
    ...TTL,
    doc: "Time to live of entries that are written without one. A call's own `ttl` and the namespace's win over it; it wins over `memory.defaultTtl`.",
    defaultDoc: "that of `memory.defaultTtl`",
    never: true,
  },
  memory: {
    kind: "section",
    doc: "The memory of this process. For the backend `memory`, and for tiers without a section of their own.",
    fields: MEMORY_FIELDS,
  },
  deadlines: {
    kind: "section",
    doc: "How long each kind of operation waits for a store. A store in this process answers at once and needs none.",
    fields: DEADLINES_FIELDS,
  },
  loading: {
    kind: "section",
    doc: "How `getOrSet`, `getOrSetMulti`, `cached` and `batched` load values. A call's own options and the namespace's win over it.",
    fields: LOADING_FIELDS,
  },
  redis: {
    kind: "section",
    doc: "Redis, Valkey and compatible servers. For the backend `redis`, and for tiers without a section of their own.",
    fields: REDIS_FIELDS,
  },
  memcached: {
    kind: "section",
    doc: "Memcached. For the backend `memcached`, and for tiers without a section of their own.",
    fields: MEMCACHED_FIELDS,
  },
  hierarchical: {
    kind: "boolean",
    doc: "Whether reads go to the tier `l1` first and then to `l2`. Needs both; excludes `tiers`.",
    default: false,
  },
  l1: {
    kind: "section",
    doc: "The first, fastest tier. Needs `hierarchical`.",
    fields: TIER_FIELDS,
    switchedBy: "hierarchical",
    holdsPluginOptions: true,
  },
  l2: {
    kind: "section",
    doc: "The second, shared tier. Needs `hierarchical`.",
    fields: TIER_FIELDS,
    switchedBy: "hierarchical",
    holdsPluginOptions: true,
  },
  tiers: {
    kind: "section-list",
    doc: "All tiers, fastest first: one, or memory, up to two that keep copies, and a shared one. Excludes `hierarchical`, `l1` and `l2`.",
    defaultDoc: "none",
    fields: TIER_FIELDS,
    // More would only be asked one after the other.
    maxLength: 4,
    holdsPluginOptions: true,
  },
  distributed: {
    kind: "boolean",
    doc: "Whether the nodes tell each other about changes over gRPC. Needs a store that they share; where no tiers are named, memory stands in front of it. Who they are say `grpc.peers`, `grpc.discovery`, or the table of nodes in Redis.",
    default: false,
  },
  grpc: {
    kind: "section",
    doc: "How nodes talk to each other. Needs `distributed`.",
    fields: GRPC_FIELDS,
    switchedBy: "distributed",
  },
  transport: {
    kind: "instance",
    doc: "Another way by which caches tell each other about changes, beside what the store tells and `distributed`: `inProcessTransport()` for caches of one thread, `workerTransport()` for worker threads of one process. Needs a store that they share; where no tiers are named, memory stands in front of it.",
    defaultDoc: "none",
    instance: { doc: "a transport object", methods: ["join"] },
  },
  sharding: {
    kind: "section",
    doc: "Spreading keys over independent servers.",
    fields: SHARDING_FIELDS,
  },
  consistency: {
    kind: "section",
    doc: "What the tiers of several processes promise to each other.",
    fields: CONSISTENCY_FIELDS,
  },
  serializer: {
    kind: "enum",
    doc: "How values become bytes for stores outside this process. `json` is extended so that every supported type reads back equal.",
    default: "json",
    values: ["json", "msgpack", "gob", "v8"],
    instance: { doc: "a serializer object", methods: ["encode", "decode"] },
  },
  envelope: {
    kind: "boolean",
    doc: "Whether values are written with a head of 8 bytes that says how to read them and finds damage. Without it the bytes are the serializer's alone, as other programs read and write them; excludes `compression` and `encryption`.",
    defaultDoc: 'true, and with `consistency.mode` "plain" only where `compression` or `encryption` need it',
  },
  compression: {
    kind: "boolean",
    doc: "Whether values are compressed for stores outside this process.",
    default: false,
  },
  compressionAlgorithm: {
    kind: "enum",
    doc: "How values are compressed. Has no effect unless `compression` is true. `zstd` on Node.js before 22.15, `lz4` and `snappy` need an optional package.",
    default: "gzip",
    values: ["gzip", "lz4", "snappy", "zstd", "brotli"],
    switchedBy: "compression",
  },
  compressionThreshold: {
    kind: "size",
    doc: "Values below this size are not compressed. Has no effect unless `compression` is true.",
    default: "1KB",
    minBytes: 0,
    maxBytes: 2 ** 30,
    switchedBy: "compression",
  },
  compressionLevel: {
    kind: "integer",
    doc: "How hard the algorithm tries: gzip 1 to 9 (6), brotli 0 to 11 (5), zstd 1 to 19 (3); lz4 and snappy have none. Has no effect unless `compression` is true.",
    defaultDoc: "the algorithm's, in brackets",
    min: 0,
    max: 19,
    switchedBy: "compression",
  },
  compressionDictionaries: {
    kind: "text-list",
    doc: "Dictionaries for small values that are alike, made by `gocachex dictionary train`: each in base64, or `file:` and a path, which loadConfig reads. The first compresses where the algorithm is gzip or zstd, all decompress.",
    defaultDoc: "none",
    maxLength: 64,
    maxItemLength: MAX_DICTIONARY_TEXT_LENGTH,
    pattern: { source: "^(file:.+|[A-Za-z0-9+/]+={0,2})$", doc: 'base64, or "file:" and a path' },
  },
  encryption: {
    kind: "section",
    doc: "Encrypting values in stores outside this process.",
    fields: ENCRYPTION_FIELDS,
  },
  maxValueSize: {
    kind: "size",
    doc: "Most bytes of one value outside this process, before compression. Larger ones are refused when they are written, and not read.",
    default: "64MB",
    minBytes: 2 ** 10,
    maxBytes: 2 ** 30,
  },
  unreadableValues: {
    kind: "enum",
    doc: "What a read of stored bytes is that cannot be turned into a value: damaged, of another program, of an unknown key. An event tells of it either way.",
    default: "miss",
    values: ["miss", "error"],
  },
  prometheus: {
    kind: "section",
    doc: "Metrics for Prometheus.",
    fields: PROMETHEUS_FIELDS,
  },
  tracing: {
    kind: "section",
    doc: "Traces for OpenTelemetry.",
    fields: TRACING_FIELDS,
  },
  logging: {
    kind: "section",
    doc: "Structured logs of what the cache tells, one line for each fact. Without the section nothing is logged.",
    fields: LOGGING_FIELDS,
  },
};
