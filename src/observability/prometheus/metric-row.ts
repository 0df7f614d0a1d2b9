import type { CacheObservation } from "../../cache/observe-cache.ts";
import type { CacheStats } from "../../cache/stats.ts";
import type { CacheTally } from "./cache-tally.ts";
import type { DurationHistogram } from "./duration-histogram.ts";

/** What a scrape sees of one cache: taken in one step, so that the metrics of a scrape fit each other. */
export interface CacheSample {
  readonly observation: CacheObservation;
  readonly stats: CacheStats;
  readonly tally: CacheTally;
}

/**
 * Labels beside `cache`. Each has few values for the whole life of a process: there is none for keys, namespaces or tags, and none for addresses of servers and peers, which
 * come and go with every deployment where they are containers; `health()`, events and logs have those.
 */
export const METRIC_LABELS = ["tier", "backend", "operation", "outcome", "transport", "state", "reason"] as const;

/** One of {@link METRIC_LABELS}. */
export type MetricLabel = (typeof METRIC_LABELS)[number];

/** Units, as they end a name. */
export type MetricUnit = "seconds" | "bytes" | "none";

interface RowBase {
  /** Without the prefix. Counters end in `_total`. */
  readonly name: string;
  /** One sentence for operators. */
  readonly help: string;
  readonly labels: readonly MetricLabel[];
  readonly unit: MetricUnit;
  /** Where the number comes from, for the reference. */
  readonly source: string;
}

/** Takes a value with the values of the row's labels, in their order. A value that is not known is left out. */
export type AddValue<Value> = (value: Value | undefined, ...labels: readonly string[]) => void;

/** A metric of plain numbers. */
export interface ScalarRow extends RowBase {
  readonly type: "counter" | "gauge";
  /** How the workers of a Node cluster are put together, by prom-client's `AggregatorRegistry`. Default: `"sum"`. */
  readonly aggregator?: "sum" | "max" | "min" | undefined;
  read(sample: CacheSample, add: AddValue<number>): void;
}

/** A metric of durations. */
export interface HistogramRow extends RowBase {
  readonly type: "histogram";
  read(sample: CacheSample, add: AddValue<DurationHistogram>): void;
}

/** One metric: everything about it. */
export type MetricRow = ScalarRow | HistogramRow;
