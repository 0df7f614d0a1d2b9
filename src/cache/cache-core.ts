import type { HeldLock } from "../atomic/lock.ts";
import { LockQueue } from "../atomic/lock-queue.ts";
import type { Backend } from "../backend/backend.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import type { TracerSlot } from "../events/call-tracer.ts";
import type { EventHub } from "../events/event-hub.ts";
import { type BreakerSettings, CircuitBreaker } from "../foundation/circuit-breaker.ts";
import type { Clock } from "../foundation/clock.ts";
import { DeadlineQueue } from "../foundation/deadline-queue.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import { BackgroundRoom, DEFAULT_BACKGROUND_COUNT } from "../loading/background-room.ts";
import { LoadMemory } from "../loading/load-memory.ts";
import { LoadTable } from "../loading/load-table.ts";
import type { CacheAttachment } from "./cache-attachment.ts";
import { CallWindow } from "./call-window.ts";
import { Lifecycle } from "./lifecycle.ts";
import { DEFAULT_LOAD_POLICY, type LoadPolicy } from "./load-policy.ts";
import { createReadCounts, type ReadCounts } from "./read-counts.ts";
import { createViewCounters, type ViewCounters } from "./view-counters.ts";
import { RootDefaults } from "./view-defaults.ts";

/** Deadlines of a cache's calls to its store, in ms. */
export interface CacheDeadlines {
  readonly connectMs: number;
  readonly readMs: number;
  readonly writeMs: number;
  readonly healthMs: number;
  readonly closeMs: number;
}

/** What a cache is assembled from. */
export interface CacheParts {
  readonly backend: Backend;
  readonly events: EventHub;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly scheduler: Scheduler;
  readonly deadlines: CacheDeadlines;
  /** Default TTL of writes, ms; `Infinity`: none. */
  readonly defaultTtlMs: number;
  /** Path of the cache's own namespace; `""`: the root. */
  readonly rootPath: NamespacePath;
  /** How values are loaded when calls and namespaces say nothing. Default: `DEFAULT_LOAD_POLICY`. */
  readonly loadPolicy?: LoadPolicy | undefined;
  /** Refreshes in the background at a time. Default: 32. */
  readonly maxBackgroundLoads?: number | undefined;
  /** When loads stop asking a remote store that does not answer. Default: those of a breaker. */
  readonly storeBreaker?: BreakerSettings | undefined;
  /** What watches the cache from its first call until it is closed. Default: nothing. */
  readonly attachments?: readonly CacheAttachment[] | undefined;
  /** Where who traces is put, if the store looks there, too. Default: a place of the cache's own. */
  readonly tracing?: TracerSlot | undefined;
}

/** What all views of one cache share. */
export interface CacheCore extends CacheParts {
  readonly lifecycle: Lifecycle;
  /** Deadlines of calls to the store. */
  readonly deadlineQueue: DeadlineQueue;
  /** Calls that the store is asked at a time. */
  readonly callWindow: CallWindow;
  readonly loads: LoadTable;
  /** What is remembered of loads that are over. */
  readonly loadMemory: LoadMemory;
  readonly background: BackgroundRoom;
  /** Lets loads ask a remote store, or do without it. `undefined` for a local one. */
  readonly breaker: CircuitBreaker | undefined;
  readonly lockQueue: LockQueue;
  /** Locks that are held now. */
  readonly heldLocks: Set<HeldLock>;
  /** Counters by namespace path. */
  readonly counters: Map<NamespacePath, ViewCounters>;
  /** What the root view's calls default to. */
  readonly defaults: RootDefaults;
  /** Reads of all views, by the tier that answered. */
  readonly reads: ReadCounts;
  /** Who traces calls and loads. */
  readonly tracing: TracerSlot;
  /** Monotonic instant of creation. */
  readonly createdAtMs: number;
}

/** Makes the shared part of a cache. Opens nothing. */
export function createCacheCore(parts: CacheParts): CacheCore {
  const { backend } = parts;
  const loads = new LoadTable();
  const loadMemory = new LoadMemory();
  loads.watchChanges(loadMemory);
  return {
    ...parts,
    lifecycle: new Lifecycle({
      backend: parts.backend,
      scheduler: parts.scheduler,
      connectMs: parts.deadlines.connectMs,
    }),
    deadlineQueue: new DeadlineQueue({ ...parts, keepsAlive: true }),
    callWindow: new CallWindow(parts.scheduler),
    loads,
    loadMemory,
    background: new BackgroundRoom(parts.maxBackgroundLoads ?? DEFAULT_BACKGROUND_COUNT),
    breaker: backend.capabilities.local ? undefined : createStoreBreaker(parts),
    lockQueue: new LockQueue(),
    heldLocks: new Set(),
    counters: new Map(),
    defaults: new RootDefaults(
      parts.defaultTtlMs,
      parts.loadPolicy ?? DEFAULT_LOAD_POLICY,
      backend.maxTtlMs ?? Number.POSITIVE_INFINITY,
    ),
    reads: createReadCounts(),
    tracing: parts.tracing ?? { current: undefined },
    createdAtMs: parts.clock.monotonicMs(),
  };
}

function createStoreBreaker({ backend, clock, random, events, storeBreaker }: CacheParts): CircuitBreaker {
  return new CircuitBreaker({
    ...storeBreaker,
    ...{ clock, random },
    onChange: (state) => {
      if (events.wants("breaker")) events.emit("breaker", { backend: backend.name, node: backend.name, state });
    },
  });
}

/** The counters of a namespace; views of the same path share them. */
export function countersOf(core: CacheCore, path: NamespacePath): ViewCounters {
  let counters = core.counters.get(path);
  if (counters === undefined) {
    counters = createViewCounters();
    core.counters.set(path, counters);
  }
  return counters;
}
