export type { Lock } from "./atomic/lock.ts";
export type { Transaction, TransactionSetOptions } from "./atomic/transaction.ts";
export type { Backend, BackendUsage, MaybePromise, OperationContext } from "./backend/backend.ts";
export type { BackendDefinition } from "./backend/backend-definition.ts";
export type { BackendNotice } from "./backend/backend-notice.ts";
export type { BackendReport, NodeReport } from "./backend/backend-report.ts";
export type { BackendCapabilities } from "./backend/capabilities.ts";
export type { CommitResult, KeyCheck, KeyWrite } from "./backend/commit.ts";
export type { ConnectionCounts } from "./backend/connection-counts.ts";
export type { CounterRequest, CounterResult } from "./backend/counter.ts";
export { defineBackend } from "./backend/define-backend.ts";
export type { LeaseOutcome, LeaseRequest } from "./backend/lease.ts";
export { type BackendFactory, type BackendHost, registerBackend, unregisterBackend } from "./backend/registry.ts";
export type { EntryVerdict, KnownEntry, Revalidation } from "./backend/revalidation.ts";
export type { SharedSlabHandle } from "./backend/shared-slab-handle.ts";
export type { EntryWrite, StoredEntry, WriteCondition, WriteResult } from "./backend/stored-entry.ts";
export type { BatchedLoad } from "./cache/batched-load.ts";
export type { Cache, CompareAndSetResult, MultiItems } from "./cache/cache.ts";
export type {
  AsyncFunction,
  CachedFunction,
  CachedFunctionMethods,
  CachedKey,
  CachedOptions,
} from "./cache/cached-function.ts";
export { type CachedMethodOptions, cachedMethod } from "./cache/cached-method.ts";
export type { CacheHealth, HealthCheck, HealthStatus } from "./cache/health.ts";
export type {
  BatchedOptions,
  CallOptions,
  CounterOptions,
  GetOrSetOptions,
  KeysOptions,
  LoadOptions,
  LockOptions,
  NamespaceDefaults,
  OptimisticOptions,
  ReadOptions,
  SetOptions,
  SharedLoadOptions,
  TtlOrSetOptions,
  UpdateOptions,
} from "./cache/options.ts";
export type { MemoryBounds } from "./cache/resize-memory.ts";
export type { CacheStats, TierStats } from "./cache/stats.ts";
export { type CompressionDictionary, parseDictionary } from "./codec/dictionary/compression-dictionary.ts";
export { type TrainDictionaryOptions, trainDictionary } from "./codec/dictionary/train-dictionary.ts";
export { type GobBasicType, type GobField, type GobFieldType, gobStruct } from "./codec/gob/gob-struct.ts";
export type { GobStruct } from "./codec/gob/value-shape.ts";
export type { CustomSerializer } from "./codec/serializers/custom-serializer.ts";
export { type GobSerializerOptions, gobSerializer } from "./codec/serializers/gob-serializer.ts";
export type {
  AckAskMessage,
  AckMessage,
  ChangeMessage,
  ClearMessage,
  CoherenceMessage,
  DirtyMessage,
  HeadedShard,
  TagsMessage,
  UnknownMessage,
} from "./coherence/coherence-message.ts";
export { inProcessTransport } from "./coherence/in-process-transport.ts";
export type { CacheTransport, CoherenceTransport, PeerStatus, TransportListener } from "./coherence/transport.ts";
export type { CacheConfig } from "./config/cache-config.ts";
export { type LoadConfigOptions, loadConfig } from "./config/load-config.ts";
export type { PluginCacheConfig } from "./config/plugin-config.ts";
export type { ConsistencyConfig } from "./config/sections/consistency-config.ts";
export type { DeadlinesConfig } from "./config/sections/deadlines-config.ts";
export type { EncryptionConfig } from "./config/sections/encryption-config.ts";
export type { GrpcConfig } from "./config/sections/grpc-config.ts";
export type { LoadingConfig } from "./config/sections/loading-config.ts";
export type { LoggingConfig } from "./config/sections/logging-config.ts";
export type { MemcachedConfig } from "./config/sections/memcached-config.ts";
export type { EvictionPolicyName, MemoryConfig, MemoryStorage } from "./config/sections/memory-config.ts";
export type { PrometheusConfig } from "./config/sections/prometheus-config.ts";
export type { RedisClusterConfig } from "./config/sections/redis-cluster-config.ts";
export type { RedisConfig } from "./config/sections/redis-config.ts";
export type { RedisSentinelConfig } from "./config/sections/redis-sentinel-config.ts";
export type { ShardingConfig } from "./config/sections/sharding-config.ts";
export type { TierConfig } from "./config/sections/tier-config.ts";
export type { TracingConfig } from "./config/sections/tracing-config.ts";
export { createCache } from "./create-cache.ts";
export { createSharedMemory, type SharedMemoryOptions } from "./create-shared-memory.ts";
export type { CacheEntry } from "./entry/cache-entry.ts";
export type { RemovalCause, RemovalListener } from "./entry/removal.ts";
export type { Ttl } from "./entry/ttl.ts";
export type { WriteReceipt } from "./entry/write-receipt.ts";
export type {
  CacheEventListener,
  CacheEventMap,
  CacheEventName,
  KeyEvent,
  LoadOutcome,
  NodeEvent,
} from "./events/cache-events.ts";
export { DIAGNOSTICS_CHANNEL, type DiagnosticsMessage } from "./events/event-hub.ts";
export type { ByteSize } from "./foundation/byte-size.ts";
export type { Clock } from "./foundation/clock.ts";
export type { Duration } from "./foundation/duration.ts";
export { ERROR_CODES, type ErrorCode } from "./foundation/error-codes.ts";
export {
  BackendError,
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  CacheClosedError,
  ConfigError,
  CounterError,
  DependencyError,
  EntryTooLargeError,
  GocachexError,
  type GocachexErrorOptions,
  InvalidArgumentError,
  LoaderError,
  LockLostError,
  LockNotAcquiredError,
  NodeError,
  OutcomeUnknownError,
  PartialFailureError,
  SerializationError,
  SnapshotError,
  TransactionConflictError,
  TransactionKeyError,
  UnreadableValueError,
  UnsupportedOperationError,
} from "./foundation/errors.ts";
export type { RandomSource } from "./foundation/random-source.ts";
export type { ScheduledTask, Scheduler } from "./foundation/scheduler.ts";
export type { BatchLoader, BatchLoaderContext, Loader, LoaderContext } from "./loading/loader.ts";
export type { SnapshotSource } from "./memory/snapshot/byte-source.ts";
export type { DumpResult } from "./memory/snapshot/dump-snapshot.ts";
export type { LoadResult } from "./memory/snapshot/load-snapshot.ts";
export type { NodeWritable } from "./memory/snapshot/node-sink.ts";
export type { ChunkWriter, SnapshotTarget, WebWritable, WebWriter } from "./memory/snapshot/open-sink.ts";
export type { Weigher } from "./memory/user-weigher.ts";
export { type Reconfiguration, reconfigureCache } from "./reconfigure-cache.ts";
export { type WorkerTransportOptions, workerTransport } from "./transports/worker/worker-transport.ts";
