import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { CacheConfig } from "../../../src/config/cache-config.ts";
import type { FaultProxy } from "../support/fault-proxy.ts";

/** The stores of the matrix. */
export const STORE_NAMES = ["redis", "redis-cluster", "redis-sentinel", "redis-sharded", "memcached"] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** The deadlines that a cache of the matrix is given. */
export interface MatrixLimits {
  /** How long the store's client waits for a connection, for one to be free, for a reply: each. */
  readonly storeMs: number;
  /** How long the cache waits for a step of the store: more, for the store must end a call first. */
  readonly cacheMs: number;
  /** How often a call that may be sent again is sent again. */
  readonly retryCount: number;
}

/** Short, so that the matrix is quick; asserted to within {@link DEADLINE_TOLERANCE_MS}. For a machine at rest. */
const SHORT_LIMITS: MatrixLimits = { storeMs: 250, cacheMs: 400, retryCount: 1 };
/** How much longer they may become on a machine that is busy. */
const MAX_STRETCH = 6;
/** A loop that is this late is that of a machine at rest. */
const RESTING_LATE_MS = 15;
/** For each attempt. A machine that is busy and looked at rest for so short a time gets a second one. */
const CALIBRATION_MS = 100;

/**
 * Deadlines that this machine can keep now: by how late its event loop is when there is nothing to do.
 *
 * @param attempt longer for each: a server may be kept waiting that this process cannot see
 */
export async function measureShortLimits(attempt: number): Promise<MatrixLimits> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  await delay(attempt * CALIBRATION_MS);
  loop.disable();
  const stretch = Math.min(MAX_STRETCH, attempt * Math.max(1, loop.max / 1e6 / RESTING_LATE_MS));
  const stretched = (durationMs: number): number => Math.round(durationMs * stretch);
  return { ...SHORT_LIMITS, storeMs: stretched(SHORT_LIMITS.storeMs), cacheMs: stretched(SHORT_LIMITS.cacheMs) };
}

/** For faults under which everything arrives: a machine that is busy must not make them look like others. */
export const LONG_LIMITS: MatrixLimits = { storeMs: 5_000, cacheMs: 8_000, retryCount: 100 };
/** How late a call may settle, beside what the event loop was late. */
export const DEADLINE_TOLERANCE_MS = 20;
/** How long `close()` may wait for what runs. */
const CLOSE_MS = 250;

/** The cache's own deadlines. */
export function cacheDeadlines({ cacheMs }: MatrixLimits): NonNullable<CacheConfig["deadlines"]> {
  return { connect: cacheMs, read: cacheMs, write: cacheMs, health: cacheMs, close: CLOSE_MS };
}

/** Timeouts of a Redis client. */
export function redisTimeouts({ storeMs, retryCount }: MatrixLimits): NonNullable<CacheConfig["redis"]> {
  return {
    dialTimeout: storeMs,
    readTimeout: storeMs,
    writeTimeout: storeMs,
    poolTimeout: storeMs,
    minRetryBackoff: 5,
    maxRetryBackoff: 40,
    maxRetries: retryCount,
  };
}

/** Servers of one shape, with proxies in front of them, and what can be done to them. */
export interface StoreRig {
  /** How the caches that meet the fault are configured: through the proxies. */
  config(limits: MatrixLimits): CacheConfig;
  /** How a cache is configured that prepares: healthy at that moment. */
  seederConfig(limits: MatrixLimits): CacheConfig;
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
  /** Before that: the server answers nothing any more, so that requests are under way when it dies. */
  freezeServer?(): void;
  /** Brings the fault about. */
  breakServer(): Promise<void>;
  /** Ends it: an operator mended the server. */
  mendServer(): Promise<void>;
}

/** What a rig does to its servers and back. */
export type ServerFault = Pick<BreakableRig, "freezeServer" | "breakServer" | "mendServer">;
