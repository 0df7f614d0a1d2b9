import type { ByteSize } from "../../foundation/byte-size.ts";
import type { Duration } from "../../foundation/duration.ts";
import type { BackendName } from "../backend-name.ts";
import type { FieldTable } from "../field.ts";
import { TTL } from "../field-limits.ts";
import { PLUGIN_NAME } from "../text-pattern.ts";
import { MEMCACHED_FIELDS, type MemcachedConfig } from "./memcached-config.ts";
import { MEMORY_FIELDS, type MemoryConfig } from "./memory-config.ts";
import { REDIS_FIELDS, type RedisConfig } from "./redis-config.ts";
import { TIER_CODEC_FIELDS, type TierCodecConfig } from "./tier-codec-config.ts";

/** What `write` may be called. */
export type TierWrite = "through" | "around" | "behind";

/** One tier of the cache. */
export interface TierConfig {
  /**
   * The tier's store. Required in this section. The first of several is in memory, the last is one that processes share,
   * those between them keep copies. Range: "memory", "redis", "memcached" or the name of a registered plug-in.
   */
  readonly backend?: BackendName | (string & {}) | undefined;
  /**
   * Short for the tier's `memory.maxSize`; for a memory tier only. Excludes it. Default: that of `memory.maxSize`.
   * Range: a size from "1 KB" to "8192 TB".
   */
  readonly size?: ByteSize | undefined;
  /**
   * Longest time that an entry stays in this tier; an entry's own `ttl` may end it earlier. Default: never, in the memory
   * before other tiers that of `memory.defaultTtl`, and between the first and the last 1h. Range: a duration from "1ms"
   * to "36525d", or false or Infinity for "never".
   */
  readonly ttl?: Duration | false | undefined;
  /**
   * How what is written reaches this tier. `through`: before the call is over, and between the first and the last soon
   * after. `around`, for all but the last of several: not at all, the next read brings it. `behind`, for the last of
   * several: soon after, in the background. Default: `"through"`. Range: "through", "around" or "behind".
   */
  readonly write?: TierWrite | undefined;
  /**
   * Most keys whose writes wait, with `write: "behind"`; beyond them calls wait. Needs that. Default: `10000`. Range: a
   * whole number from 1 to 1000000.
   */
  readonly maxPendingWrites?: number | undefined;
  /**
   * How much the keys and values of writes that wait may take, with `write: "behind"`: values as the last tier gets them, each counted twice where it is also kept to be read. Beyond it
   * calls wait. Needs that. Default: `"64MB"`. Range: a size from "1 KB" to "8192 TB", or false or Infinity for "no limit".
   */
  readonly maxPendingSize?: ByteSize | false | undefined;
  /**
   * How long a read waits for this tier before it goes on to the next; for tiers between the first and the last only.
   * Default: `"50ms"`. Range: a duration from "1ms" to "10s".
   */
  readonly timeout?: Duration | undefined;
  /** How values become bytes in this tier. Needs one that keeps bytes. Default: as in the cache. */
  readonly codec?: TierCodecConfig | undefined;
  /** Settings of a memory tier. Default: the cache's own section `memory`. */
  readonly memory?: MemoryConfig | undefined;
  /** Settings of a Redis tier. Default: the cache's own section `redis`. */
  readonly redis?: RedisConfig | undefined;
  /** Settings of a Memcached tier. Default: the cache's own section `memcached`. */
  readonly memcached?: MemcachedConfig | undefined;
}

/** Rows of the sections `l1` and `l2` and of every item of `tiers`. */
export const TIER_FIELDS: FieldTable<TierConfig> = {
  backend: {
    kind: "enum",
    doc: "The tier's store. Required in this section. The first of several is in memory, the last is one that processes share, those between them keep copies.",
    values: ["memory", "redis", "memcached"],
    other: PLUGIN_NAME,
  },
  size: {
    kind: "size",
    doc: "Short for the tier's `memory.maxSize`; for a memory tier only. Excludes it.",
    defaultDoc: "that of `memory.maxSize`",
    minBytes: 1_024,
    maxBytes: Number.MAX_SAFE_INTEGER,
  },
  ttl: {
    ...TTL,
    doc: "Longest time that an entry stays in this tier; an entry's own `ttl` may end it earlier.",
    defaultDoc:
      "never, in the memory before other tiers that of `memory.defaultTtl`, and between the first and the last 1h",
    never: true,
  },
  write: {
    kind: "enum",
    doc: "How what is written reaches this tier. `through`: before the call is over, and between the first and the last soon after. `around`, for all but the last of several: not at all, the next read brings it. `behind`, for the last of several: soon after, in the background.",
    default: "through",
    values: ["through", "around", "behind"],
  },
  maxPendingWrites: {
    kind: "integer",
    doc: 'Most keys whose writes wait, with `write: "behind"`; beyond them calls wait. Needs that.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  },
  maxPendingSize: {
    kind: "size",
    doc: 'How much the keys and values of writes that wait may take, with `write: "behind"`: values as the last tier gets them, each counted twice where it is also kept to be read. Beyond it calls wait. Needs that.',
    default: "64MB",
    minBytes: 1_024,
    maxBytes: Number.MAX_SAFE_INTEGER,
    unlimited: true,
  },
  timeout: {
    kind: "duration",
    doc: "How long a read waits for this tier before it goes on to the next; for tiers between the first and the last only.",
    default: "50ms",
    minMs: 1,
    maxMs: 10_000,
  },
  codec: {
    kind: "section",
    doc: "How values become bytes in this tier. Needs one that keeps bytes.",
    defaultDoc: "as in the cache",
    fields: TIER_CODEC_FIELDS,
  },
  memory: {
    kind: "section",
    doc: "Settings of a memory tier.",
    defaultDoc: "the cache's own section `memory`",
    fields: MEMORY_FIELDS,
  },
  redis: {
    kind: "section",
    doc: "Settings of a Redis tier.",
    defaultDoc: "the cache's own section `redis`",
    fields: REDIS_FIELDS,
  },
  memcached: {
    kind: "section",
    doc: "Settings of a Memcached tier.",
    defaultDoc: "the cache's own section `memcached`",
    fields: MEMCACHED_FIELDS,
  },
};
