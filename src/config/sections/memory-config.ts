import type { ByteSize } from "../../foundation/byte-size.ts";
import type { Duration } from "../../foundation/duration.ts";
import type { FieldTable } from "../field.ts";
import { INTERVAL, TTL } from "../field-limits.ts";

/** What `evictionPolicy` may be called. */
export type EvictionPolicyName = "w-tinylfu" | "s3-fifo" | "sieve" | "lru" | "lfu" | "fifo" | "random";

/** Settings of the memory of this process. */
export interface MemoryConfig {
  /**
   * How much memory the entries may take, as estimated from keys and values. When it is full, the eviction policy
   * chooses who leaves. Default: `"100MB"`. Range: a size from "1 KB" to "8192 TB", or false or Infinity for "no
   * limit".
   */
  readonly maxSize?: ByteSize | false | undefined;
  /**
   * How many keys may be stored at the same time. Holds together with `maxSize`: whichever is reached first evicts.
   * Without a limit the platform's own holds, 8388608 keys: a JavaScript Map may fail above. Default: no limit. Range: a
   * whole number from 1 to 8388608, or false or Infinity for "no limit".
   */
  readonly maxKeys?: number | false | undefined;
  /**
   * Who leaves when the cache is full. `w-tinylfu` has the best hit ratio on most loads; `lru`, `lfu` and `random` are
   * those of existing files. Default: `"w-tinylfu"`. Range: "w-tinylfu", "s3-fifo", "sieve", "lru", "lfu", "fifo" or
   * "random".
   */
  readonly evictionPolicy?: EvictionPolicyName | undefined;
  /**
   * Time to live of entries in memory that are written without one. A call's own `ttl`, the namespace's and the cache's
   * `defaultTtl` win over it. Default: never. Range: a duration from "1ms" to "36525d", or false or Infinity for
   * "never".
   */
  readonly defaultTtl?: Duration | false | undefined;
  /**
   * How often the memory of expired entries is given back. An expired entry is a miss at once, whatever the interval.
   * Default: `"1m"`. Range: a duration from "10ms" to "1d".
   */
  readonly cleanupInterval?: Duration | undefined;
  /**
   * How stored values are kept apart from the caller's objects. `false` keeps references, which is fastest: nobody may
   * change a value that was stored or read. `true` copies on the way in and on the way out. `"freeze"` freezes deeply on
   * the way in, so that reads stay cheap and a change throws. Default: `false`. Range: true, false or "freeze".
   */
  readonly copy?: boolean | "freeze" | undefined;
}

/** Rows of the section `memory`. */
export const MEMORY_FIELDS: FieldTable<MemoryConfig> = {
  maxSize: {
    kind: "size",
    doc: "How much memory the entries may take, as estimated from keys and values. When it is full, the eviction policy chooses who leaves.",
    default: "100MB",
    minBytes: 1_024,
    maxBytes: Number.MAX_SAFE_INTEGER,
    unlimited: true,
    support: "built",
  },
  maxKeys: {
    kind: "integer",
    doc: "How many keys may be stored at the same time. Holds together with `maxSize`: whichever is reached first evicts. Without a limit the platform's own holds, 8388608 keys: a JavaScript Map may fail above.",
    default: false,
    min: 1,
    max: 2 ** 23,
    unlimited: true,
    support: "built",
  },
  evictionPolicy: {
    kind: "enum",
    doc: "Who leaves when the cache is full. `w-tinylfu` has the best hit ratio on most loads; `lru`, `lfu` and `random` are those of existing files.",
    default: "w-tinylfu",
    values: ["w-tinylfu", "s3-fifo", "sieve", "lru", "lfu", "fifo", "random"],
    support: "built",
  },
  defaultTtl: {
    ...TTL,
    doc: "Time to live of entries in memory that are written without one. A call's own `ttl`, the namespace's and the cache's `defaultTtl` win over it.",
    default: false,
    never: true,
    support: "built",
  },
  cleanupInterval: {
    ...INTERVAL,
    doc: "How often the memory of expired entries is given back. An expired entry is a miss at once, whatever the interval.",
    default: "1m",
    support: "built",
  },
  copy: {
    kind: "boolean",
    word: "freeze",
    doc: 'How stored values are kept apart from the caller\'s objects. `false` keeps references, which is fastest: nobody may change a value that was stored or read. `true` copies on the way in and on the way out. `"freeze"` freezes deeply on the way in, so that reads stay cheap and a change throws.',
    default: false,
    support: "built",
  },
};
