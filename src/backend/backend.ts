import type { NamespacePath } from "../entry/namespace-path.ts";
import type { BackendReport } from "./backend-report.ts";
import type { BackendCapabilities } from "./capabilities.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "./commit.ts";
import type { ConnectionCounts } from "./connection-counts.ts";
import type { CounterRequest, CounterResult } from "./counter.ts";
import type { LeaseOutcome, LeaseRequest } from "./lease.ts";
import type { LoadTier } from "./load-tier.ts";
import type { SharedTier } from "./shared-tier.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "./stored-entry.ts";

/** A result now, or a promise of one. In-process stores answer at once; callers await only what is a promise. */
export type MaybePromise<T> = T | Promise<T>;

/** What comes with every call to a store. */
export interface OperationContext {
  /** Aborted when the caller gave up or the deadline passed. A store should stop work that nobody waits for. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether `signal` is aborted, without making one: asking for the signal of a call costs something, so a store that only wants to know
   * whether anybody still waits, before it sends, looks here. Default: not known, look at the signal.
   */
  readonly isAbandoned?: boolean | undefined;
  /**
   * Reads only: the caller looks at the value and at nothing else of the entry, so a store for which the rest costs more may leave it
   * out (`expiresAt: Infinity`, no tags). Default: false.
   */
  readonly isValueEnough?: boolean | undefined;
  /**
   * `scan` only: for somebody who ends what he is told. Keys are listed too that hold no live entry but data that stands in, or, with a load tier, the token of a load; what is
   * dead for good may be among them. Default: false.
   */
  readonly isStaleListed?: boolean | undefined;
}

/** What a store knows about its contents, without asking a server. */
export interface BackendUsage {
  /** Live keys, or `undefined` when only the server knows. */
  readonly keyCount: number | undefined;
  /** Bytes in use, or `undefined` when only the server knows. */
  readonly memoryUsageBytes: number | undefined;
  /** Entries removed to make room, since the start. */
  readonly evictions: number;
}

/**
 * The contract every store meets. Keys arrive as `stored keys`: opaque,
 * non-empty, up to 64 KiB plus the namespace.
 *
 * Rules, each with cases in `gocachex/testing`:
 * - A miss is `undefined`. `null`, `0`, `""` and `false` are values.
 * - An entry whose TTL is over, or one of whose tags was invalidated after it was written, is a miss.
 * - Every accepted write of a key has a larger version than all earlier ones of that key, also after a delete.
 * - What capabilities promise is atomic, also between processes that share the store.
 * - A call settles: it answers, or fails with a `BackendError`. A store with a network owns its deadlines; the cache adds its own.
 * - Nothing starts before {@link Backend.connect}; {@link Backend.close} frees every socket and timer.
 */
export interface Backend {
  /** Short name for messages, metrics and `getEntry().tier`, for example `"memory"`. */
  readonly name: string;
  /** What this store can do. Constant for the life of the instance. */
  readonly capabilities: BackendCapabilities;
  /** Names this incarnation of the data: it changes when the store may have lost what it held. Part of write receipts. */
  readonly epoch: string;

  /** Opens what must be opened. Called once, before the first operation. Rejects with `BackendUnavailableError`. */
  connect?(context: OperationContext): MaybePromise<void>;
  /** Frees everything. Called once; nothing is called afterwards. Operations still running reject. */
  close(): MaybePromise<void>;
  /** Asks the store something; rejects when it is not well. */
  ping?(context: OperationContext): MaybePromise<void>;

