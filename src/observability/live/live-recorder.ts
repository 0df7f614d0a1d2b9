import type { Cache } from "../../cache/cache.ts";
import { type CacheObservation, observeCache } from "../../cache/observe-cache.ts";
import type { CacheStats } from "../../cache/stats.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { RandomSource } from "../../foundation/random-source.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import { EventLog } from "./event-log.ts";
import { HotKeyWatch } from "./hot-key-watch.ts";
import type { LiveDocument, LiveSecond, SlowLoad, SlowStoreCall } from "./live-document.ts";
import { OperationRates } from "./operation-rates.ts";
import { ServerStates } from "./server-states.ts";
import { cutKey } from "./shown-key.ts";
import { SlidingLatencies } from "./sliding-latencies.ts";
import { SlowestCalls } from "./slowest-calls.ts";

const SECOND_MS = 1_000;
/** Five minutes: long enough to see what an incident changed, and 300 records of some 200 bytes. */
const HISTORY_SECONDS = 300;
const LOAD_WINDOW_COUNT = 60;
const SLOW_CALL_COUNT = 10;
const EVENT_COUNT = 100;

/** What a recorder is made of. */
export interface LiveRecorderOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
}

/**
 * Remembers what a cache did in the last five minutes, second by second, for people who look at it. Memory is bounded whatever the cache does.
 *
 * Without watchers it listens to calls of the store, loads and rare events, and reads `stats()` once a second: a hit in memory is not told of and costs
 * nothing more. While somebody watches, it also listens to hits and misses, see {@link HotKeyWatch}.
 */
export class LiveRecorder {
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  /** Undefined for a cache that somebody wrapped: then only what its own methods tell is known. */
  readonly #observation: CacheObservation | undefined;
  readonly #operations = new OperationRates();
  readonly #loads = new SlidingLatencies(LOAD_WINDOW_COUNT);
  readonly #slowCalls = new SlowestCalls<SlowStoreCall>(SLOW_CALL_COUNT, HISTORY_SECONDS * SECOND_MS);
  readonly #slowLoads = new SlowestCalls<SlowLoad>(SLOW_CALL_COUNT, HISTORY_SECONDS * SECOND_MS);
  readonly #events: EventLog;
  readonly #servers: ServerStates;
  readonly #hotKeys: HotKeyWatch;
  readonly #watchers = new Set<() => void>();
  /** Oldest first. */
  readonly #history: LiveSecond[] = [];
  #stops: (() => void)[] = [];
  #tick: ScheduledTask | undefined;
  #lastStats: CacheStats | undefined;
  #lastAtMs = 0;

  constructor({ cache, clock, scheduler, random }: LiveRecorderOptions) {
    this.#cache = cache;
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#observation = observationOf(cache);
    this.#events = new EventLog(EVENT_COUNT, () => clock.wallMs());
    this.#servers = new ServerStates(() => clock.wallMs());
    this.#hotKeys = new HotKeyWatch(cache, random);
  }

  /** Begins to listen and to count seconds. Repeatable. */
  start(): void {
    if (this.#tick !== undefined) return;
    const clock = this.#clock;
    this.#stops = [
      this.#events.listenTo(this.#cache),
      this.#servers.listenTo(this.#cache),
      this.#cache.on("operation", (call) => {
        this.#operations.record(call);
        if (this.#slowCalls.wants(call.durationMs)) this.#slowCalls.add({ ...call, at: clock.wallMs() });
      }),
      this.#cache.on("load", ({ key, namespace, outcome, durationMs }) => {
        this.#loads.record(durationMs, outcome === "failed" || outcome === "timed-out");
        if (this.#slowLoads.wants(durationMs)) {
          this.#slowLoads.add({ key: cutKey(key), namespace, outcome, durationMs, at: clock.wallMs() });
        }
      }),
    ];
    this.#lastStats = this.#readStats();
    this.#lastAtMs = this.#clock.monotonicMs();
    this.#schedule();
  }

  /** Stops listening and counting; watchers are told of nothing any more. Repeatable. */
  close(): void {
    this.#tick?.cancel();
    this.#tick = undefined;
    this.#hotKeys.stop();
    this.#watchers.clear();
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  /**
   * Calls back after each second, and counts hot keys until nobody watches any more.
   *
   * @returns what ends it
   */
  watch(onSecond: () => void): () => void {
    // A function of its own, so that one that watches twice counts twice.
    const watcher = (): void => onSecond();
    this.#watchers.add(watcher);
    this.#hotKeys.start();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#hotKeys.stop();
    };
  }

  /** What is known now. O(namespaces + calls of the last minute in distinct buckets). @param withHistory whether every second of the last five minutes is in it */
  document(withHistory: boolean): LiveDocument {
    const observation = this.#observation;
    const stats = this.#readStats();
    return {
      at: this.#clock.wallMs(),
      name: observation?.name ?? "",
      backend: observation?.backend ?? stats.tiers.at(-1)?.name ?? "unknown",
      nearTier: observation?.nearTier ?? null,
      stats,
      second: this.#history.at(-1) ?? null,
      operations: this.#operations.list(),
      loads: {
        runningCount: observation?.runningLoadCount() ?? 0,
        breaker: observation?.breakerState() ?? null,
        latency: this.#loads.summary() ?? null,
      },
      servers: this.#servers.list(),
      hotKeys: this.#hotKeys.list(),
      slowCalls: this.#slowCalls.list(),
      slowLoads: this.#slowLoads.list(),
      events: this.#events.list(),
      ...(withHistory ? { history: [...this.#history] } : {}),
    };
  }

  /** A wrapper that throws must not end the process from a timer: then nothing has happened. */
  #readStats(): CacheStats {
    try {
      return this.#cache.stats();
    } catch (error) {
      if (this.#lastStats === undefined) throw error;
      return this.#lastStats;
    }
  }

  #schedule(): void {
    this.#tick = this.#scheduler.after(SECOND_MS, () => {
      this.#closeSecond();
      this.#schedule();
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  #closeSecond(): void {
    const nowMs = this.#clock.monotonicMs();
    const at = this.#clock.wallMs();
    const durationMs = Math.max(1, nowMs - this.#lastAtMs);
    const stats = this.#readStats();
    const before = this.#lastStats ?? stats;
    const calls = this.#operations.roll(durationMs);
    this.#loads.roll();
    this.#hotKeys.roll();
    this.#slowCalls.expire(at);
    this.#slowLoads.expire(at);
    this.#history.push({
      at,
      durationMs,
      hits: stats.hits - before.hits,
      misses: stats.misses - before.misses,
      sets: stats.sets - before.sets,
      deletes: stats.deletes - before.deletes,
      // The nearest tier's count begins anew where a store is replaced.
      evictions: Math.max(0, stats.evictions - before.evictions),
      loads: stats.loads - before.loads,
      loadFailures: stats.loadFailures - before.loadFailures,
      staleServed: stats.staleServed - before.staleServed,
      keyCount: stats.keyCount,
      memoryUsage: stats.memoryUsage,
      calls: calls?.count ?? 0,
      callErrors: calls?.errorCount ?? 0,
      latency: calls ?? null,
    });
    if (this.#history.length > HISTORY_SECONDS) this.#history.shift();
    this.#lastStats = stats;
    this.#lastAtMs = nowMs;
  }
}

function observationOf(cache: Cache): CacheObservation | undefined {
  try {
    return observeCache(cache);
  } catch {
    return undefined;
  }
}
