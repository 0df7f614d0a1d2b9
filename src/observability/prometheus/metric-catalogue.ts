import { CALL_METRICS } from "./call-metrics.ts";
import { COHERENCE_METRICS } from "./coherence-metrics.ts";
import { CONTENT_METRICS } from "./content-metrics.ts";
import { LOAD_METRICS } from "./load-metrics.ts";
import type { MetricRow } from "./metric-row.ts";

/** Every metric, in the order in which they are shown. To add one: one row in the file of its kind; the reference, the output and its checks follow. */
export const METRIC_CATALOGUE: readonly MetricRow[] = [
  ...CONTENT_METRICS,
  ...CALL_METRICS,
  ...LOAD_METRICS,
  ...COHERENCE_METRICS,
];
