import type { Cache } from "./cache.ts";
import { type CacheParts, createCacheCore } from "./cache-core.ts";
import { CacheView } from "./cache-view.ts";
import { DEFAULT_LOAD_POLICY } from "./load-policy.ts";
import type { ViewDefaults } from "./resolve-options.ts";
import { createViewScope } from "./view-scope.ts";

/** Makes a cache of its parts. Opens nothing. */
export function assembleCache(parts: CacheParts): Cache {
  const defaults: ViewDefaults = Object.freeze({
    ttlMs: parts.defaultTtlMs,
    jitter: 0,
    tags: Object.freeze([]),
    sliding: false,
    load: parts.loadPolicy ?? DEFAULT_LOAD_POLICY,
  });
  return new CacheView(createViewScope(createCacheCore(parts), parts.rootPath, defaults));
}
