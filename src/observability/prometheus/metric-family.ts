import { DURATION_BOUNDS_SECONDS, type DurationHistogram, type Exemplar } from "./duration-histogram.ts";
import type { CacheSample, HistogramRow, MetricRow, ScalarRow } from "./metric-row.ts";
import {
  type ExemplarLine,
  type MetricLine,
  OPENMETRICS_CONTENT_TYPE,
  type RegistryMetric,
  type RenderedMetric,
} from "./prom-client-library.ts";

/** A cache that a metric shows. */
export interface MetricSource {
  /** Labels of all its lines: `cache`, and those of the user. */
  readonly labels: Readonly<Record<string, string>>;
  /** What is seen of it now; the same for every question of one step. */
  sample(): CacheSample;
}

/**
 * One row of the catalogue for all caches of a registry, in the shape of a metric of prom-client. It holds no numbers: they are read from the caches when the registry asks, so
 * that nothing is counted twice and a hit in memory costs nothing.
 */
export class MetricFamily implements RegistryMetric {
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly aggregator: string;
  readonly #row: MetricRow;
  readonly #fullName: string;
  readonly #sources: Iterable<MetricSource>;
  readonly #contentType: () => string;

  /**
   * @param fullName with the prefix
   * @param sources the caches, which come and go
   * @param contentType the registry's, which may change between two scrapes
   */
  constructor(row: MetricRow, fullName: string, sources: Iterable<MetricSource>, contentType: () => string) {
    this.#row = row;
    this.#fullName = fullName;
    this.#sources = sources;
    this.#contentType = contentType;
    this.help = row.help;
    this.type = row.type;
    this.aggregator = (row.type === "histogram" ? undefined : row.aggregator) ?? "sum";
  }

  /** Its name in the registry. */
  get name(): string {
    return this.#fullName;
  }

  /** prom-client renames counters for OpenMetrics, and does not name them back when the registry's content type changes: {@link MetricFamily.get} does both. */
  set name(_standardized: string) {
    // See above.
  }

  /** Its lines now. Reads the caches in the step in which it is called, so that all metrics of a scrape are of one moment. */
  async get(): Promise<RenderedMetric> {
    const row = this.#row;
    const values = [...this.#sources].flatMap((source) =>
      row.type === "histogram" ? this.#histogramLines(row, source) : scalarLines(row, source),
    );
    const { help, type, aggregator } = this;
    return { name: this.#shownName(), help, type, aggregator, values };
  }

  /** The numbers are those of the caches, which do not begin anew; counters of Prometheus only grow. */
  reset(): void {
    // See above.
  }

  /** In OpenMetrics a counter is named without `_total`, which the registry appends to its lines. */
  #shownName(): string {
    const isOpenMetricsCounter = this.type === "counter" && this.#contentType() === OPENMETRICS_CONTENT_TYPE;
    return isOpenMetricsCounter ? this.#fullName.replace(/_total$/, "") : this.#fullName;
  }

  #histogramLines(row: HistogramRow, source: MetricSource): readonly MetricLine[] {
    const lines: MetricLine[] = [];
    row.read(source.sample(), (histogram, ...values) => {
      if (histogram === undefined) return;
      const labels = { ...source.labels, ...labelsOf(row, values) };
      lines.push(...bucketLines(this.#fullName, labels, histogram));
    });
    return lines;
  }
}

/** Values of the same labels are added up: a series that is there twice makes Prometheus refuse the whole scrape. */
function scalarLines(row: ScalarRow, source: MetricSource): readonly MetricLine[] {
  const sums = new Map<string, { labels: MetricLine["labels"]; value: number }>();
  row.read(source.sample(), (value, ...values) => {
    if (value === undefined) return;
    const id = values.join("\0");
    const known = sums.get(id);
    if (known === undefined) sums.set(id, { labels: { ...source.labels, ...labelsOf(row, values) }, value });
    else known.value += value;
  });
  return [...sums.values()];
}

function labelsOf(row: MetricRow, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(row.labels.map((name, index) => [name, values[index] ?? ""]));
}

function bucketLines(name: string, labels: MetricLine["labels"], histogram: DurationHistogram): readonly MetricLine[] {
  const counts = histogram.cumulativeCounts();
  const buckets = counts.map((value, place) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: DURATION_BOUNDS_SECONDS[place] ?? "+Inf" },
    value,
    exemplar: exemplarLine(histogram.exemplarAt(place)),
  }));
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: histogram.sumSeconds },
    { metricName: `${name}_count`, labels, value: counts.at(-1) as number },
  ];
}

function exemplarLine(exemplar: Exemplar | undefined): ExemplarLine | undefined {
  if (exemplar === undefined) return undefined;
  const { origin, value, observedAt } = exemplar;
  return { labelSet: { trace_id: origin.traceId, span_id: origin.spanId }, value, timestamp: observedAt };
}
