import type { FieldTable } from "../field.ts";

/** Settings of a Redis Cluster. */
export interface RedisClusterConfig {
  /**
   * Whether the servers form a Redis Cluster. Excludes `redis.sentinel`, a `redis.db` other than 0, and `sharding`.
   * Default: `false`.
   */
  readonly enabled?: boolean | undefined;
  /**
   * How often a command follows a key that moved to another node. Default: `3`. Range: a whole number from 0 to 64.
   */
  readonly maxRedirects?: number | undefined;
  /**
   * Whether reads may go to replicas, which may be a little behind their primary. Default: `false`.
   */
  readonly readOnly?: boolean | undefined;
  /**
   * Whether reads go to the node that answers fastest; this reads from replicas as well. Excludes `routeRandomly`.
   * Default: `false`.
   */
  readonly routeByLatency?: boolean | undefined;
  /**
   * Whether reads go to a node at random; this reads from replicas as well. Excludes `routeByLatency`. Default:
   * `false`.
   */
  readonly routeRandomly?: boolean | undefined;
}

/** Rows of the section `redis.cluster`. */
export const REDIS_CLUSTER_FIELDS: FieldTable<RedisClusterConfig> = {
  enabled: {
    kind: "boolean",
    doc: "Whether the servers form a Redis Cluster. Excludes `redis.sentinel`, a `redis.db` other than 0, and `sharding`.",
    default: false,
  },
  maxRedirects: {
    kind: "integer",
    doc: "How often a command follows a key that moved to another node.",
    default: 3,
    min: 0,
    max: 64,
    goMinusOne: 0,
  },
  readOnly: {
    kind: "boolean",
    doc: "Whether reads may go to replicas, which may be a little behind their primary.",
    default: false,
  },
  routeByLatency: {
    kind: "boolean",
    doc: "Whether reads go to the node that answers fastest; this reads from replicas as well. Excludes `routeRandomly`.",
    default: false,
  },
  routeRandomly: {
    kind: "boolean",
    doc: "Whether reads go to a node at random; this reads from replicas as well. Excludes `routeByLatency`.",
    default: false,
  },
};
