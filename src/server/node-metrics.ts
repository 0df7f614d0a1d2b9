import type { Cache } from "../cache/cache.ts";
import { DependencyError } from "../foundation/errors.ts";
import type { MetricsText } from "../observability/prometheus/prometheus-metrics.ts";
import type { MetricNaming } from "../observability/prometheus/prometheus-options.ts";

/** Gives a node's metrics as text; `accept` is the header of who asks. */
export type NodeMetrics = (accept: string | undefined) => Promise<MetricsText>;

/**
 * Begins to count what a cache does, for `/metrics` of a node, until the cache is closed. A node works without prom-client as well: who asks for its metrics is then told what
 * to install.
 */
export async function openNodeMetrics(cache: Cache, naming: MetricNaming): Promise<NodeMetrics> {
  try {
    // As caches that are configured so load it: imported at once, the bundler would put it into the command line's file, and those caches would run that.
    const { negotiatedMetrics } = await import("../observability/prometheus/negotiated-metrics.ts");
    const { metrics } = await negotiatedMetrics(cache, naming);
    return metrics;
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    return () => Promise.reject(error);
  }
}
