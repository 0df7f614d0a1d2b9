import { CACHE_FIELDS, type CacheConfig } from "../cache-config.ts";
import type { MemcachedConfig } from "../sections/memcached-config.ts";
import type { MemoryConfig } from "../sections/memory-config.ts";
import type { RedisConfig } from "../sections/redis-config.ts";
import type { TierConfig } from "../sections/tier-config.ts";
import type { Located } from "./rule.ts";

/**
 * The tiers that are on: those of `tiers`, or `l1` and `l2` with `hierarchical`. Nodes that tell each other of changes and share a store have copies of what it holds: with `distributed`
 * or `transport` alone memory stands in front of it, with the settings of the section `memory`. Without such a store the nodes are it themselves, with their memories; see {@link isOwnedByPeers}.
 */
export function listActiveTiers(config: CacheConfig): readonly Located<TierConfig>[] {
  const tiers = (config.tiers ?? []).map((section, index) => ({ path: `tiers[${index}]`, section }));
  if (config.hierarchical !== true) return tiers.length === 0 ? listDistributedTiers(config) : tiers;
  if (config.l1 !== undefined) tiers.push({ path: "l1", section: config.l1 });
  if (config.l2 !== undefined) tiers.push({ path: "l2", section: config.l2 });
  return tiers;
}

function listDistributedTiers({
  distributed,
  transport,
  backend = CACHE_FIELDS.backend.default as string,
}: CacheConfig): readonly Located<TierConfig>[] {
  // A transport carries messages, and does not make nodes a store as a mesh does.
  const hasCopies = distributed === true || (transport !== undefined && backend !== "memory");
  if (!hasCopies || typeof backend !== "string") return [];
  return [
    { path: distributed === true ? "distributed" : "transport", section: { backend: "memory" } },
    { path: "backend", section: { backend } },
  ];
}

/** Whether the nodes themselves keep the keys: they tell each other of changes, and share no store. */
export function isOwnedByPeers(config: CacheConfig): boolean {
  if (config.distributed !== true || config.hierarchical === true || (config.tiers?.length ?? 0) > 0) return false;
  return (config.backend ?? CACHE_FIELDS.backend.default) === "memory";
}

/** The store that keeps the entries: that of the last tier, or the cache's own. `undefined`: an object from code. */
export function findStoreName(config: CacheConfig): string | undefined {
  const named = listActiveTiers(config).at(-1)?.section ?? config;
  const name = named.backend ?? (CACHE_FIELDS.backend.default as string);
  return typeof name === "string" ? name : undefined;
}

type StoreSectionName = "memory" | "redis" | "memcached";

/** The section of a store's settings that a tier uses: its own, or else the cache's. `undefined`: defaults alone. */
export function findStoreSection<Name extends StoreSectionName>(
  config: CacheConfig,
  tier: Located<TierConfig> | undefined,
  name: Name,
): Located<NonNullable<TierConfig[Name]>> | undefined {
  const own = tier?.section[name];
  if (tier !== undefined && own !== undefined) return { path: `${tier.path}.${name}`, section: own };
  const shared: TierConfig[Name] = config[name];
  return shared === undefined ? undefined : { path: name, section: shared };
}

/** Every memory section: the cache's own and those of active tiers. */
export function listMemorySections(config: CacheConfig): readonly Located<MemoryConfig>[] {
  return listSections(config, "memory");
}

/** Every Redis section: the cache's own and those of active tiers. */
export function listRedisSections(config: CacheConfig): readonly Located<RedisConfig>[] {
  return listSections(config, "redis");
}

/** Every Memcached section: the cache's own and those of active tiers. */
export function listMemcachedSections(config: CacheConfig): readonly Located<MemcachedConfig>[] {
  return listSections(config, "memcached");
}

function listSections<Name extends StoreSectionName>(
  config: CacheConfig,
  name: Name,
): readonly Located<NonNullable<TierConfig[Name]>>[] {
  const found: Located<NonNullable<TierConfig[Name]>>[] = [];
  const own = config[name];
  if (own !== undefined) found.push({ path: name, section: own });
  for (const { path, section } of listActiveTiers(config)) {
    const inTier = section[name];
    if (inTier !== undefined) found.push({ path: `${path}.${name}`, section: inTier });
  }
  return found;
}
