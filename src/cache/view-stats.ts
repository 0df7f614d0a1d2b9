import type { Backend, TierUsage } from "../backend/backend.ts";
import { isWithinNamespace, type NamespacePath } from "../entry/namespace-path.ts";
import type { CacheStats, TierStats } from "./stats.ts";
import { createViewCounters } from "./view-counters.ts";
import type { ViewScope } from "./view-scope.ts";

/** `Cache.stats`: sums a view and the namespaces inside it. O(namespaces). */
export function readStats(scope: Pick<ViewScope, "core" | "path">): CacheStats {
  const { core, path } = scope;
  const sum = createViewCounters();
  for (const [candidate, counters] of core.counters) {
    if (!isWithinNamespace(candidate, path)) continue;
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counters[name];
  }
  const tiers = listTiers(core.backend, path);
  const [nearest] = tiers;
  const reads = sum.hits + sum.misses;
  return {
    ...sum,
    evictions: nearest.evictions,
    keyCount: nearest.keyCount ?? 0,
    memoryUsage: nearest.memoryUsage ?? 0,
    uptime: core.clock.monotonicMs() - core.createdAtMs,
    hitRatio: reads === 0 ? 0 : sum.hits / reads,
    tiers,
    pendingWrites: core.backend.pendingWrites?.().count,
    coherence: core.backend.coherence?.(),
  };
}

function listTiers(backend: Backend, path: NamespacePath): readonly [TierStats, ...TierStats[]] {
  const [nearest, ...others] = backend.tierUsages?.(path) ?? [];
  if (nearest !== undefined) return [toTierStats(nearest), ...others.map(toTierStats)];
  return [toTierStats({ ...backend.usage?.(path), name: backend.name, connections: backend.connections?.().open })];
}

function toTierStats({ name, keyCount, memoryUsageBytes, evictions = 0, connections, copies }: TierUsage): TierStats {
  return { name, keyCount, memoryUsage: memoryUsageBytes, evictions, connections, ...(copies && { copies }) };
}
