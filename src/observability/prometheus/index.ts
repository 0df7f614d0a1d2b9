export type { PrometheusRegistry } from "./prom-client-library.ts";
export type { MetricsText, PrometheusMetrics } from "./prometheus-metrics.ts";
export { prometheusMetrics } from "./prometheus-metrics.ts";
export type { MetricNaming, PrometheusOptions } from "./prometheus-options.ts";
