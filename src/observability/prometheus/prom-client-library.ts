import { loadDependency, type OptionalDependency } from "../../foundation/optional-dependency.ts";

/** One line of a metric, as prom-client's registry renders it. */
export interface MetricLine {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Default: the metric's name. */
  readonly metricName?: string | undefined;
  readonly exemplar?: ExemplarLine | undefined;
}

/** What OpenMetrics shows behind a line. */
export interface ExemplarLine {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** In seconds since the epoch. */
  readonly timestamp: number;
}

/** A metric with its lines. */
export interface RenderedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly aggregator: string;
  readonly values: readonly MetricLine[];
}

/** What prom-client's registry asks of a metric that is registered. */
export interface RegistryMetric {
  readonly name: string;
  get(): Promise<RenderedMetric>;
  reset(): void;
}

/** A registry of prom-client, as far as it is used: any `Registry` of prom-client 15 is one. */
export interface PrometheusRegistry {
  /** That of the text format, or of OpenMetrics. */
  readonly contentType: string;
  /** Everything that is registered, as text. */
  metrics(): Promise<string>;
  // Their parameters are prom-client's own types, which are not imported: the compiler takes any of it for methods that are declared so.
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

/** The library, as far as it is used. */
export interface PromClientLibrary {
  readonly Registry: new (contentType?: string) => PrometheusRegistry;
  /** The default registry, where libraries put what an application shows. */
  readonly register: PrometheusRegistry;
}

/** Content type of OpenMetrics, which can show exemplars. */
export const OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** Versions that work. */
export const PROM_CLIENT_RANGE = "^15.1.3";

const PROM_CLIENT: OptionalDependency<PromClientLibrary> = {
  name: "prom-client",
  purpose: "Metrics for Prometheus",
  range: PROM_CLIENT_RANGE,
  load: async () => {
    const module = (await import("prom-client")) as unknown as PromClientLibrary & { default?: PromClientLibrary };
    // A CommonJS package: what Node does not find by reading it stands in `default`.
    return module.default ?? module;
  },
};

/**
 * Loads prom-client.
 *
 * @throws DependencyError `GCX_DEPENDENCY_MISSING`
 */
export function loadPromClient(): Promise<PromClientLibrary> {
  return loadDependency(PROM_CLIENT);
}
