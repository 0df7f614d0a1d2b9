import type { CacheEventMap } from "../events/cache-events.ts";
import type { ViewScope } from "./view-scope.ts";

/**
 * Counts and tells of one read that memory answered in the step in which it was asked.
 *
 * @param tier who answered a hit; default: the store
 */
export function recordDirectRead(scope: ViewScope, key: string, isHit: boolean, tier?: string): void {
  const { counters, core, path } = scope;
  if (isHit) {
    counters.hits += 1;
    core.reads.directHits += 1;
    if (core.events.wantsReads && core.events.wants("hit"))
      core.events.emit("hit", { key, namespace: path, tier: tier ?? core.backend.name });
  } else {
    counters.misses += 1;
    core.reads.directMisses += 1;
    if (core.events.wantsReads && core.events.wants("miss")) core.events.emit("miss", { key, namespace: path });
  }
}

/**
 * Counts and tells of one read that was a call to the store.
 *
 * @param tier who answered a hit; default: the store
 */
export function recordRead(scope: ViewScope, key: string, isHit: boolean, tier?: string): void {
  const { counters, core, path } = scope;
  if (isHit) {
    counters.hits += 1;
    const { hitsByTier } = core.reads;
    const answering = tier ?? core.backend.name;
    hitsByTier.set(answering, (hitsByTier.get(answering) ?? 0) + 1);
    if (core.events.wantsReads && core.events.wants("hit"))
      core.events.emit("hit", { key, namespace: path, tier: tier ?? core.backend.name });
  } else {
    counters.misses += 1;
    if (core.events.wantsReads && core.events.wants("miss")) core.events.emit("miss", { key, namespace: path });
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
  core.tracing.current?.note("stale", { reason });
  if (!core.events.wants("stale")) return;
  core.events.emit("stale", { key, namespace: path, reason, ageMs: Math.max(0, core.clock.wallMs() - expiresAt) });
}
