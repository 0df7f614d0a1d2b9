import type { CacheConfig } from "../../../src/config/cache-config.ts";
import type { FaultProxy } from "../support/fault-proxy.ts";

/** The stores of the matrix. */
export const STORE_NAMES = ["redis", "redis-cluster", "redis-sentinel", "redis-sharded", "memcached"] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/**
 * How long the store's client waits for a connection, for one to be free, for a reply: each. Short, so that the matrix is quick; all
 * deadlines are asserted to within {@link DEADLINE_TOLERANCE_MS}.
 */
export const STORE_TIMEOUT_MS = 150;
/** Deadlines of the cache itself: above the store's, which must end a call first. */
export const CACHE_DEADLINE_MS = 250;
/** How late a call may settle, beside what the event loop was late. */
export const DEADLINE_TOLERANCE_MS = 20;

/** The cache's own deadlines, in every configuration of the matrix. */
export const DEADLINES: NonNullable<CacheConfig["deadlines"]> = {
  connect: CACHE_DEADLINE_MS,
  read: CACHE_DEADLINE_MS,
  write: CACHE_DEADLINE_MS,
  health: CACHE_DEADLINE_MS,
  close: CACHE_DEADLINE_MS,
};

/** Timeouts of every Redis of the matrix. */
export const REDIS_TIMEOUTS: NonNullable<CacheConfig["redis"]> = {
  dialTimeout: STORE_TIMEOUT_MS,
  readTimeout: STORE_TIMEOUT_MS,
  writeTimeout: STORE_TIMEOUT_MS,
  poolTimeout: STORE_TIMEOUT_MS,
  minRetryBackoff: 5,
  maxRetryBackoff: 40,
  maxRetries: 1,
};

/** Servers of one shape, with proxies in front of them, and what can be done to them. */
export interface StoreRig {
  /** How the caches that meet the fault are configured: through the proxies, with short deadlines. */
  readonly config: CacheConfig;
  /** How a cache is configured that prepares: healthy at that moment. */
  readonly seederConfig: CacheConfig;
  /** What stands in front of the servers that the fault concerns: one of many, where there are many. */
  readonly proxies: readonly FaultProxy[];
  /** What stands in front of all servers. */
  readonly allProxies: readonly FaultProxy[];
  /** Whether every key is on a server that the fault concerns. */
  readonly concernsAllKeys: boolean;
  /** Whether the fault that the rig is for loses data that would be kept elsewhere. Default: no. */
  readonly losesData?: boolean | undefined;
  /** How many Redis keys or items whose text holds `text` the servers have that the fault concerns. */
  countKeys(text: string): Promise<number>;
  /** Waits until what was written is where it must be to survive a failover. */
  settle?(): Promise<void>;
  /** Ends the rig. */
  stop(): Promise<void>;
}

/** A rig on which a fault of the server itself can be brought about. */
export interface BreakableRig extends StoreRig {
  /** Brings the fault about. */
  breakServer(): Promise<void>;
  /** Ends it: an operator mended the server. */
  mendServer(): Promise<void>;
}
