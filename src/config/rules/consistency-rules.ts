import type { CacheConfig } from "../cache-config.ts";
import { isBuiltInBackend } from "../plugin-names.ts";
import type { Problem } from "../problem.ts";
import type { RedisConfig } from "../sections/redis-config.ts";
import { listRedisSections } from "./active-sections.ts";
import { type Located, refuse } from "./rule.ts";

/** Cluster settings that send reads to replicas, which may be behind. */
const REPLICA_READS = ["readOnly", "routeByLatency", "routeRandomly"] as const;

/** Which stores have a mode to choose. */
export function checkConsistency(config: CacheConfig): readonly Problem[] {
  const { consistency, backend = "memory", hierarchical, tiers } = config;
  if (consistency?.mode !== "plain" || hierarchical === true || (tiers ?? []).length > 0) return [];
  if (isBuiltInBackend(backend) && backend !== "memory") return [];
  const message =
    'consistency.mode "plain" says how Redis and Memcached keep entries; this store has no other mode. Remove it.';
  return [refuse("consistency.mode", message)];
}

/**
 * What the store that is made cannot honour. Not asked of a file that is read: files of the Go library may hold it, and load.
 */
export function findUnkept(config: CacheConfig): readonly Problem[] {
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
