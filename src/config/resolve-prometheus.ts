import { PROMETHEUS_FIELDS, type PrometheusConfig } from "./sections/prometheus-config.ts";

/** {@link PrometheusConfig} with defaults filled in. */
export interface ResolvedPrometheusConfig {
  readonly namespace: string;
  /** `undefined`: none. */
  readonly subsystem: string | undefined;
  /** `undefined`: no server of its own. */
  readonly port: number | undefined;
  readonly path: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The settings of metrics; `undefined` when none are kept. */
export function resolvePrometheus(prometheus: PrometheusConfig | undefined): ResolvedPrometheusConfig | undefined {
  if (prometheus?.enabled !== true) return undefined;
  return Object.freeze({
    namespace: prometheus.namespace ?? (PROMETHEUS_FIELDS.namespace.default as string),
    subsystem: prometheus.subsystem,
    port: prometheus.port,
    path: prometheus.path ?? (PROMETHEUS_FIELDS.path.default as string),
    labels: Object.freeze({ ...prometheus.labels }),
  });
}
