import type { Cache } from "../../cache/cache.ts";
import { startMetricsServer } from "./metrics-server.ts";
import { negotiatedMetrics } from "./negotiated-metrics.ts";
import { loadPromClient } from "./prom-client-library.ts";
import { prometheusMetrics } from "./prometheus-metrics.ts";
import type { MetricNaming } from "./prometheus-options.ts";

/** What a configuration asks for. */
export interface ConfiguredMetrics extends MetricNaming {
  /** Port of a server of its own, 0 for any free one; `undefined`: none, the metrics are in prom-client's default registry. */
  readonly port: number | undefined;
  /** Path on that server. */
  readonly path: string;
}

/**
 * Begins what the section `prometheus` of a configuration asks for.
 *
 * @throws DependencyError when prom-client is not installed; ConfigError when the port is taken; InvalidArgumentError when the default registry has such metrics of somebody else
 */
export async function openConfiguredMetrics(
  cache: Cache,
  { port, path, ...naming }: ConfiguredMetrics,
): Promise<{ close(): Promise<void> }> {
  if (port === undefined) {
    const { register } = await loadPromClient();
    const metrics = await prometheusMetrics(cache, { ...naming, registry: register });
    return { close: async () => metrics.close() };
  }
  const metrics = await negotiatedMetrics(cache, naming);
  try {
    const server = await startMetricsServer(metrics, { port, path });
    return {
      close: async () => {
        metrics.close();
        await server.close();
      },
    };
  } catch (error) {
    metrics.close();
    throw error;
  }
}
