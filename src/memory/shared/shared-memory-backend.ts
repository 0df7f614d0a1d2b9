import type { Backend, BackendUsage, OperationContext } from "../../backend/backend.ts";
import type { BackendCapabilities } from "../../backend/capabilities.ts";
import type { CounterRequest, CounterResult } from "../../backend/counter.ts";
import type { BackendHost } from "../../backend/registry.ts";
import type { SharedSlabHandle } from "../../backend/shared-slab-handle.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import { fromStructuredBytes } from "../../codec/serializers/structured-bytes.ts";
import { type NamespacePath, ROOT_NAMESPACE } from "../../entry/namespace-path.ts";
import { CacheClosedError, UnsupportedOperationError } from "../../foundation/errors.ts";
import { NO_THREAD_EXITS, type ThreadExits } from "../../foundation/thread-exits.ts";
import { moveCounter } from "../counter-move.ts";
import { RemovalQueue } from "../removal-queue.ts";
import { SEGMENT_STATE } from "./segment-table.ts";
import { scanShared } from "./shared-scan.ts";
import { SharedSlab } from "./shared-slab.ts";
import { SharedStore } from "./shared-store.ts";
import { SharedSweeper } from "./shared-sweeper.ts";
import { toSharedBytes } from "./shared-value-bytes.ts";
import { UNIT_BYTES } from "./slab-layout.ts";

/** The settings of a thread's way into a shared memory. Bounds belong to the slab, not to a thread. */
export interface SharedMemoryBackendOptions {
  /** The slab, as `createSharedSlab` made it; the same in every thread. */
  readonly slab: SharedSlabHandle;
  /**
   * Time between two searches for dead entries that nobody asked for, in ms; `Infinity` for none. Default: 60,000. The threads share the work:
   * in each period one of them does it.
   */
  readonly cleanupIntervalMs?: number | undefined;
  /** How threads that ended are noticed. Default: not at all. */
  readonly threads?: ThreadExits | undefined;
}

/** A cache's way into memory that several threads share. Every answer is synchronous but `scan`. */
export interface SharedMemoryBackend extends Backend {
  connect(context?: OperationContext): void;
  close(): void;
  ping(context?: OperationContext): void;
  get(key: string, context?: OperationContext): StoredEntry | undefined;
  getMulti(keys: readonly string[], context?: OperationContext): ReadonlyArray<StoredEntry | undefined>;
  set(key: string, write: EntryWrite, context?: OperationContext): WriteResult;
  setMulti(
    items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
    context?: OperationContext,
  ): readonly WriteResult[];
  delete(key: string, context?: OperationContext): boolean;
  deleteMulti(keys: readonly string[], context?: OperationContext): number;
  expire(key: string, ttlMs: number, context?: OperationContext): boolean;
  increment(key: string, request: CounterRequest, context?: OperationContext): CounterResult;
  invalidateTags(tags: readonly string[], context?: OperationContext): void;
  stamp(context?: OperationContext): number;
  scan(prefix: string, context?: OperationContext): AsyncIterable<readonly string[]>;
  clear(namespace: NamespacePath, context?: OperationContext): void;
  peek(key: string): unknown;
  isolate(value: unknown): unknown;
  /** Of the root only: who counts by namespace would have to do so on every write of every thread. Dead entries count until they are swept. */
  usage(namespace: NamespacePath): BackendUsage;
  /**
   * Says that a thread has ended and will never run again: what it was writing into is everybody's again. Needed only for threads that
   * `threads` does not see. Wrong of a thread that still runs: it would write where others do.
   */
  threadEnded(threadId: number): void;
  /** Removes all dead entries now. O(n) */
  sweep(): void;
}

const DEFAULT_CLEANUP_INTERVAL_MS = 60_000;
const CAPABILITIES: BackendCapabilities = Object.freeze({
  storage: "values",
  local: true,
  conditionalWrites: true,
  counters: true,
  // One compare-and-set covers one bucket; keys of several would need a lock, and a lock's holder can be killed.
  transactions: "none",
  leases: false,
  tags: true,
  // A reader that meets a record after its end frees it; keeping it would take another word in every record.
  stale: false,
  scan: true,
  clear: true,
});

/**
 * Makes a thread's way into a shared memory. It takes a writer's place in the slab at once and a timer when something can expire;
 * `close` gives both back and leaves the entries to the others.
 *
 * Differences to the memory of one thread: values are copied (structured clone); no transactions, no leases, no `opId`;
 * removal listeners hear of what their own thread removed, evicted or replaced; with `EntryWrite.tagsUnchangedSince`, the result of a load
 * is also refused when any thread wrote or deleted its key or cleared its namespace after the stamp.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when the handle is none, is damaged, or has no place for one more
 */
