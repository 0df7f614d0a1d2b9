import type { Cache } from "./cache.ts";
import type { CacheCore } from "./cache-core.ts";

/** The cores of all views. */
const cores = new WeakMap<Cache, CacheCore>();

/** Remembers what a view is of. */
export function rememberCore(cache: Cache, core: CacheCore): void {
  cores.set(cache, core);
}

/**
 * The core of a view.
 *
 * @throws TypeError when it is no cache of this package, or of a second copy of it: that of the other module system
 */
export function coreOf(cache: Cache): CacheCore {
  const core = cores.get(cache);
  if (core !== undefined) return core;
  throw new TypeError(
    "Not a cache that createCache of this copy of gocachex made. Load the package in one module system.",
  );
}
