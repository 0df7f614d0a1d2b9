import type { FieldTable } from "../field.ts";
import { WEIGHTED_ADDRESS } from "../text-pattern.ts";

/** What `algorithm` may be called. */
export type ShardingAlgorithm = "consistent" | "rendezvous" | "jump" | "hash" | "range";

/** How keys are spread over independent servers. */
export interface ShardingConfig {
  /**
   * Whether keys are spread over several independent Redis or Memcached servers. Excludes `redis.cluster`, which
   * spreads keys itself. Default: `false`.
   */
  readonly enabled?: boolean | undefined;
  /**
   * How a key finds its server. `consistent` and `rendezvous` move the fewest keys when servers change; `jump` needs
   * servers that are only added or removed at the end; `hash` moves nearly all keys; `range` splits by the key's order.
   * Default: `"consistent"`. Range: "consistent", "rendezvous", "jump", "hash" or "range".
   */
  readonly algorithm?: ShardingAlgorithm | undefined;
  /**
   * Points that each server has on the ring of `consistent`: more points, more even shares. Has no effect with another
   * `algorithm`. Default: enough for shares within 5 % of each other. Range: a whole number from 1 to 65536.
   */
  readonly replicas?: number | undefined;
  /**
   * How many parts `hash` and `range` split keys into. Not less than the number of servers. Has no effect with another
   * `algorithm`. Default: the number of servers. Range: a whole number from 1 to 65536.
   */
  readonly shards?: number | undefined;
  /**
   * Addresses of the servers to spread over, with weights if you like for `consistent` and `rendezvous`. Default: those
   * of `redis.addresses` or `memcached.servers`. Range: a list of texts, each an address such as "localhost:11211",
   * with a weight from 1 to 9999 if you like: "localhost:11211 2".
   */
  readonly nodes?: readonly string[] | undefined;
  /**
   * What becomes of the keys of a dead server: `error` fails at once, `next` uses the next server meanwhile. Default:
   * `"error"`. Range: "error" or "next".
   */
  readonly failover?: "error" | "next" | undefined;
}

/** Rows of the section `sharding`. */
export const SHARDING_FIELDS: FieldTable<ShardingConfig> = {
  enabled: {
    kind: "boolean",
    doc: "Whether keys are spread over several independent Redis or Memcached servers. Excludes `redis.cluster`, which spreads keys itself.",
    default: false,
  },
  algorithm: {
    kind: "enum",
    doc: "How a key finds its server. `consistent` and `rendezvous` move the fewest keys when servers change; `jump` needs servers that are only added or removed at the end; `hash` moves nearly all keys; `range` splits by the key's order.",
    default: "consistent",
    values: ["consistent", "rendezvous", "jump", "hash", "range"],
  },
  replicas: {
    kind: "integer",
    doc: "Points that each server has on the ring of `consistent`: more points, more even shares. Has no effect with another `algorithm`.",
    defaultDoc: "enough for shares within 5 % of each other",
    min: 1,
    max: 65_536,
  },
  shards: {
    kind: "integer",
    doc: "How many parts `hash` and `range` split keys into. Not less than the number of servers. Has no effect with another `algorithm`.",
    defaultDoc: "the number of servers",
    min: 1,
    max: 65_536,
  },
  nodes: {
    kind: "text-list",
    doc: "Addresses of the servers to spread over, with weights if you like for `consistent` and `rendezvous`.",
    defaultDoc: "those of `redis.addresses` or `memcached.servers`",
    maxLength: 1_000,
    pattern: WEIGHTED_ADDRESS,
  },
  failover: {
    kind: "enum",
    doc: "What becomes of the keys of a dead server: `error` fails at once, `next` uses the next server meanwhile.",
    default: "error",
    values: ["error", "next"],
  },
};
