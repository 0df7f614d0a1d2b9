import { findBackendFactory, registeredBackendNames } from "../backend/registry.ts";
import type { CodecSettings } from "../codec/codec-settings.ts";
import { type Duration, parseDuration } from "../foundation/duration.ts";
import type { CacheConfig } from "./cache-config.ts";
import type { Field } from "./field.ts";
import { findNearestName } from "./nearest-name.ts";
import { isBuiltInBackend } from "./plugin-names.ts";
import { describeGiven, type Problem, throwProblems } from "./problem.ts";
import { DICTIONARY_FILE_MARK, findCodecFields } from "./resolve-codec.ts";
import { type ResolvedLoading, resolveLoading } from "./resolve-loading.ts";
import { type ResolvedLoggingConfig, resolveLogging } from "./resolve-logging.ts";
import { toTtlMs } from "./resolve-memory.ts";
import { type ResolvedPrometheusConfig, resolvePrometheus } from "./resolve-prometheus.ts";
import { type ResolvedShardingConfig, resolveSharding } from "./resolve-sharding.ts";
import { type ResolvedStore, type ResolvedTier, type ResolvedTiers, resolveTiers } from "./resolve-tiers.ts";
import { type ResolvedTracing, resolveTracing } from "./resolve-tracing.ts";
import { listActiveTiers } from "./rules/active-sections.ts";
import { findConflicts } from "./rules/all-rules.ts";
import { findUnkept } from "./rules/find-unkept.ts";
import { CONSISTENCY_FIELDS } from "./sections/consistency-config.ts";
import { DEADLINES_FIELDS, type DeadlinesConfig } from "./sections/deadlines-config.ts";
import { withTierCodec } from "./tier-codec.ts";
import { readDocument } from "./validate-config.ts";

/**
 * A configuration with every default filled in and every unit settled; what `createCache` builds from. Frozen. The store and its settings are those of the
 * last tier, which keeps the entries; when the configuration names no tiers, that is the only one.
 */
export interface ResolvedConfig extends ResolvedStore, ResolvedTiers {
  /** What it was resolved from. */
  readonly document: CacheConfig;
  /** Prefix of all keys; `""` is none. */
  readonly namespace: string;
  /** TTL of writes without one; `Infinity` is never, `undefined` leaves it to `memory.defaultTtlMs` where the store is memory. */
  readonly defaultTtlMs: number | undefined;
  readonly deadlines: ResolvedDeadlines;
  readonly loading: ResolvedLoading;
  /** `undefined` when nothing is logged. */
  readonly logging: ResolvedLoggingConfig | undefined;
  /** `undefined` when no metrics are kept. */
  readonly prometheus: ResolvedPrometheusConfig | undefined;
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
  /** Where spans go; `undefined`: there are none. */
  readonly tracing: ResolvedTracing | undefined;
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
 * Checks a configuration completely and fills in defaults and units.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID`, `GCX_CONFIG_UNKNOWN_OPTION`, or `GCX_CONFIG_UNSUPPORTED` for what this version cannot do
 */
export function resolveConfig(config: unknown): ResolvedConfig {
  const { config: valid, problems } = readDocument(config, "code", new Set());
  throwProblems(problems);
  throwProblems(findConflicts(valid));
  throwProblems(findUnkept(valid));
  throwProblems(findUnreadFiles(valid));
  const { tiers, maxStalenessMs, isOwnedByPeers, distributed, transport } = resolveTiers(valid);
  throwProblems(findUnknownBackends(valid));
  const { backend, memory, redis, memcached, pluginOptions, codec } = tiers.at(-1) as ResolvedTier;
  return Object.freeze({
    document: valid,
    ...{ backend, memory, redis, memcached, pluginOptions },
    ...{ tiers, maxStalenessMs, isOwnedByPeers, distributed, transport },
    namespace: valid.namespace ?? "",
    defaultTtlMs: toTtlMs(valid.defaultTtl),
    deadlines: resolveDeadlines(valid.deadlines ?? {}),
    loading: resolveLoading(valid.loading ?? {}),
    logging: resolveLogging(valid.logging),
    prometheus: resolvePrometheus(valid.prometheus),
    sharding: resolveSharding(valid),
    consistencyMode: valid.consistency?.mode ?? (CONSISTENCY_FIELDS.mode.default as "coherent" | "plain"),
    codec,
    codecFields: findCodecFields(withTierCodec(valid, listActiveTiers(valid).at(-1)?.section ?? {})),
    lacksEncryptionKey: valid.encryption !== undefined && (valid.encryption.keys ?? []).length === 0,
    tracing: resolveTracing(valid.tracing ?? {}),
    throwsUnreadable: valid.unreadableValues === "error",
  });
}

function findUnknownBackends(config: CacheConfig): readonly Problem[] {
  const tiers = listActiveTiers(config);
  const named = tiers.length === 0 ? [{ path: "backend", section: config }] : tiers;
  return named.flatMap(({ path, section: { backend } }) =>
    typeof backend === "string" ? findUnknownBackend(tiers.length === 0 ? path : `${path}.backend`, backend) : [],
  );
}

function findUnknownBackend(field: string, name: string): readonly Problem[] {
  if (isBuiltInBackend(name) || findBackendFactory(name) !== undefined) return [];
  const known = ["memory", ...registeredBackendNames()];
  const nearest = findNearestName(name, [...known, "redis", "memcached"]);
  const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
  const message = `${field} ${describeGiven(name)} is not known.${hint} Known: ${known.map((each) => `"${each}"`).join(", ")}. Call registerBackend before createCache to add one.`;
  return [{ code: "GCX_CONFIG_INVALID", field, message }];
}

/** `createCache` opens nothing, files neither. */
function findUnreadFiles({ compressionDictionaries = [] }: CacheConfig): readonly Problem[] {
  const index = compressionDictionaries.findIndex((text) => text.startsWith(DICTIONARY_FILE_MARK));
  if (index < 0) return [];
  const field = `compressionDictionaries[${index}]`;
  const message = `${field} names a file, which createCache does not open. Use createCache(await loadConfig(…)), or give the dictionary in base64.`;
  return [{ code: "GCX_CONFIG_INVALID", field, message }];
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
