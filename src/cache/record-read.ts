import type { CacheEventMap } from "../events/cache-events.ts";
import type { ViewScope } from "./view-scope.ts";

/** Counts and tells of one read. */
export function recordRead(scope: ViewScope, key: string, isHit: boolean): void {
  const { counters, core, path } = scope;
  if (isHit) {
    counters.hits += 1;
    if (core.events.wants("hit")) core.events.emit("hit", { key, namespace: path, tier: core.backend.name });
  } else {
    counters.misses += 1;
    if (core.events.wants("miss")) core.events.emit("miss", { key, namespace: path });
  }
}

/** Counts and tells of an entry that was served although its TTL was over, or instead of what a load did not bring. */
export function recordStale(
  { counters, core, path }: ViewScope,
  key: string,
  reason: CacheEventMap["stale"]["reason"],
  expiresAt: number,
): void {
  counters.staleServed += 1;
  if (!core.events.wants("stale")) return;
  core.events.emit("stale", { key, namespace: path, reason, ageMs: Math.max(0, core.clock.wallMs() - expiresAt) });
}
