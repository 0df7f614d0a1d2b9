import type { NamespacePath } from "../entry/namespace-path.ts";
import type { BackendReport } from "./backend-report.ts";
import type { BackendCapabilities } from "./capabilities.ts";
import type { CoherenceStatus } from "./coherence-status.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "./commit.ts";
import type { ConnectionCounts } from "./connection-counts.ts";
import type { CounterRequest, CounterResult } from "./counter.ts";
import type { LeaseOutcome, LeaseRequest } from "./lease.ts";
import type { LoadTier } from "./load-tier.ts";
import type { Revalidation } from "./revalidation.ts";
import type { SharedTier } from "./shared-tier.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "./stored-entry.ts";
import type { TierCopyCounts } from "./tier-copy-counts.ts";

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
   * Calls back once when somebody goes on without the answer, in that step: at the deadline, when the caller leaves, or, of what was loaded, when the load is given up while its value is
   * on its way to be stored. The call itself may go on. A store with copies serves none from then on that a change may have outdated. Default: absent, listen to `signal`.
   *
   * @returns a function that stops it
   */
  onUnanswered?(callback: () => void): () => void;
  /**
   * Monotonic instant at which the caller's deadline passes, in ms. A store that has to wait before it can send anything ends such a wait before that, by an error that says that nothing
   * was done: whoever asks can only say that nobody knows. Default: not known.
   */
  readonly untilMs?: number | undefined;
  /**
   * Reads only: the caller looks at the value and at nothing else of the entry, so a store for which the rest costs more may leave it
   * out (`expiresAt: Infinity`, no tags). Default: false.
   */
  readonly isValueEnough?: boolean | undefined;
  /**
   * Reads only: the answer may not be older than this committed version of the key. Only stores with copies need to look: the shared store itself is never older. Default: no bound but
   * the store's own.
   */
  readonly notBefore?: { readonly version: number; readonly epoch: string } | undefined;
  /**
   * `scan` only: for somebody who ends what he is told. Keys are listed too that hold no live entry but data that stands in, or, with a load tier, the token of a load; what is
   * dead for good may be among them. Default: false.
   */
  readonly isStaleListed?: boolean | undefined;
  /**
   * For somebody who needs what the shared store itself says: a version to compare, a change that others see when the call is over. What waits to be written to the key is written
   * before, and the call itself does not wait in a queue. Only stores that write behind need to look. Default: false.
   */
  readonly isCommitAwaited?: boolean | undefined;
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

/** What one of several tiers holds. */
export interface TierUsage extends Partial<BackendUsage> {
  /** The tier's name. */
  readonly name: string;
  /** Open connections to its servers; `undefined` for a tier without a network. */
  readonly connections: number | undefined;
  /** Of a tier between the nearest and the last: what became of its copies. */
  readonly copies?: TierCopyCounts | undefined;
}

/** Changes that callers were told are done, and that the store has not got yet. */
export interface PendingWrites {
  /** How many; those that are on their way count. */
  readonly count: number;
  /** For how long every attempt to write them has failed, in ms; 0 when the last one did not. */
  readonly failingForMs: number;
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
  /** Writes many entries without conditions, results in their order. One round trip per server; not atomic as a whole. Rejects only when none of them is under way: a later write must not be overtaken. */
  setMulti(
    items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
    context: OperationContext,
  ): MaybePromise<readonly WriteResult[]>;
  /** Removes a key. @returns whether a live entry was there */
  delete(key: string, context: OperationContext): MaybePromise<boolean>;
  /** Removes many keys; as `setMulti`. @returns how many live entries were there */
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
  /** Capability `tags`: a number that no invalidation so far is above, and every later one is; see `EntryWrite.tagsUnchangedSince`. */
  stamp?(context: OperationContext): MaybePromise<number>;
  /** Capability `scan`: the stored keys that begin with `prefix`, in slices. Tolerates changes; a key there throughout is listed once. */
  scan?(prefix: string, context: OperationContext): AsyncIterable<readonly string[]>;
  /** Capability `clear`: ends every entry of a namespace and those inside it (`""`: all). O(1) in the number of keys. */
  clear?(namespace: NamespacePath, context: OperationContext): MaybePromise<void>;

  /**
   * Capability `local`: the live value of a key, synchronously, as `get` would find it. A store that is not local and has it keeps copies in this process, in
   * the tier {@link Backend.nearTier}: one that may be served now, or `undefined`, which says nothing.
   */
  peek?(key: string): unknown;
  /** Where the copies are that `peek` finds, for events and `getEntry().tier`. Only of stores that are not local. */
  readonly nearTier?: string | undefined;
  /**
   * Capability `local`: a copy of a value as `get` would hand it out, for results that several callers share; absent when values
   * are handed out as they are. Throws what `set` throws for a value that cannot be copied.
   */
  isolate?(value: unknown): unknown;
  /**
   * Stores of which processes keep copies: waits until no process can serve an older value of a key than this version, which is committed. Takes at most the bound of staleness and a
   * hundredth. Absent where nobody keeps copies.
   *
   * @returns whether that is certain; false when the signal ended the wait
   */
  awaitCoherence?(
    change: { readonly key: string; readonly version: number },
    context: OperationContext,
  ): Promise<boolean>;
  /** Longest time to live that the store gives an entry, in ms: a longer one of a write is shortened to it. Default: as the write says. */
  readonly maxTtlMs?: number | undefined;
  /** Stores with copies in this process: what is known of their freshness, without I/O. */
  coherence?(): CoherenceStatus;
  /** Stores of several tiers: as {@link Backend.usage}, for each, nearest first. */
  tierUsages?(namespace: NamespacePath): readonly TierUsage[];
  /** Stores that write behind: what waits, without I/O. */
  pendingWrites?(): PendingWrites;
  /** What is known about a namespace and those inside it (`""`: all), without I/O. */
  usage?(namespace: NamespacePath): BackendUsage;
  /** Stores that processes share: loads of which one of many processes does each, and whose results lose against everything newer. */
  readonly loadTier?: LoadTier | undefined;
  /** Stores that processes share and that keep versions: what caches in front of them need. */
  readonly sharedTier?: SharedTier | undefined;
  /** Stores that processes share: which entries that were read are current still, so that copies of them in caches in front need not be read again. Not looked at where there is a {@link Backend.sharedTier}. */
  readonly revalidation?: Revalidation | undefined;

  /** Connections of a store with a network now; without I/O. */
  connections?(): ConnectionCounts;
  /**
   * Asks every server of the store how it is. A server that is down is in the report, and so, once the signal is aborted, is one that has not answered
   * by then. Rejects at most when aborted; then nothing is known of any server.
   */
  report?(context: OperationContext): Promise<BackendReport>;
  /** Local stores with bounds: sets other ones at once; one that is left out stays, `Infinity` is none. Throws for what the store cannot keep. */
  resize?(bounds: { readonly maxKeys?: number; readonly maxSizeBytes?: number }): void;
  /** Local stores that evict: chooses by another of their policies from now on. Throws for one that it does not have. */
  changePolicy?(name: string): void;
}
