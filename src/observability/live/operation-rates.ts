import type { CacheEventMap } from "../../events/cache-events.ts";
import type { LatencySummary } from "./latency-histogram.ts";
import type { LiveOperation } from "./live-document.ts";
import { SlidingLatencies } from "./sliding-latencies.ts";

/** Over how many seconds operations are summed up. */
const WINDOW_COUNT = 60;

/** Names of operations and stores are few, but plug-ins bring their own: what is beyond this is counted together. */
const MAX_SERIES_COUNT = 32;

interface Series {
  readonly operation: string;
  readonly backend: string;
  readonly latencies: SlidingLatencies;
}

/** Calls to the store by operation, over the last minute. */
export class OperationRates {
  readonly #series = new Map<string, Series>();
  /** The one of the last call: most calls are like the one before. */
  #last: Series | undefined;
  readonly #all = new SlidingLatencies(1);
  readonly #durationsMs: number[] = [];

  /** Counts a call that ended. O(1). */
  record({ operation, backend, outcome, durationMs }: CacheEventMap["operation"]): void {
    const isError = outcome !== "ok";
    const last = this.#last;
    const isLike = last !== undefined && last.operation === operation && last.backend === backend;
    const series = isLike ? last : this.#seriesOf(operation, backend);
    this.#last = series;
    series.latencies.record(durationMs, isError);
    this.#all.record(durationMs, isError);
  }

  /** Ends a second that was `durationMs` long. @returns all calls of it together */
  roll(durationMs: number): (LatencySummary & { readonly errorCount: number }) | undefined {
    this.#durationsMs.push(durationMs);
    if (this.#durationsMs.length > WINDOW_COUNT) this.#durationsMs.shift();
    for (const [label, { latencies }] of this.#series) {
      latencies.roll();
      if (latencies.isEmpty) this.#series.delete(label);
    }
    this.#last = undefined;
    return this.#all.roll();
  }

  /** Most frequent first. */
  list(): readonly LiveOperation[] {
    const seconds = this.#durationsMs.reduce((sum, durationMs) => sum + durationMs, 0) / 1_000;
    const list: LiveOperation[] = [];
    for (const { operation, backend, latencies } of this.#series.values()) {
      const summary = latencies.summary();
      if (summary !== undefined) list.push({ operation, backend, perSecond: summary.count / seconds, ...summary });
    }
    return list.sort((a, b) => b.count - a.count);
  }

  #seriesOf(operation: string, backend: string): Series {
    const label = `${backend} ${operation}`;
    const known = this.#series.get(label);
    if (known !== undefined) return known;
    if (this.#series.size >= MAX_SERIES_COUNT && operation !== "other") return this.#seriesOf("other", "other");
    const series = { operation, backend, latencies: new SlidingLatencies(WINDOW_COUNT) };
    this.#series.set(label, series);
    return series;
  }
}
