import type { CacheConfig } from "./cache-config.ts";
import { parseWeightedServers, type WeightedServer } from "./resolve-memcached.ts";
import { SHARDING_FIELDS, type ShardingAlgorithm } from "./sections/sharding-config.ts";

/** `sharding` with defaults filled in; only when it is on. */
export interface ResolvedShardingConfig {
  readonly algorithm: ShardingAlgorithm;
  /** Points of a server on the ring; `undefined`: enough for even shares. */
  readonly replicas: number | undefined;
  /** Parts of `hash` and `range`; `undefined`: the number of servers. */
  readonly shards: number | undefined;
  /** `undefined`: those of the store's own section. */
  readonly nodes: readonly WeightedServer[] | undefined;
  readonly failover: "error" | "next";
}

/** The settings of a sharding section whose values and combinations are allowed; `undefined` when it is off. */
export function resolveSharding({ sharding }: CacheConfig): ResolvedShardingConfig | undefined {
  if (sharding?.enabled !== true) return undefined;
  return Object.freeze({
    algorithm: sharding.algorithm ?? (SHARDING_FIELDS.algorithm.default as ShardingAlgorithm),
    replicas: sharding.replicas,
    shards: sharding.shards,
    nodes: sharding.nodes === undefined ? undefined : parseWeightedServers(sharding.nodes),
    failover: sharding.failover ?? (SHARDING_FIELDS.failover.default as "error" | "next"),
  });
}
