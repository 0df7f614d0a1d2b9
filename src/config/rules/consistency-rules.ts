import type { CacheConfig } from "../cache-config.ts";
import { isBuiltInBackend } from "../plugin-names.ts";
import type { Problem } from "../problem.ts";
import type { RedisConfig } from "../sections/redis-config.ts";
import { findStoreName, listActiveTiers, listRedisSections } from "./active-sections.ts";
import { type Located, refuse } from "./rule.ts";

/** Cluster settings that send reads to replicas, which may be behind. */
const REPLICA_READS = ["readOnly", "routeByLatency", "routeRandomly"] as const;

/** Which stores have a mode to choose, and where there are copies that become stale. */
export function checkConsistency(config: CacheConfig): readonly Problem[] {
  return [...checkMode(config), ...checkMaxStaleness(config)];
}

function checkMode(config: CacheConfig): readonly Problem[] {
  if (config.consistency?.mode !== "plain") return [];
  const store = findStoreName(config);
  if (isBuiltInBackend(store) && store !== "memory") return [];
  const message =
    'consistency.mode "plain" says how Redis and Memcached keep entries; this store has no other mode. Remove it.';
  return [refuse("consistency.mode", message)];
}

/** Switched-off tiers may keep their bound for later. */
function checkMaxStaleness(config: CacheConfig): readonly Problem[] {
  if (config.consistency?.maxStaleness === undefined || config.hierarchical === false) return [];
  if (listActiveTiers(config).length > 1 || findStoreName(config) !== "memory") return [];
  const message =
    "consistency.maxStaleness is for copies in memory in front of a shared store, and here is none. Set hierarchical with l1 and l2, or remove it.";
  return [refuse("consistency.maxStaleness", message)];
}

/** Servers that are not named well enough, or that would answer with what is over. */
export function checkUnkeptReads(config: CacheConfig): readonly Problem[] {
  return listRedisSections(config).flatMap((located) => [
    ...checkServerCount(config, located),
    ...(config.consistency?.mode === "plain" ? [] : checkReplicaReads(located)),
  ]);
}

/** Several servers are a cluster or shards; which of them must be said. */
function checkServerCount(config: CacheConfig, { path, section }: Located<RedisConfig>): readonly Problem[] {
  const count = section.addresses?.length ?? 1;
  if (section.addresses !== undefined && count === 0) {
    return [refuse(`${path}.addresses`, `${path}.addresses is empty. Give at least one, or leave it out.`)];
  }
  if (count <= 1 || section.cluster?.enabled === true || config.sharding?.enabled === true) return [];
  const message = `${path}.addresses has ${count} servers. Set ${path}.cluster.enabled when they are a Redis Cluster, sharding.enabled to spread keys over independent servers, or name one.`;
  return [refuse(`${path}.addresses`, message)];
}

/** A replica may answer with what was there before the caller's own write. */
function checkReplicaReads({ path, section: { cluster } }: Located<RedisConfig>): readonly Problem[] {
  return REPLICA_READS.filter((name) => cluster?.enabled === true && cluster[name] === true).map((name) =>
    refuse(
      `${path}.cluster.${name}`,
      `${path}.cluster.${name} reads from replicas, which may be behind their primary, so an invalidation would not always win. Remove it, or set consistency.mode to "plain".`,
    ),
  );
}
