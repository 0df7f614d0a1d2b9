import type { ByteSize } from "../../foundation/byte-size.ts";
import type { Duration } from "../../foundation/duration.ts";
import type { BackendName } from "../backend-name.ts";
import type { FieldTable } from "../field.ts";
import { TTL } from "../field-limits.ts";
import { PLUGIN_NAME } from "../text-pattern.ts";
import { MEMCACHED_FIELDS, type MemcachedConfig } from "./memcached-config.ts";
import { MEMORY_FIELDS, type MemoryConfig } from "./memory-config.ts";
import { REDIS_FIELDS, type RedisConfig } from "./redis-config.ts";

/** One tier of the cache. */
export interface TierConfig {
  /**
   * The tier's store. Required in this section. Range: "memory", "redis", "memcached" or the name of a registered
   * plug-in. Not available yet.
   */
  readonly backend?: BackendName | (string & {}) | undefined;
  /**
   * Short for the tier's `memory.maxSize`; for a memory tier only. Excludes it. Default: that of `memory.maxSize`.
   * Range: a size from "1 KB" to "8192 TB". Not available yet.
   */
  readonly size?: ByteSize | undefined;
  /**
   * Longest time that an entry stays in this tier; an entry's own `ttl` may end it earlier. Default: never. Range: a
   * duration from "1ms" to "36525d", or false or Infinity for "never". Not available yet.
   */
  readonly ttl?: Duration | false | undefined;
  /** Settings of a memory tier. Default: the cache's own section `memory`. Not available yet. */
  readonly memory?: MemoryConfig | undefined;
  /** Settings of a Redis tier. Default: the cache's own section `redis`. Not available yet. */
  readonly redis?: RedisConfig | undefined;
  /** Settings of a Memcached tier. Default: the cache's own section `memcached`. Not available yet. */
  readonly memcached?: MemcachedConfig | undefined;
}

/** Rows of the sections `l1` and `l2` and of every item of `tiers`. */
export const TIER_FIELDS: FieldTable<TierConfig> = {
  backend: {
    kind: "enum",
    doc: "The tier's store. Required in this section.",
    values: ["memory", "redis", "memcached"],
    other: PLUGIN_NAME,
    support: "planned",
  },
  size: {
    kind: "size",
    doc: "Short for the tier's `memory.maxSize`; for a memory tier only. Excludes it.",
    defaultDoc: "that of `memory.maxSize`",
    minBytes: 1_024,
    maxBytes: Number.MAX_SAFE_INTEGER,
    support: "planned",
  },
  ttl: {
    ...TTL,
    doc: "Longest time that an entry stays in this tier; an entry's own `ttl` may end it earlier.",
    default: false,
    never: true,
    support: "planned",
  },
  memory: {
    kind: "section",
    doc: "Settings of a memory tier.",
    defaultDoc: "the cache's own section `memory`",
    fields: MEMORY_FIELDS,
    support: "planned",
  },
  redis: {
    kind: "section",
    doc: "Settings of a Redis tier.",
    defaultDoc: "the cache's own section `redis`",
    fields: REDIS_FIELDS,
    support: "planned",
  },
  memcached: {
    kind: "section",
    doc: "Settings of a Memcached tier.",
    defaultDoc: "the cache's own section `memcached`",
    fields: MEMCACHED_FIELDS,
    support: "planned",
  },
};
