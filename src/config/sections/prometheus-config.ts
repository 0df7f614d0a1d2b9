import type { FieldTable } from "../field.ts";
import { NAME, PATH, PORT } from "../field-limits.ts";
import { METRIC_NAME, URL_PATH } from "../text-pattern.ts";

/** Metrics for Prometheus. */
export interface PrometheusConfig {
  /** Whether metrics are kept. Default: `false`. Not available yet. */
  readonly enabled?: boolean | undefined;
  /**
   * First part of every metric's name. Default: `"gocachex"`. Range: letters, digits and underscores, not beginning
   * with a digit. Not available yet.
   */
  readonly namespace?: string | undefined;
  /**
   * Second part of every metric's name. Default: none. Range: letters, digits and underscores, not beginning with a
   * digit. Not available yet.
   */
  readonly subsystem?: string | undefined;
  /**
   * Port of a small HTTP server for the metrics; 0 takes a free one. Default: no server of its own. Range: a whole
   * number from 0 to 65535. Not available yet.
   */
  readonly port?: number | undefined;
  /**
   * Path of the metrics on that server. Default: `"/metrics"`. Range: a path that begins with "/". Not available yet.
   */
  readonly path?: string | undefined;
  /** Labels that every metric carries, such as a region. Default: none. Not available yet. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Rows of the section `prometheus`. */
export const PROMETHEUS_FIELDS: FieldTable<PrometheusConfig> = {
  enabled: { kind: "boolean", doc: "Whether metrics are kept.", default: false, support: "planned" },
  namespace: {
    ...NAME,
    doc: "First part of every metric's name.",
    default: "gocachex",
    pattern: METRIC_NAME,
    support: "planned",
  },
  subsystem: {
    ...NAME,
    doc: "Second part of every metric's name.",
    defaultDoc: "none",
    pattern: METRIC_NAME,
    support: "planned",
  },
  port: {
    ...PORT,
    doc: "Port of a small HTTP server for the metrics; 0 takes a free one.",
    defaultDoc: "no server of its own",
    support: "planned",
  },
  path: {
    ...PATH,
    doc: "Path of the metrics on that server.",
    default: "/metrics",
    pattern: URL_PATH,
    support: "planned",
  },
  labels: {
    kind: "text-map",
    doc: "Labels that every metric carries, such as a region.",
    defaultDoc: "none",
    support: "planned",
  },
};
