import type { Backend, BackendUsage, OperationContext } from "../backend/backend.ts";
import type { BackendCapabilities } from "../backend/capabilities.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../backend/commit.ts";
import type { CounterRequest, CounterResult } from "../backend/counter.ts";
import type { LeaseOutcome, LeaseRequest } from "../backend/lease.ts";
import type { BackendHost } from "../backend/registry.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../backend/stored-entry.ts";
import { fromStoredKey, type NamespacePath } from "../entry/namespace-path.ts";
import { CacheClosedError } from "../foundation/errors.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { StoreBounds } from "./capacity-estimate.ts";
import { getEntry, getStaleEntry, inspectEntry } from "./entry-reader.ts";
import {
  commitWrites,
  deleteEntry,
  expireEntry,
  incrementEntry,
  type WriteContext,
  writeEntry,
} from "./entry-writer.ts";
import type { EvictionPolicyName } from "./eviction/eviction-policies.ts";
import { type CopyMode, createIsolation } from "./isolation.ts";
import { scanKeys } from "./key-scan.ts";
import { LeaseTable } from "./lease-table.ts";
import { MemoryStore } from "./memory-store.ts";
import { OperationLog } from "./operation-log.ts";
import { resolveWeigher, type Weigher } from "./user-weigher.ts";

/** The settings of a memory store, all resolved: nothing here is optional. */
export interface MemoryBackendOptions {
  /**
   * Most memory that entries may take, in bytes as `weighEntry` estimates them; `Infinity` for no bound. Default:
   * 104,857,600 (100 MB). Holds after every operation. An entry larger than this alone is refused.
   */
  readonly maxSizeBytes: number;
  /**
   * Most entries, at least 1; `Infinity` for no bound but the platform's: at 16,777,214 (2^24 - 2) keys a store evicts
   * whatever stands here, for a `Map` may fail above; see `MAX_ENTRY_COUNT`. Default: `Infinity`. Holds after every operation.
   */
  readonly maxKeys: number;
  /** Who leaves when room is needed. Default: `"w-tinylfu"`. */
  readonly evictionPolicy: EvictionPolicyName;
  /**
   * Time between two searches for expired entries that nobody asked for, in ms; `Infinity` for none: they then stay until
   * they are read or evicted. Default: 60,000. Never serves as a limit of freshness: a read never returns an expired entry.
   */
  readonly cleanupIntervalMs: number;
  /** What entries weigh. Default: `weighEntry`. */
  readonly weigher?: Weigher | undefined;
  /** How values are kept apart from the caller's; see `CopyMode`. Default: `false`, by reference. */
  readonly copy: CopyMode;
}

/** The store in this process's memory: every capability, every answer synchronous but `scan`. */
export interface MemoryBackend extends Backend {
  connect(context?: OperationContext): void;
  close(): void;
  ping(context?: OperationContext): void;
  get(key: string, context?: OperationContext): StoredEntry | undefined;
  getMulti(keys: readonly string[], context?: OperationContext): ReadonlyArray<StoredEntry | undefined>;
  set(key: string, write: EntryWrite, context?: OperationContext): WriteResult;
  /** Not atomic: when an item is refused by an error, those before it are written and those after it are not. */
  setMulti(
    items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
    context?: OperationContext,
  ): readonly WriteResult[];
  delete(key: string, context?: OperationContext): boolean;
  deleteMulti(keys: readonly string[], context?: OperationContext): number;
  expire(key: string, ttlMs: number, context?: OperationContext): boolean;
  /** Ends of data that stands in are never in the future, although the store's time is finer than the wall clock's. */
  getStale(keys: readonly string[], context?: OperationContext): ReadonlyArray<StoredEntry | undefined>;
  increment(key: string, request: CounterRequest, context?: OperationContext): CounterResult;
  commit(checks: readonly KeyCheck[], writes: readonly KeyWrite[], context?: OperationContext): CommitResult;
  lease(request: LeaseRequest, context?: OperationContext): LeaseOutcome;
  invalidateTags(tags: readonly string[], context?: OperationContext): void;
  stamp(context?: OperationContext): number;
  scan(prefix: string, context?: OperationContext): AsyncIterable<readonly string[]>;
  clear(namespace: NamespacePath, context?: OperationContext): void;
  peek(key: string): unknown;
  /** As `get`, but no use: the policy is not told, and a sliding TTL goes on as it was. */
  inspect(key: string): StoredEntry | undefined;
  /** Makes every later version, stamp and lease token larger than this number. */
  raiseVersions(version: number): void;
  usage(namespace: NamespacePath): BackendUsage;
  resize(bounds: Partial<StoreBounds>): void;
  changePolicy(name: string): void;
  /** For tests: throws when the store's bookkeeping is wrong. O(n). */
  checkInvariants(): void;
}

