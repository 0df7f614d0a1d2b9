import type { TracerSlot } from "../events/call-tracer.ts";
import type { BreakerState } from "../foundation/circuit-breaker.ts";
import type { Cache } from "./cache.ts";
import type { ReadCounts } from "./read-counts.ts";
import type { CacheStats } from "./stats.ts";
import { coreOf } from "./view-cores.ts";
import { readStats } from "./view-stats.ts";

/** What those who watch a cache see beside `stats()` and events. Reading it costs nothing but where it says so. */
export interface CacheObservation {
  /** Path of the cache's own namespace, `""` for the root. */
  readonly name: string;
  /** The store's name, of several tiers the last. */
  readonly backend: string;
  /** Name of the tier that answers at once; `undefined` where none does. */
  readonly nearTier: string | undefined;
  /** Whether the store is in this process. */
  readonly isLocal: boolean;
  /** Live counts. */
  readonly reads: Readonly<ReadCounts>;
  /** Counters of all views. O(namespaces). */
  stats(): CacheStats;
  /** Loads that run now. */
  runningLoadCount(): number;
  /** State of the breaker that lets loads ask the store; `undefined` where there is none. */
  breakerState(): BreakerState | undefined;
  /** Who traces calls and loads. */
  readonly tracing: TracerSlot;
}

/**
 * What is known of a cache by those who watch it. All views of one cache give the same.
 *
 * @throws TypeError when it is no cache of this package, or of a second copy of it: that of the other module system
 */
export function observeCache(cache: Cache): CacheObservation {
  const core = coreOf(cache);
  const { backend, breaker, loads, reads, rootPath, tracing } = core;
  return {
    name: rootPath,
    backend: backend.name,
    nearTier: backend.capabilities.local ? backend.name : backend.nearTier,
    isLocal: backend.capabilities.local,
    reads,
    tracing,
    stats: () => readStats({ core, path: rootPath }),
    runningLoadCount: () => loads.running.size,
    breakerState: () => breaker?.state,
  };
}
