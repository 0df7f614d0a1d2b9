import { startClusterRig } from "./cluster-rig.ts";
import type { RigKind } from "./matrix-fault.ts";
import { startMemcachedRig } from "./memcached-rig.ts";
import { startRedisRig } from "./redis-rig.ts";
import { startSentinelRig } from "./sentinel-rig.ts";
import { startShardedRig } from "./sharded-rig.ts";
import type { StoreName, StoreRig } from "./store-rig.ts";

/** A store of the matrix. */
export interface MatrixStore {
  readonly name: StoreName;
  /** For the page. */
  readonly title: string;
  start(kind: RigKind): Promise<StoreRig>;
  /** Whether servers of all kinds are started at once, because each setup waits for itself: a cluster for two seconds. Default: each when its turn comes. */
  readonly startsAhead?: boolean | undefined;
  /** Why a fault means nothing for it, by the kind of servers that it would need. */
  readonly notApplicable: Partial<Record<RigKind, string>>;
}

const ONE_SERVER = "there is one server";
const NO_SLOTS = "there are no slots";

/** All stores, in the order of the page. */
export const MATRIX_STORES: readonly MatrixStore[] = [
  {
    name: "redis",
    title: "Redis, one server",
    start: startRedisRig,
    notApplicable: { failover: ONE_SERVER, migration: ONE_SERVER },
  },
  {
    name: "redis-cluster",
    title: "Redis Cluster, three primaries; but for failover and migration the fault concerns the primary of the keys",
    start: startClusterRig,
    startsAhead: true,
    notApplicable: {},
  },
  {
    name: "redis-sentinel",
    title: "Redis Sentinel, a primary (with a replica for the failover)",
    start: startSentinelRig,
    startsAhead: true,
    notApplicable: { migration: NO_SLOTS },
  },
  {
    name: "redis-sharded",
    title: "Redis, three servers by sharding; the fault concerns the server of the keys",
    start: startShardedRig,
    notApplicable: { migration: NO_SLOTS },
  },
  {
    name: "memcached",
    title: "Memcached, one server",
    start: startMemcachedRig,
    notApplicable: { failover: ONE_SERVER, migration: ONE_SERVER },
  },
];
