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
