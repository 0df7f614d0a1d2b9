import type { Backend } from "../backend/backend.ts";
import { findBackendFactory, registeredBackendNames } from "../backend/registry.ts";
import type { SharedSlabHandle } from "../backend/shared-slab-handle.ts";
import type { CodecSettings } from "../codec/codec-settings.ts";
import { type ByteSize, parseByteSize } from "../foundation/byte-size.ts";
import { type Duration, parseDuration } from "../foundation/duration.ts";
import { CACHE_FIELDS, type CacheConfig } from "./cache-config.ts";
import type { Field } from "./field.ts";
import { findNearestName } from "./nearest-name.ts";
import { findUnsupported } from "./not-built.ts";
import { isBuiltInBackend } from "./plugin-names.ts";
import { describeGiven, type Problem, throwProblems } from "./problem.ts";
import { DICTIONARY_FILE_MARK, findCodecFields, resolveCodec } from "./resolve-codec.ts";
import { type ResolvedLoading, resolveLoading } from "./resolve-loading.ts";
import { type ResolvedMemcachedConfig, resolveMemcached } from "./resolve-memcached.ts";
import { type ResolvedRedisConfig, resolveRedis } from "./resolve-redis.ts";
import { type ResolvedShardingConfig, resolveSharding } from "./resolve-sharding.ts";
import { findConflicts } from "./rules/all-rules.ts";
import { findUnkept } from "./rules/consistency-rules.ts";
import { CONSISTENCY_FIELDS } from "./sections/consistency-config.ts";
import { DEADLINES_FIELDS, type DeadlinesConfig } from "./sections/deadlines-config.ts";
import {
  type EvictionPolicyName,
  MEMORY_FIELDS,
  type MemoryConfig,
  type MemoryStorage,
} from "./sections/memory-config.ts";
import { readDocument } from "./validate-config.ts";

/** A configuration with every default filled in and every unit settled; what `createCache` builds from. Frozen. */
export interface ResolvedConfig {
  /** Name of the store, or the store itself. */
  readonly backend: string | Backend;
  /** Prefix of all keys; `""` is none. */
  readonly namespace: string;
  /** TTL of writes without one; `Infinity` is never, `undefined` leaves it to `memory.defaultTtlMs`. */
  readonly defaultTtlMs: number | undefined;
  readonly memory: ResolvedMemoryConfig;
  readonly deadlines: ResolvedDeadlines;
  readonly loading: ResolvedLoading;
  /** Settings of Redis. */
  readonly redis: ResolvedRedisConfig;
  /** Settings of Memcached. */
  readonly memcached: ResolvedMemcachedConfig;
  /** How keys are spread; `undefined` when they are not. */
  readonly sharding: ResolvedShardingConfig | undefined;
  /** How shared stores keep entries. */
  readonly consistencyMode: "coherent" | "plain";
  /** How values become bytes, for a store that keeps bytes. */
  readonly codec: CodecSettings;
  /** The fields of the configuration that only such a store can honour. */
  readonly codecFields: readonly string[];
  /** Whether encryption was asked for without a key, as when a secret is missing: values would be in the clear. */
  readonly lacksEncryptionKey: boolean;
  /** Whether reads of bytes that cannot be turned into values throw. */
  readonly throwsUnreadable: boolean;
  /** The section named after the plug-in backend that is used, as the user wrote it; empty for others. */
  readonly pluginOptions: Readonly<Record<string, unknown>>;
}

/** {@link MemoryConfig} with units settled. */
export interface ResolvedMemoryConfig {
  /** `Infinity` is no limit. */
  readonly maxSizeBytes: number;
  /** `Infinity` is no limit. */
  readonly maxKeys: number;
  readonly evictionPolicy: EvictionPolicyName;
  /** `Infinity` is never; `undefined` when nothing was said. */
  readonly defaultTtlMs: number | undefined;
  readonly cleanupIntervalMs: number;
  readonly copy: boolean | "freeze";
  /** `undefined`: the store's estimate. */
  readonly weigher: MemoryConfig["weigher"];
  readonly storage: MemoryStorage;
  /** With `storage: "shared"`; `undefined`: a block of its own. */
  readonly shared: SharedSlabHandle | undefined;
}

/** {@link DeadlinesConfig} in milliseconds. */
export interface ResolvedDeadlines {
  readonly connectMs: number;
  readonly readMs: number;
  readonly writeMs: number;
  readonly healthMs: number;
  readonly closeMs: number;
}

/**
 * Checks a configuration completely, refuses what is not available yet, and fills in defaults and units.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID`, `GCX_CONFIG_UNKNOWN_OPTION`, or `GCX_CONFIG_UNSUPPORTED` for what this version cannot do
 */
