import type { TraceOrigin } from "../../events/call-tracer.ts";

/**
 * Upper bounds of the buckets, in seconds: from 1 µs to 10 s, three a decade.
 *
 * One scale for all, because the same call takes 2 µs in memory, 80 µs on this machine, 1 ms in a data centre and 5 s at a deadline. Steps of 2 to 2.5 keep the error of a
 * quantile that Prometheus interpolates below that factor, and 22 bounds keep a histogram at 25 series; ratios of 1.5 would give the double for little.
 */
export const DURATION_BOUNDS_SECONDS: readonly number[] = [
  ...[0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005],
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];

/** A measurement that points at the trace in which it was taken. */
export interface Exemplar {
  readonly origin: TraceOrigin;
  /** In seconds. */
  readonly value: number;
  /** Instant in seconds since the epoch. */
  readonly observedAt: number;
}

/**
 * Durations by bucket, in plain arrays: observing one is a search of five steps and three additions and allocates nothing without an origin. What Prometheus shows
 * (running sums, labels) is made when it asks.
 */
export class DurationHistogram {
  /** Durations up to each bound and above the one before it; the last place: above all bounds. */
  readonly #counts = new Float64Array(DURATION_BOUNDS_SECONDS.length + 1);
  #sumSeconds = 0;
  #exemplars: (Exemplar | undefined)[] | undefined;

  /** Counts one duration, in ms. What is no number or negative counts as 0: a clock that is odd must not make the sum `NaN` for ever. */
  observe(durationMs: number, origin?: TraceOrigin): void {
    const seconds = durationMs > 0 ? durationMs / 1_000 : 0;
    const place = placeOf(seconds);
    this.#counts[place] = (this.#counts[place] as number) + 1;
    this.#sumSeconds += seconds;
    if (origin === undefined) return;
    this.#exemplars ??= [];
    this.#exemplars[place] = { origin, value: seconds, observedAt: Date.now() / 1_000 };
  }

  /** Sum of all durations, in seconds. */
  get sumSeconds(): number {
    return this.#sumSeconds;
  }

  /** Durations up to each bound, the last for all, as Prometheus wants them: each holds those before it. O(buckets). */
  cumulativeCounts(): readonly number[] {
    let sum = 0;
    return Array.from(this.#counts, (count) => {
      sum += count;
      return sum;
    });
  }

  /** The last measurement with a trace in a bucket. */
  exemplarAt(place: number): Exemplar | undefined {
    return this.#exemplars?.[place];
  }
}

/** The first bucket whose bound is not below the duration. */
function placeOf(seconds: number): number {
  let low = 0;
  let high = DURATION_BOUNDS_SECONDS.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((DURATION_BOUNDS_SECONDS[middle] as number) < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}
