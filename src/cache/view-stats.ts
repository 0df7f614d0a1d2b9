import { isWithinNamespace } from "../entry/namespace-path.ts";
import type { CacheStats, TierStats } from "./stats.ts";
import { createViewCounters } from "./view-counters.ts";
import type { ViewScope } from "./view-scope.ts";

/** `Cache.stats`: sums a view and the namespaces inside it. O(namespaces). */
export function readStats(scope: ViewScope): CacheStats {
  const { core, path } = scope;
  const sum = createViewCounters();
  for (const [candidate, counters] of core.counters) {
    if (!isWithinNamespace(candidate, path)) continue;
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counters[name];
  }
  const usage = core.backend.usage?.(path);
  const tier: TierStats = {
    name: core.backend.name,
    keyCount: usage?.keyCount,
    memoryUsage: usage?.memoryUsageBytes,
    evictions: usage?.evictions ?? 0,
    connections: core.backend.connections?.().open,
  };
  const reads = sum.hits + sum.misses;
  return {
    ...sum,
    evictions: tier.evictions,
    keyCount: tier.keyCount ?? 0,
    memoryUsage: tier.memoryUsage ?? 0,
    uptime: core.clock.monotonicMs() - core.createdAtMs,
    hitRatio: reads === 0 ? 0 : sum.hits / reads,
    tiers: [tier],
  };
}