export function resolveConfig(config: unknown): ResolvedConfig {
  const { config: valid, problems } = readDocument(config, "code", new Set());
  throwProblems(problems);
  // Before the combinations: their remedies may lead to what is not available.
  throwProblems(findUnsupported(valid));
  throwProblems(findConflicts(valid));
  throwProblems(findUnkept(valid));
  throwProblems(findUnreadFiles(valid));
  const backend = valid.backend ?? (CACHE_FIELDS.backend.default as string);
  if (typeof backend === "string") throwProblems(findUnknownBackend(backend));
  return Object.freeze({
    backend,
    namespace: valid.namespace ?? "",
    defaultTtlMs: toTtlMs(valid.defaultTtl),
    memory: resolveMemory(valid.memory ?? {}),
    deadlines: resolveDeadlines(valid.deadlines ?? {}),
    loading: resolveLoading(valid.loading ?? {}),
    redis: resolveRedis(valid.redis ?? {}),
    memcached: resolveMemcached(valid.memcached ?? {}),
    sharding: resolveSharding(valid),
    consistencyMode: valid.consistency?.mode ?? (CONSISTENCY_FIELDS.mode.default as "coherent" | "plain"),
    codec: resolveCodec(valid),
    codecFields: findCodecFields(valid),
    lacksEncryptionKey: valid.encryption !== undefined && (valid.encryption.keys ?? []).length === 0,
    throwsUnreadable: valid.unreadableValues === "error",
    pluginOptions: Object.freeze(findPluginOptions(valid, backend)),
  });
}

function findUnknownBackend(name: string): readonly Problem[] {
  if (isBuiltInBackend(name) || findBackendFactory(name) !== undefined) return [];
  const known = ["memory", ...registeredBackendNames()];
  const nearest = findNearestName(name, [...known, "redis", "memcached"]);
  const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
  const message = `backend ${describeGiven(name)} is not known.${hint} Known: ${known.map((each) => `"${each}"`).join(", ")}. Call registerBackend before createCache to add one.`;
  return [{ code: "GCX_CONFIG_INVALID", field: "backend", message }];
}

/** `createCache` opens nothing, files neither. */
function findUnreadFiles({ compressionDictionaries = [] }: CacheConfig): readonly Problem[] {
  const index = compressionDictionaries.findIndex((text) => text.startsWith(DICTIONARY_FILE_MARK));
  if (index < 0) return [];
  const field = `compressionDictionaries[${index}]`;
  const message = `${field} names a file, which createCache does not open. Use createCache(await loadConfig(…)), or give the dictionary in base64.`;
  return [{ code: "GCX_CONFIG_INVALID", field, message }];
}

function findPluginOptions(config: CacheConfig, backend: string | Backend): Record<string, unknown> {
  if (typeof backend !== "string" || isBuiltInBackend(backend)) return {};
  const sections = config as Readonly<Record<string, unknown>>;
  const options = Object.hasOwn(sections, backend) ? sections[backend] : undefined;
  return { ...(options as Record<string, unknown> | undefined) };
}

function resolveMemory(memory: MemoryConfig): ResolvedMemoryConfig {
  return Object.freeze({
    maxSizeBytes: toBytes(memory.maxSize ?? defaultOf<string>(MEMORY_FIELDS.maxSize)),
    maxKeys: typeof memory.maxKeys === "number" ? memory.maxKeys : Number.POSITIVE_INFINITY,
    evictionPolicy: memory.evictionPolicy ?? defaultOf<EvictionPolicyName>(MEMORY_FIELDS.evictionPolicy),
    defaultTtlMs: toTtlMs(memory.defaultTtl),
    cleanupIntervalMs: toMs(memory.cleanupInterval ?? defaultOf<string>(MEMORY_FIELDS.cleanupInterval)),
    copy: memory.copy ?? defaultOf<boolean | "freeze">(MEMORY_FIELDS.copy),
    weigher: memory.weigher,
    storage: memory.storage ?? defaultOf<MemoryStorage>(MEMORY_FIELDS.storage),
    shared: memory.shared,
  });
}

function resolveDeadlines(deadlines: DeadlinesConfig): ResolvedDeadlines {
  const resolve = (name: keyof DeadlinesConfig): number =>
    toMs(deadlines[name] ?? defaultOf<string>(DEADLINES_FIELDS[name]));
  return Object.freeze({
    connectMs: resolve("connect"),
    readMs: resolve("read"),
    writeMs: resolve("write"),
    healthMs: resolve("health"),
    closeMs: resolve("close"),
  });
}

/** The default in the field's table, whose type the compiler cannot see; a test resolves an empty configuration. */
function defaultOf<Value>(field: Field): Value {
  return field.default as Value;
}

/** Durations and sizes were checked before, so the texts parse. */
function toMs(duration: Duration): number {
  return typeof duration === "number" ? duration : (parseDuration(duration) as number);
}

function toTtlMs(ttl: Duration | false | undefined): number | undefined {
  if (ttl === undefined) return undefined;
  return ttl === false ? Number.POSITIVE_INFINITY : toMs(ttl);
}

function toBytes(size: ByteSize | false): number {
  if (size === false) return Number.POSITIVE_INFINITY;
  return typeof size === "number" ? size : (parseByteSize(size) as number);
}
