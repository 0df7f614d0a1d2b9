import type { FieldTable } from "../field.ts";
import { NAME, PATH, PORT } from "../field-limits.ts";
import { METRIC_NAME, URL_PATH } from "../text-pattern.ts";

/** Metrics for Prometheus. */
export interface PrometheusConfig {
  /**
   * Whether metrics are kept. They need the package prom-client; docs/reference/metrics.md lists them. Default: `false`.
   */
  readonly enabled?: boolean | undefined;
  /**
   * First part of every metric's name. Default: `"gocachex"`. Range: letters, digits and underscores, not beginning
   * with a digit.
   */
  readonly namespace?: string | undefined;
  /**
   * Second part of every metric's name. Default: none. Range: letters, digits and underscores, not beginning with a
   * digit.
   */
  readonly subsystem?: string | undefined;
  /**
   * Port of a small HTTP server for the metrics, on 127.0.0.1 only; 0 takes a free one. Default: no server of its own;
   * the metrics are in the default registry of prom-client, and so on the page where the application shows that. Range:
   * a whole number from 0 to 65535.
   */
  readonly port?: number | undefined;
  /**
   * Path of the metrics on that server; it needs port. Default: `"/metrics"`. Range: a path that begins with "/".
   */
  readonly path?: string | undefined;
  /**
   * Labels that every metric of this cache carries, such as a region; none of the metrics' own, such as tier. Default:
   * none.
   */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Rows of the section `prometheus`. */
export const PROMETHEUS_FIELDS: FieldTable<PrometheusConfig> = {
  enabled: {
    kind: "boolean",
    doc: "Whether metrics are kept. They need the package prom-client; docs/reference/metrics.md lists them.",
    default: false,
  },
  namespace: {
    ...NAME,
    doc: "First part of every metric's name.",
    default: "gocachex",
    pattern: METRIC_NAME,
  },
  subsystem: {
    ...NAME,
    doc: "Second part of every metric's name.",
    defaultDoc: "none",
    pattern: METRIC_NAME,
  },
  port: {
    ...PORT,
    doc: "Port of a small HTTP server for the metrics, on 127.0.0.1 only; 0 takes a free one.",
    defaultDoc:
      "no server of its own; the metrics are in the default registry of prom-client, and so on the page where the application shows that",
  },
  path: {
    ...PATH,
    doc: "Path of the metrics on that server; it needs port.",
    default: "/metrics",
    pattern: URL_PATH,
  },
  labels: {
    kind: "text-map",
    doc: "Labels that every metric of this cache carries, such as a region; none of the metrics' own, such as tier.",
    defaultDoc: "none",
  },
};
