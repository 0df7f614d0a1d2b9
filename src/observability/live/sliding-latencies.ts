import { LatencyHistogram, type LatencySummary, type SparseLatencies } from "./latency-histogram.ts";

/** One closed window; `undefined` where nothing happened. */
type ClosedWindow = { readonly latencies: SparseLatencies; readonly errorCount: number } | undefined;

/** Durations of the last windows, and how many of them were failures. The caller closes a window, once a second. */
export class SlidingLatencies {
  readonly #windowCount: number;
  readonly #current = new LatencyHistogram();
  #currentErrorCount = 0;
  /** Latest last. */
  readonly #closed: ClosedWindow[] = [];

  /** @param windowCount how many closed windows are kept */
  constructor(windowCount: number) {
    this.#windowCount = windowCount;
  }

  /** Counts a duration in the running window. O(1). */
  record(durationMs: number, isError: boolean): void {
    this.#current.record(durationMs);
    if (isError) this.#currentErrorCount += 1;
  }

  /** Closes the running window. @returns what was in it, `undefined` where nothing happened */
  roll(): (LatencySummary & { readonly errorCount: number }) | undefined {
    const summary = this.#current.summary();
    const errorCount = this.#currentErrorCount;
    this.#currentErrorCount = 0;
    this.#closed.push(summary === undefined ? undefined : { latencies: this.#current.drain(), errorCount });
    if (this.#closed.length > this.#windowCount) this.#closed.shift();
    return summary === undefined ? undefined : { ...summary, errorCount };
  }

  /** Whether nothing happened in any window that is kept. */
  get isEmpty(): boolean {
    return this.#current.count === 0 && this.#closed.every((window) => window === undefined);
  }

  /** What was in the closed windows together; `undefined` where nothing happened. O(windows · buckets in use). */
  summary(): (LatencySummary & { readonly errorCount: number }) | undefined {
    const merged = new LatencyHistogram();
    let errorCount = 0;
    for (const window of this.#closed) {
      if (window === undefined) continue;
      merged.add(window.latencies);
      errorCount += window.errorCount;
    }
    const summary = merged.summary();
    return summary === undefined ? undefined : { ...summary, errorCount };
  }
}
