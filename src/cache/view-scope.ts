import { type NamespacePath, storedPrefix, toStoredKey } from "../entry/namespace-path.ts";
import { type CacheCore, countersOf } from "./cache-core.ts";
import type { ViewCounters } from "./view-counters.ts";
import type { ViewDefaults } from "./view-defaults.ts";

/** One view of a cache: where its keys live, and what its calls default to. */
export interface ViewScope {
  readonly core: CacheCore;
  readonly path: NamespacePath;
  /** What stands before its keys in the store. */
  readonly prefix: string;
  readonly defaults: ViewDefaults;
  readonly counters: ViewCounters;
}

/** Makes the scope of a view. */
export function createViewScope(core: CacheCore, path: NamespacePath, defaults: ViewDefaults): ViewScope {
  return { core, path, prefix: storedPrefix(path), defaults, counters: countersOf(core, path) };
}

/** The stored form of a key of this view. The key must be checked already. */
export function storedKeyOf(scope: ViewScope, key: string): string {
  return toStoredKey(scope.prefix, key);
}