  /** The live entry of a key, or `undefined`. */
  get(key: string, context: OperationContext): MaybePromise<StoredEntry | undefined>;
  /** The live entries of many keys, in their order. One round trip per server. */
  getMulti(keys: readonly string[], context: OperationContext): MaybePromise<ReadonlyArray<StoredEntry | undefined>>;
  /** Writes one entry, under its condition if it has one. */
  set(key: string, write: EntryWrite, context: OperationContext): MaybePromise<WriteResult>;
  /** Writes many entries without conditions, results in their order. One round trip per server; not atomic as a whole. */
  setMulti(
    items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
    context: OperationContext,
  ): MaybePromise<readonly WriteResult[]>;
  /** Removes a key. @returns whether a live entry was there */
  delete(key: string, context: OperationContext): MaybePromise<boolean>;
  /** Removes many keys. @returns how many live entries were there */
  deleteMulti(keys: readonly string[], context: OperationContext): MaybePromise<number>;
  /** Gives a live entry a new TTL (ms, `Infinity`, or 0 to end it). @returns whether a live entry was there */
  expire(key: string, ttlMs: number, context: OperationContext): MaybePromise<boolean>;

  /**
   * Capability `stale`: as `getMulti`, and besides data whose TTL is over and that is kept to stand in: then `expiresAt` is in the past. No use for the eviction
   * policy, and no renewal of a sliding TTL.
   */
  getStale?(keys: readonly string[], context: OperationContext): MaybePromise<ReadonlyArray<StoredEntry | undefined>>;

  /** Capability `counters`: adds to an integer, atomically. Keeps the entry's TTL and tags. */
  increment?(key: string, request: CounterRequest, context: OperationContext): MaybePromise<CounterResult>;
  /** Capability `transactions`: checks all, then applies all or nothing. */
  commit?(
    checks: readonly KeyCheck[],
    writes: readonly KeyWrite[],
    context: OperationContext,
  ): MaybePromise<CommitResult>;
  /** Capability `transactions: "co-located"`: whether one `commit` can touch all of these keys. No I/O. */
  areColocated?(keys: readonly string[]): boolean;
  /** Capability `leases`: takes, keeps or gives back a lease. Leases live apart from entries and are never evicted. */
  lease?(request: LeaseRequest, context: OperationContext): MaybePromise<LeaseOutcome>;
  /** Capability `tags`: makes every entry that carries one of the tags a miss. O(number of tags). */
  invalidateTags?(tags: readonly string[], context: OperationContext): MaybePromise<void>;
  /** Capability `tags`: a version larger than all given out so far; see `EntryWrite.tagsUnchangedSince`. */
  stamp?(context: OperationContext): MaybePromise<number>;
  /** Capability `scan`: the stored keys that begin with `prefix`, in slices. Tolerates changes; a key there throughout is listed once. */
  scan?(prefix: string, context: OperationContext): AsyncIterable<readonly string[]>;
  /** Capability `clear`: ends every entry of a namespace and those inside it (`""`: all). O(1) in the number of keys. */
  clear?(namespace: NamespacePath, context: OperationContext): MaybePromise<void>;

  /** Capability `local`: the live value of a key, synchronously, as `get` would find it. */
  peek?(key: string): unknown;
  /**
   * Capability `local`: a copy of a value as `get` would hand it out, for results that several callers share; absent when values
   * are handed out as they are. Throws what `set` throws for a value that cannot be copied.
   */
  isolate?(value: unknown): unknown;
  /** What is known about a namespace and those inside it (`""`: all), without I/O. */
  usage?(namespace: NamespacePath): BackendUsage;
  /** Stores that processes share: loads of which one of many processes does each, and whose results lose against everything newer. */
  readonly loadTier?: LoadTier | undefined;
  /** Stores that processes share and that keep versions: what caches in front of them need. */
  readonly sharedTier?: SharedTier | undefined;

  /** Connections of a store with a network now; without I/O. */
  connections?(): ConnectionCounts;
  /**
   * Asks every server of the store how it is. A server that is down is in the report, and so, once the signal is aborted, is one that has not answered
   * by then. Rejects at most when aborted; then nothing is known of any server.
   */
  report?(context: OperationContext): Promise<BackendReport>;
  /** Local stores with bounds: sets other ones at once; one that is left out stays, `Infinity` is none. Throws for what the store cannot keep. */
  resize?(bounds: { readonly maxKeys?: number; readonly maxSizeBytes?: number }): void;
}
