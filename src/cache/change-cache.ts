import type { Cache } from "./cache.ts";
import type { LoadPolicy } from "./load-policy.ts";
import { translateStoreError } from "./translate-store-error.ts";
import { coreOf } from "./view-cores.ts";

/** What of a cache can change while it works; what is left out stays. */
export interface CacheChange {
  /** Default TTL of writes, in ms; entries that are there keep theirs. */
  readonly ttlMs?: number | undefined;
  /** How values are loaded when calls and namespaces say nothing; loads that run go on as they were begun. */
  readonly load?: LoadPolicy | undefined;
  /** Bounds of the memory tier. */
  readonly bounds?: { readonly maxKeys: number; readonly maxSizeBytes: number } | undefined;
  /** How the memory tier chooses victims. */
  readonly evictionPolicy?: string | undefined;
}

/** Whether a cache has a memory tier whose bounds can change. */
export function isResizable(cache: Cache): boolean {
  return coreOf(cache).backend.resize !== undefined;
}

/** Changes what a cache was made with, for all its views. Namespaces that say something of their own keep that. */
export function changeCache(cache: Cache, { ttlMs, load, bounds, evictionPolicy }: CacheChange): void {
  const core = coreOf(cache);
  const { backend, defaults } = core;
  try {
    if (bounds !== undefined) backend.resize?.(bounds);
    if (evictionPolicy !== undefined) backend.changePolicy?.(evictionPolicy);
  } catch (error) {
    throw translateStoreError(core, "resize", error, undefined);
  }
  defaults.ttlMs = ttlMs ?? defaults.ttlMs;
  defaults.load = load ?? defaults.load;
}
