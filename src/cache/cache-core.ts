import type { HeldLock } from "../atomic/lock.ts";
import { LockQueue } from "../atomic/lock-queue.ts";
import type { Backend } from "../backend/backend.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import type { EventHub } from "../events/event-hub.ts";
import type { Clock } from "../foundation/clock.ts";
import { DeadlineQueue } from "../foundation/deadline-queue.ts";
import type { RandomSource } from "../foundation/random-source.ts";
import type { Scheduler } from "../foundation/scheduler.ts";
import { LoadTable } from "../loading/load-table.ts";
import { CallWindow } from "./call-window.ts";
import { Lifecycle } from "./lifecycle.ts";
import { createViewCounters, type ViewCounters } from "./view-counters.ts";

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
}

/** What all views of one cache share. */
export interface CacheCore extends CacheParts {
  readonly lifecycle: Lifecycle;
  /** Deadlines of calls to the store. */
  readonly deadlineQueue: DeadlineQueue;
  /** Calls that the store is asked at a time. */
  readonly callWindow: CallWindow;
  readonly loads: LoadTable;
  readonly lockQueue: LockQueue;
  /** Locks that are held now. */
  readonly heldLocks: Set<HeldLock>;
  /** Counters by namespace path. */
  readonly counters: Map<NamespacePath, ViewCounters>;
  /** Monotonic instant of creation. */
  readonly createdAtMs: number;
}

/** Makes the shared part of a cache. Opens nothing. */
export function createCacheCore(parts: CacheParts): CacheCore {
  return {
    ...parts,
    lifecycle: new Lifecycle({
      backend: parts.backend,
      scheduler: parts.scheduler,
      connectMs: parts.deadlines.connectMs,
    }),
    deadlineQueue: new DeadlineQueue({ ...parts, keepsAlive: true }),
    callWindow: new CallWindow(parts.scheduler),
    loads: new LoadTable(),
    lockQueue: new LockQueue(),
    heldLocks: new Set(),
    counters: new Map(),
    createdAtMs: parts.clock.monotonicMs(),
  };
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