const CAPABILITIES: BackendCapabilities = Object.freeze({
  storage: "values",
  local: true,
  conditionalWrites: true,
  counters: true,
  transactions: "any-keys",
  leases: true,
  tags: true,
  slidingTtl: true,
  stale: true,
  scan: true,
  clear: true,
});

/**
 * Makes a memory store. Nothing runs until an entry with a TTL is written or something is invalidated; timers never keep
 * the process alive. After `close` every operation but `usage` throws `CacheClosedError`.
 */
export function createMemoryBackend(options: MemoryBackendOptions, host: BackendHost): MemoryBackend {
  const store = new MemoryStore({ ...options, weigh: resolveWeigher(options.weigher, fromStoredKey) }, host);
  const isReferenced = options.copy === false;
  const isolation = createIsolation(options.copy);
  const operations = new OperationLog(host.clock, host.scheduler);
  const leases = new LeaseTable(host.clock, store.versions);
  const writing: WriteContext = { store, isolation, operations };
  let isOpen = true;
  const assertOpen = (): void => {
    if (!isOpen) throw new CacheClosedError();
  };
  /** One operation: refused after `close`; removals are told when it is over, also when it failed half-way. */
  const run = <T>(operation: () => T): T => {
    assertOpen();
    try {
      return operation();
    } finally {
      store.removals.flush();
    }
  };

  return {
    name: "memory",
    capabilities: CAPABILITIES,
    epoch: createEpoch(host.random),
    connect: assertOpen,
    ping: assertOpen,
    close() {
      if (!isOpen) return;
      isOpen = false;
      store.close();
      operations.clear();
      leases.clear();
    },
    get: (key) => run(() => getEntry(store, isolation, key)),
    getMulti: (keys) => run(() => keys.map((key) => getEntry(store, isolation, key))),
    set: (key, write) => run(() => writeEntry(writing, key, write)),
    setMulti: (items) => run(() => items.map(([key, write]) => writeEntry(writing, key, write))),
    delete: (key) => run(() => deleteEntry(store, key)),
    deleteMulti: (keys) => run(() => keys.reduce((count, key) => count + (deleteEntry(store, key) ? 1 : 0), 0)),
    expire: (key, ttlMs) => run(() => expireEntry(store, key, ttlMs)),
    getStale: (keys) => run(() => keys.map((key) => getStaleEntry(store, isolation, key))),
    increment: (key, request) => run(() => incrementEntry(writing, key, request)),
    commit: (checks, writes) => run(() => commitWrites(writing, checks, writes)),
    lease: (request) => run(() => leases.handle(request)),
    invalidateTags: (tags) => run(() => store.invalidateTags(tags)),
    stamp: () => run(() => store.versions.next()),
    scan: (prefix, context) =>
      scanKeys(store, prefix, {
        scheduler: host.scheduler,
        signal: context?.signal,
        isStaleListed: context?.isStaleListed,
        assertOpen,
      }),
    clear: (namespace) => run(() => store.clear(namespace)),
    peek(key) {
      if (!isOpen) throw new CacheClosedError();
      const kept = store.get(key);
      // Only a read that met a dead entry has something to tell.
      if (store.removals.isPending) store.removals.flush();
      return isReferenced ? kept : isolation.reveal(kept);
    },
    inspect: (key) => run(() => inspectEntry(store, isolation, key)),
    // Works on after `close`: what was loaded before is still handed out.
    ...(isolation.isolate === undefined ? {} : { isolate: isolation.isolate }),
    raiseVersions: (version) => store.versions.raise(version),
    usage: (namespace) => store.usage(namespace),
    resize: (bounds) => run(() => store.resize(bounds)),
    changePolicy: (name) => run(() => store.changePolicy(name as EvictionPolicyName)),
    checkInvariants: () => store.checkInvariants(),
  };
}

/** 53 bits of a random id, enough to tell the stores of a fleet apart. */
function createEpoch(random: RandomSource): string {
  const part = (): string => Math.floor(random.next() * 2 ** 32).toString(36);
  return `${part()}-${part()}`;
}
