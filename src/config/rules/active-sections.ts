import type { CacheConfig } from "../cache-config.ts";
import type { MemcachedConfig } from "../sections/memcached-config.ts";
import type { RedisConfig } from "../sections/redis-config.ts";
import type { TierConfig } from "../sections/tier-config.ts";
import type { Located } from "./rule.ts";

/** The tiers that are on: those of `tiers`, or `l1` and `l2` with `hierarchical`. */
export function listActiveTiers(config: CacheConfig): readonly Located<TierConfig>[] {
  const tiers = (config.tiers ?? []).map((section, index) => ({ path: `tiers[${index}]`, section }));
  if (config.hierarchical !== true) return tiers;
  if (config.l1 !== undefined) tiers.push({ path: "l1", section: config.l1 });
  if (config.l2 !== undefined) tiers.push({ path: "l2", section: config.l2 });
  return tiers;
}

/** Every Redis section: the cache's own and those of active tiers. */
export function listRedisSections(config: CacheConfig): readonly Located<RedisConfig>[] {
  return listSections(config, "redis");
}

/** Every Memcached section: the cache's own and those of active tiers. */
export function listMemcachedSections(config: CacheConfig): readonly Located<MemcachedConfig>[] {
  return listSections(config, "memcached");
}

function listSections<Name extends "redis" | "memcached">(
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