export function createSharedMemoryBackend(options: SharedMemoryBackendOptions, host: BackendHost): SharedMemoryBackend {
  const { clock, scheduler } = host;
  const slab = new SharedSlab(options.slab);
  const threads = options.threads ?? NO_THREAD_EXITS;
  const removals = new RemovalQueue(host);
  const onRemoval = removals.add.bind(removals);
  const wantsRemovals = host.wantsRemovals ?? (() => true);
  const store = new SharedStore(slab, { clock, threadId: threads.currentThreadId, onRemoval, wantsRemovals });
  const intervalMs = options.cleanupIntervalMs ?? DEFAULT_CLEANUP_INTERVAL_MS;
  const sweeper = new SharedSweeper(store, host, intervalMs, () => removals.flush());
  let unwatch: (() => void) | undefined;
  let isOpen = true;
  const assertOpen = (): void => {
    if (!isOpen) throw new CacheClosedError();
  };
  const run = <T>(operation: () => T): T => {
    assertOpen();
    try {
      return operation();
    } finally {
      removals.flush();
    }
  };
  const put = (key: string, write: EntryWrite): WriteResult => putEntry(store, sweeper, clock, key, write);
  return {
    name: "memory",
    capabilities: CAPABILITIES,
    epoch: slab.epoch,
    connect() {
      assertOpen();
      unwatch ??= threads.watch((threadId) => {
        if (isOpen) store.segments.releaseThread(threadId);
      });
    },
    ping: assertOpen,
    close() {
      if (!isOpen) return;
      isOpen = false;
      unwatch?.();
      sweeper.stop();
      removals.clear();
      store.close();
    },
    get(key) {
      assertOpen();
      return store.get(key);
    },
    getMulti(keys) {
      assertOpen();
      return keys.map((key) => store.get(key));
    },
    set: (key, write) => run(() => put(key, write)),
    setMulti: (items) => run(() => items.map(([key, write]) => put(key, write))),
    delete: (key) => run(() => store.remove(key, "deleted")),
    deleteMulti: (keys) => run(() => keys.reduce((count, key) => count + (store.remove(key, "deleted") ? 1 : 0), 0)),
    expire: (key, ttlMs) =>
      run(() => {
        if (ttlMs <= 0) return store.remove(key, "expired");
        if (ttlMs !== Number.POSITIVE_INFINITY) sweeper.arm();
        return store.setExpiry(key, clock.wallMs() + ttlMs);
      }),
    increment: (key, request) => run(() => incrementEntry(store, clock, key, request)),
    invalidateTags(tags) {
      assertOpen();
      store.invalidateTags(tags);
      sweeper.arm();
    },
    stamp() {
      assertOpen();
      return slab.nextVersion();
    },
    scan: (prefix, context) => scanShared(store, prefix, { clock, scheduler, signal: context?.signal, assertOpen }),
    clear(namespace) {
      assertOpen();
      store.clear(namespace);
      sweeper.arm();
    },
    peek(key) {
      assertOpen();
      return store.peek(key);
    },
    isolate: isolateValue,
    usage: (namespace) => usageOf(store, namespace),
    threadEnded: (threadId) => run(() => store.segments.releaseThread(threadId)),
    sweep: () => run(() => sweeper.sweepNow()),
  };
}

function putEntry(
  store: SharedStore,
  sweeper: SharedSweeper,
  clock: BackendHost["clock"],
  key: string,
  write: EntryWrite,
): WriteResult {
  // First, for it may run code of the caller (getters), which may use this store.
  store.codec.prepare(write.value);
  const { ttlMs } = write;
  if (ttlMs !== Number.POSITIVE_INFINITY) sweeper.arm();
  const result = store.put(key, {
    expiresAt: ttlMs === Number.POSITIVE_INFINITY ? ttlMs : clock.wallMs() + ttlMs,
    tags: write.tags,
    condition: write.condition,
    wantsPrevious: write.returnPrevious,
    unchangedSince: write.tagsUnchangedSince,
  });
  store.codec.release();
  return result;
}

function incrementEntry(
  store: SharedStore,
  clock: BackendHost["clock"],
  key: string,
  request: CounterRequest,
): CounterResult {
  if (request.opId !== undefined) {
    throw new UnsupportedOperationError(
      "increment",
      "Memory that threads share cannot remember an opId. Leave it out: increments in memory are never sent twice.",
    );
  }
  let value = 0n;
  const version = store.change(key, (current) => {
    const move = moveCounter(current?.value, request);
    value = move.result;
    store.codec.prepare(move.stored);
    const expiresAt = current?.expiresAt ?? clock.wallMs() + request.ttlMs;
    return { kind: "write", expiresAt, tags: current?.tags ?? request.tags ?? [] };
  });
  return { value, version: version as number };
}

function isolateValue(value: unknown): unknown {
  if (value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol"))
    return value;
  return fromStructuredBytes(toSharedBytes(value));
}

function usageOf(store: SharedStore, namespace: NamespacePath): BackendUsage {
  const evictions = store.slab.evictionCount();
  if (namespace !== ROOT_NAMESPACE) return { keyCount: undefined, memoryUsageBytes: undefined, evictions };
  const { layout } = store.slab;
  let units = 0;
  for (let segment = 0; segment < layout.segmentCount; segment += 1) {
    if (store.segments.stateOf(segment) !== SEGMENT_STATE.free) units += store.segments.liveUnitsOf(segment);
  }
  return { keyCount: store.segments.keyCount(), memoryUsageBytes: Math.max(0, units) * UNIT_BYTES, evictions };
}
