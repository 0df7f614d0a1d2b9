import type { Cache } from "./cache/cache.ts";
import { changeCache, isResizable } from "./cache/change-cache.ts";
import type { CacheConfig } from "./config/cache-config.ts";
import { listChanges } from "./config/list-changes.ts";
import { type ResolvedConfig, resolveConfig } from "./config/resolve-config.ts";
import type { ResolvedMemoryConfig } from "./config/resolve-memory.ts";
import type { ResolvedTier } from "./config/resolve-tiers.ts";
import type { LogLevel } from "./config/sections/logging-config.ts";
import type { GrpcTransport } from "./transports/grpc/grpc-transport.ts";

/** What became of a new configuration. */
export interface Reconfiguration {
  /** Fields whose change is in force, as paths such as `memory.maxSize`. */
  readonly applied: readonly string[];
  /** Fields that differ from what the cache works with, and need a new cache: a restart of the process. */
  readonly restart: readonly string[];
}

/** Parts of a cache that can change, beside its core. Filled in as they are made. */
export interface ChangeableParts {
  mesh: Pick<GrpcTransport, "replacePeers"> | undefined;
  log: { setLevel(level: LogLevel): void } | undefined;
}

interface Known {
  /** What the cache works with now. */
  document: CacheConfig;
  /** Then its memory is divided between what it owns and copies. */
  readonly isOwnedByPeers: boolean;
  readonly parts: ChangeableParts;
}

const known = new WeakMap<Cache, Known>();

/** Remembers what a cache was made of, for {@link reconfigureCache}. */
export function rememberParts(cache: Cache, resolved: ResolvedConfig, parts: ChangeableParts): void {
  const { document, isOwnedByPeers } = resolved;
  known.set(cache, { document, isOwnedByPeers, parts });
}

/** The default TTL of writes, in ms. Those of a tier in front are its own. */
export function findDefaultTtlMs({ defaultTtlMs, backend, memory }: ResolvedConfig): number {
  return defaultTtlMs ?? (backend === "memory" ? memory.defaultTtlMs : undefined) ?? Number.POSITIVE_INFINITY;
}

/**
 * Applies what of a new configuration can change while the cache works, all of it or, when it is refused, nothing:
 *
 * - bounds and eviction policy of the memory tier: `memory.maxSize`, `memory.maxKeys`, `memory.evictionPolicy`, and `size` of a memory tier. Entries above new bounds are evicted at once; another
 *   policy takes the entries over in the order in which they would have been evicted, in one step of some 0.3 s for a million.
 * - defaults of calls: `defaultTtl`, `memory.defaultTtl`, and of `loading` all but the breaker and `maxBackgroundLoads`. Entries keep the TTL that they were written with, namespaces what they say of their own.
 * - `grpc.peers`: new addresses are dialed; links to former ones stay until they end.
 * - `logging.level`, where something is logged already.
 *
 * @param cache a root view, as `createCache` made it
 * @throws ConfigError as `createCache`; TypeError for another cache
 */
export function reconfigureCache(cache: Cache, config: CacheConfig): Reconfiguration {
  const entry = known.get(cache);
  if (entry === undefined)
    throw new TypeError("reconfigureCache needs a cache as createCache returned it, not a namespace of one.");
  const after = resolveConfig(config);
  const changes = listChanges(entry.document, after.document);
  const applied = changes.filter((path) => isChangeable(path, cache, entry, after));
  const restart = changes.filter((path) => !applied.includes(path));
  apply(cache, entry, after, applied);
  // What needs a restart is still what it was, and is named again the next time.
  entry.document = mergeApplied(entry.document, after.document, applied);
  return { applied, restart };
}

const MEMORY_BOUND =
  /^(?:memory|l1\.memory|tiers\[0\]\.memory)\.(?:maxSize|maxKeys|evictionPolicy)$|^(?:l1|tiers\[0\])\.size$/;
const DEFAULTS = /^(?:defaultTtl|memory\.defaultTtl|loading\.(?!breaker|maxBackgroundLoads)\w+)$/;

function isChangeable(path: string, cache: Cache, { isOwnedByPeers, parts }: Known, after: ResolvedConfig): boolean {
  if (MEMORY_BOUND.test(path)) return isResizable(cache) && !isOwnedByPeers && !after.isOwnedByPeers;
  if (path === "grpc.peers") return parts.mesh !== undefined && after.distributed !== undefined;
  if (path === "logging.level") return parts.log !== undefined;
  return DEFAULTS.test(path);
}

function apply(cache: Cache, { parts }: Known, after: ResolvedConfig, applied: readonly string[]): void {
  const isApplied = (pattern: RegExp): boolean => applied.some((path) => pattern.test(path));
  const { maxKeys, maxSizeBytes, evictionPolicy } = nearMemory(after);
  changeCache(cache, {
    bounds: isApplied(/\.(?:maxSize|maxKeys|size)$/) ? { maxKeys, maxSizeBytes } : undefined,
    evictionPolicy: isApplied(/\.evictionPolicy$/) ? evictionPolicy : undefined,
    ttlMs: isApplied(/efaultTtl$/) ? findDefaultTtlMs(after) : undefined,
    load: isApplied(/^loading\./) ? after.loading.policy : undefined,
  });
  if (isApplied(/^grpc\.peers$/)) parts.mesh?.replacePeers(after.distributed?.settings.peers ?? []);
  if (isApplied(/^logging\.level$/)) parts.log?.setLevel(after.document.logging?.level ?? "info");
}

function nearMemory({ tiers }: ResolvedConfig): ResolvedMemoryConfig {
  return (tiers[0] as ResolvedTier).memory;
}

/** A document with the fields that were applied, and what there was in all others. */
function mergeApplied(before: CacheConfig, after: CacheConfig, applied: readonly string[]): CacheConfig {
  const merged = cloneSections(before) as Record<string, unknown>;
  for (const path of applied)
    copyField(
      merged,
      after as Record<string, unknown>,
      path.split(/[.[\]]+/).filter((step) => step !== ""),
    );
  return merged as CacheConfig;
}

function copyField(
  target: Record<string, unknown>,
  source: Record<string, unknown>,
  [step = "", ...rest]: readonly string[],
): void {
  if (rest.length === 0) {
    if (source[step] === undefined) delete target[step];
    else target[step] = source[step];
    return;
  }
  target[step] ??= {};
  copyField(target[step] as Record<string, unknown>, (source[step] ?? {}) as Record<string, unknown>, rest);
}

function cloneSections(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cloneSections);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, cloneSections(field)]));
}
