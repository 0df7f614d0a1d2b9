import type { CacheHealth } from "../../cache/health.ts";
import type { CacheStats } from "../../cache/stats.ts";
import type { LiveDocument } from "../../observability/live/live-document.ts";

/** What was asked at one moment. */
export interface TopSample {
  /** Monotonic, in ms. */
  readonly atMs: number;
  /** How long the answer took, in ms. */
  readonly latencyMs: number;
  readonly stats: CacheStats;
  readonly health: CacheHealth;
  /** What the node streams beside: latencies, breakers, hot keys. `undefined` where they are not known. */
  readonly live: LiveDocument | undefined;
}

/** Changes a second between two samples. */
export interface TopRates {
  readonly reads: number;
  readonly sets: number;
  readonly deletes: number;
  readonly evictions: number;
  readonly loads: number;
  readonly loadFailures: number;
  readonly staleServed: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Share of hits between the two; `undefined` without reads. */
  readonly hitRatio: number | undefined;
}

/** All that the screen shows. */
export interface TopView {
  /** What is looked at, for the title. */
  readonly target: string;
  readonly intervalMs: number;
  readonly sample: TopSample;
  /** `undefined` before the second sample. */
  readonly rates: TopRates | undefined;
  /** Reads a second of the last samples, oldest first. */
  readonly history: readonly number[];
  /** Words for a sample that failed; the numbers are then those of the last one that did not. */
  readonly outage: string | undefined;
  readonly isPaused: boolean;
}

/** Samples whose rates are remembered, for the line of reads. */
const HISTORY_COUNT = 240;

/** A view before anything was asked twice. */
export function firstView(target: string, intervalMs: number, sample: TopSample): TopView {
  return { target, intervalMs, sample, rates: undefined, history: [], outage: undefined, isPaused: false };
}

/** The view after another sample. */
export function nextView(view: TopView, sample: TopSample): TopView {
  const rates = ratesBetween(view.sample, sample);
  const history = rates === undefined ? [] : [...view.history, rates.reads].slice(-HISTORY_COUNT);
  return { ...view, sample, rates, history, outage: undefined };
}

/**
 * Changes a second. `undefined` when the cache is another one: its counters begin anew when a node is restarted.
 */
export function ratesBetween(before: TopSample, after: TopSample): TopRates | undefined {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const isAnother = after.stats.uptime < before.stats.uptime;
  if (isAnother || seconds <= 0) return undefined;
  const perSecond = (read: (stats: CacheStats) => number): number =>
    Math.max(0, (read(after.stats) - read(before.stats)) / seconds);
  const hits = perSecond((stats) => stats.hits);
  const reads = perSecond((stats) => stats.hits + stats.misses);
  return {
    reads,
    sets: perSecond((stats) => stats.sets),
    deletes: perSecond((stats) => stats.deletes),
    evictions: perSecond((stats) => stats.evictions),
    loads: perSecond((stats) => stats.loads),
    loadFailures: perSecond((stats) => stats.loadFailures),
    staleServed: perSecond((stats) => stats.staleServed),
    messagesSent: perSecond((stats) => stats.coherence?.messagesSent ?? 0),
    messagesReceived: perSecond((stats) => stats.coherence?.messagesReceived ?? 0),
    hitRatio: reads === 0 ? undefined : hits / reads,
  };
}
