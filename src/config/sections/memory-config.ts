import type { SharedSlabHandle } from "../../backend/shared-slab-handle.ts";
import type { ByteSize } from "../../foundation/byte-size.ts";
import type { Duration } from "../../foundation/duration.ts";
import type { FieldTable } from "../field.ts";
import { INTERVAL, TTL } from "../field-limits.ts";

/** What `evictionPolicy` may be called. */
export type EvictionPolicyName = "w-lirs" | "w-tinylfu" | "s3-fifo" | "sieve" | "lru" | "lfu" | "fifo" | "random";

/** Where entries are kept. */
export type MemoryStorage = "heap" | "shared";

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
   * Without a limit that of the store's own tables holds, 16777214 keys. Default: no limit. Range: a whole number from 1 to
   * 16777214, or false or Infinity for "no limit".
   */
  readonly maxKeys?: number | false | undefined;
  /**
   * Who leaves when the cache is full. `w-lirs` has the best hit ratio over all loads that were measured; `w-tinylfu` is that of Caffeine;
   * `lru`, `lfu` and `random` are those of existing files. Default: `"w-lirs"`. Range: "w-lirs", "w-tinylfu", "s3-fifo",
   * "sieve", "lru", "lfu", "fifo" or "random".
   */
  readonly evictionPolicy?: EvictionPolicyName | undefined;
  /**
   * Time to live of entries in memory that are written without one. A call's own `ttl`, the namespace's and the cache's
   * `defaultTtl` win over it. Default: never. Range: a duration from "1ms" to "36525d", or false or Infinity for
   * "never".
   */
  readonly defaultTtl?: Duration | false | undefined;
  /**
   * How long an expired entry that nobody asks for may stay in memory. The store removes such entries in batches at most 100 ms apart, so
   * a longer time only promises less. An expired entry is a miss at once, whatever this says. Default: `"1m"`. Range: a
   * duration from "10ms" to "1d".
   */
  readonly cleanupInterval?: Duration | undefined;
  /**
   * How stored values are kept apart from the caller's objects. `false` keeps references, which is fastest: nobody may
   * change a value that was stored or read. `true` copies on the way in and on the way out. `"freeze"` freezes deeply on
   * the way in, so that reads stay cheap and a change throws. Default: `false`. Range: true, false or "freeze".
   */
  readonly copy?: boolean | "freeze" | undefined;
  /**
   * What an entry counts against `maxSize`: a function of its value and key that returns bytes, zero or more, or any other unit that
   * `maxSize` is given in. It replaces the estimate whole: nothing is added for the key or the store's own records. It runs on every
   * write, must answer at once, and the same for the same value. Default: the estimate. Range: a function (from code
   * only).
   */
  readonly weigher?: ((value: unknown, key: string) => number) | undefined;
  /**
   * Where entries are kept. `"heap"`: as JavaScript values in this thread, which is fastest. `"shared"`: as bytes in one block of `maxSize`
   * outside of the garbage collector's heap, which other threads can share; values are copied in and out, entries have a
   * policy of their own (as S3-FIFO), and transactions, locks, sliding TTLs, `opId`, `dump`, `load` and `resize` are not available.
   * Default: `"heap"`. Range: "heap" or "shared".
   */
  readonly storage?: MemoryStorage | undefined;
  /**
   * The memory that threads share: what `createSharedMemory` made, handed to each thread by `workerData` or `postMessage`. Its bounds were
   * set then. Needs `storage: "shared"`. Default: a block of its own, that only this cache uses. Range: an object from
   * createSharedMemory (from code only).
   */
  readonly shared?: SharedSlabHandle | undefined;
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
  },
  maxKeys: {
    kind: "integer",
    doc: "How many keys may be stored at the same time. Holds together with `maxSize`: whichever is reached first evicts. Without a limit that of the store's own tables holds, 16777214 keys.",
    default: false,
    min: 1,
    max: 2 ** 24 - 2,
    unlimited: true,
  },
  evictionPolicy: {
    kind: "enum",
    doc: "Who leaves when the cache is full. `w-lirs` has the best hit ratio over all loads that were measured; `w-tinylfu` is that of Caffeine; `lru`, `lfu` and `random` are those of existing files.",
    default: "w-lirs",
    values: ["w-lirs", "w-tinylfu", "s3-fifo", "sieve", "lru", "lfu", "fifo", "random"],
  },
  defaultTtl: {
    ...TTL,
    doc: "Time to live of entries in memory that are written without one. A call's own `ttl`, the namespace's and the cache's `defaultTtl` win over it.",
    default: false,
    never: true,
  },
  cleanupInterval: {
    ...INTERVAL,
    doc: "How long an expired entry that nobody asks for may stay in memory. The store removes such entries in batches at most 100 ms apart, so a longer time only promises less. An expired entry is a miss at once, whatever this says.",
    default: "1m",
  },
  copy: {
    kind: "boolean",
    word: "freeze",
    doc: 'How stored values are kept apart from the caller\'s objects. `false` keeps references, which is fastest: nobody may change a value that was stored or read. `true` copies on the way in and on the way out. `"freeze"` freezes deeply on the way in, so that reads stay cheap and a change throws.',
    default: false,
  },
  weigher: {
    kind: "instance",
    doc: "What an entry counts against `maxSize`: a function of its value and key that returns bytes, zero or more, or any other unit that `maxSize` is given in. It replaces the estimate whole: nothing is added for the key or the store's own records. It runs on every write, must answer at once, and the same for the same value.",
    defaultDoc: "the estimate",
    instance: { doc: "a function", methods: [], isFunction: true },
  },
  storage: {
    kind: "enum",
    doc: 'Where entries are kept. `"heap"`: as JavaScript values in this thread, which is fastest. `"shared"`: as bytes in one block of `maxSize` outside of the garbage collector\'s heap, which other threads can share; values are copied in and out, entries have a policy of their own (as S3-FIFO), and transactions, locks, sliding TTLs, `opId`, `dump`, `load` and `resize` are not available.',
    default: "heap",
    values: ["heap", "shared"],
  },
  shared: {
    kind: "instance",
    doc: 'The memory that threads share: what `createSharedMemory` made, handed to each thread by `workerData` or `postMessage`. Its bounds were set then. Needs `storage: "shared"`.',
    defaultDoc: "a block of its own, that only this cache uses",
    instance: { doc: "an object from createSharedMemory", methods: [] },
  },
};
