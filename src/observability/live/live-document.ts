import type { CacheStats } from "../../cache/stats.ts";
import type { LoadOutcome } from "../../events/cache-events.ts";
import type { CallOutcome } from "../../events/call-outcome.ts";
import type { BreakerState } from "../../foundation/circuit-breaker.ts";
import type { LatencySummary } from "./latency-histogram.ts";
import type { SlowCall } from "./slowest-calls.ts";

/** What happened in about one second. Counts are of that second, `keyCount` and `memoryUsage` are as at its end. */
export interface LiveSecond {
  /** When it ended, in ms since the epoch. */
  readonly at: number;
  /** How long it was, in ms: more than 1,000 when the process was busy. Divide counts by it for a rate. */
  readonly durationMs: number;
  readonly hits: number;
  readonly misses: number;
  readonly sets: number;
  readonly deletes: number;
  readonly evictions: number;
  readonly loads: number;
  readonly loadFailures: number;
  readonly staleServed: number;
  readonly keyCount: number;
  readonly memoryUsage: number;
  /** Calls to the store that ended, without reads that memory answered at once. */
  readonly calls: number;
  /** Those of them that did not end `ok`. */
  readonly callErrors: number;
  /** Latencies of the calls; `null` when there were none. */
  readonly latency: LatencySummary | null;
}

/** Calls of one kind in the last minute. */
export interface LiveOperation extends LatencySummary {
  /** For example `"get"`; `"other"` stands for all that were too many to be told apart. */
  readonly operation: string;
  readonly backend: string;
  readonly errorCount: number;
  /** Calls a second. */
  readonly perSecond: number;
}

/** One server of a store, as its events tell. */
export interface LiveServer {
  readonly backend: string;
  readonly node: string;
  /** `null`: nothing was told of it. */
  readonly connection: "connected" | "lost" | null;
  readonly breaker: BreakerState | null;
  /** When it last changed, in ms since the epoch. */
  readonly changedAt: number;
}

/** A key that is read often. */
export interface HotKey {
  /** At most 256 characters of it. */
  readonly key: string;
  readonly namespace: string;
  /** Part of all reads, 0 to 1; at most `errorRatio` too high. */
  readonly ratio: number;
  readonly errorRatio: number;
  /** Part of its reads that were hits, 0 to 1. */
  readonly hitRatio: number;
}

/** The keys that are read most. They are counted only while somebody watches. */
export interface HotKeys {
  /** Whether reads are counted now. */
  readonly isWatching: boolean;
  /** One of so many reads is counted. */
  readonly sampledOneIn: number;
  /** About how many reads the ratios rest on; older ones count less. */
  readonly readCount: number;
  readonly keys: readonly HotKey[];
}

/** A slow call to a store. Events of calls do not name the key. */
export interface SlowStoreCall extends SlowCall {
  readonly operation: string;
  readonly backend: string;
  readonly outcome: CallOutcome;
}

/** A slow load. */
export interface SlowLoad extends SlowCall {
  /** At most 256 characters of it. */
  readonly key: string;
  readonly namespace: string;
  readonly outcome: LoadOutcome;
}

/** Something worth telling that happened. */
export interface LiveEvent {
  /** Counts up; tells events apart. */
  readonly id: number;
  /** When it happened last, in ms since the epoch. */
  readonly at: number;
  /** How often it happened in a row, less than 10 s apart. */
  readonly count: number;
  /** The event's name, for example `"breaker"`. */
  readonly name: string;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}

/** What `GET /v1/live` tells: the state of a cache and what happened in it lately. */
export interface LiveDocument {
  /** In ms since the epoch. */
  readonly at: number;
  /** Path of the cache's own namespace, `""` for the root. */
  readonly name: string;
  /** The store's name, of several tiers the last. */
  readonly backend: string;
  /** Name of the tier that answers at once; `null` where none does. */
  readonly nearTier: string | null;
  /** `cache.stats()`. */
  readonly stats: CacheStats;
  /** The last whole second; `null` in the first. */
  readonly second: LiveSecond | null;
  /** Calls to the store in the last minute, most frequent first. */
  readonly operations: readonly LiveOperation[];
  readonly loads: {
    readonly runningCount: number;
    /** Breaker that keeps loads from asking a failing store; `null` where there is none. */
    readonly breaker: BreakerState | null;
    /** Loads that ended in the last minute; `null` when there were none. */
    readonly latency: LatencySummary | null;
  };
  /** Servers that events named, latest change first. */
  readonly servers: readonly LiveServer[];
  readonly hotKeys: HotKeys;
  /** Slowest calls of the last five minutes. */
  readonly slowCalls: readonly SlowStoreCall[];
  /** Slowest loads of the last five minutes. */
  readonly slowLoads: readonly SlowLoad[];
  /** Latest first. */
  readonly events: readonly LiveEvent[];
  /** The last five minutes, oldest first; only in a document that was asked for by itself, and in the first of a stream. */
  readonly history?: readonly LiveSecond[];
}
