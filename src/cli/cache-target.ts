import type { CacheHealth } from "../cache/health.ts";
import type { CacheStats } from "../cache/stats.ts";
import type { LiveDocument } from "../observability/live/live-document.ts";
import type { EntryGlance } from "../server/entry-glance.ts";
import type { NodeEntry, NodeIncrementOptions, NodeSetOptions } from "../server/node-client.ts";

/** What commands work on: a running node, or a cache built from a configuration. */
export interface CacheTarget {
  /** The value of a key, or `undefined` on a miss: the plainest read there is. */
  get(key: string): Promise<unknown>;
  /** The entry of a key, or `undefined` on a miss. */
  getEntry(key: string): Promise<NodeEntry | undefined>;
  /** Looks at a key; a value whose version is known already is not sent again. */
  glance(key: string, knownVersion: number | undefined): Promise<EntryGlance>;
  /** Writes a value. @returns its version */
  set(key: string, value: unknown, options: NodeSetOptions): Promise<number>;
  /** Writes a value unless the key is there. @returns its version, or `undefined` when there was one */
  setNX(key: string, value: unknown, options: NodeSetOptions): Promise<number | undefined>;
  delete(key: string): Promise<boolean>;
  exists(key: string): Promise<boolean>;
  increment(key: string, delta: bigint, options: NodeIncrementOptions): Promise<bigint>;
  keys(prefix: string, limit: number): AsyncIterable<string>;
  stats(): Promise<CacheStats>;
  health(): Promise<CacheHealth>;
  /** What the cache does, again each second; absent where nothing but this command uses it. */
  watchLive?(ended: AbortSignal): AsyncIterable<LiveDocument>;
  /** Ends every entry of the namespace that the target works on, and of those inside it. */
  clear(): Promise<void>;
  close(): Promise<void> | void;
}
