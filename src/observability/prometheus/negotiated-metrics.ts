import type { Cache } from "../../cache/cache.ts";
import { loadTraceApi } from "./active-trace.ts";
import { CacheSource } from "./cache-source.ts";
import { loadPromClient, OPENMETRICS_CONTENT_TYPE, type PrometheusRegistry } from "./prom-client-library.ts";
import { type MetricsText, showSource } from "./prometheus-metrics.ts";
import { type MetricNaming, resolveNaming } from "./prometheus-options.ts";

/** Metrics of one cache alone, in the format that is asked for. */
export interface NegotiatedMetrics {
  /** @param accept the header `Accept`: OpenMetrics, with exemplars, for who takes it; else the text format */
  metrics(accept: string | undefined): Promise<MetricsText>;
  /** Ends counting. Repeatable. */
  close(): void;
}

/**
 * Counts what a cache does and shows it in two registries of its own, one for each format: a registry of prom-client has one at a time.
 *
 * @throws as `prometheusMetrics` does
 */
export async function negotiatedMetrics(cache: Cache, options: MetricNaming): Promise<NegotiatedMetrics> {
  const naming = resolveNaming(options);
  const source = new CacheSource(cache);
  try {
    const { Registry } = await loadPromClient();
    const traces = await loadTraceApi();
    const text = new Registry();
    const open = new Registry(OPENMETRICS_CONTENT_TYPE);
    for (const registry of [text, open]) source.onClose(showSource(source, registry, naming));
    // Not before somebody has asked for it: where nobody reads exemplars, calls need not look for traces.
    let hasOpenReader = false;
    if (traces !== undefined) source.findTraces(traces, () => hasOpenReader);
    return {
      metrics: (accept) => {
        const isOpen = accept?.includes("application/openmetrics-text") === true;
        hasOpenReader ||= isOpen;
        return render(isOpen ? open : text);
      },
      close: () => source.close(),
    };
  } catch (error) {
    source.close();
    throw error;
  }
}

async function render(registry: PrometheusRegistry): Promise<MetricsText> {
  return { contentType: registry.contentType, body: await registry.metrics() };
}
