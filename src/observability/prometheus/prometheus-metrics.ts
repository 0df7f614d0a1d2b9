import type { Cache } from "../../cache/cache.ts";
import { loadTraceApi } from "./active-trace.ts";
import { CacheSource } from "./cache-source.ts";
import { loadPromClient, OPENMETRICS_CONTENT_TYPE, type PrometheusRegistry } from "./prom-client-library.ts";
import { type PrometheusOptions, type ResolvedNaming, resolveNaming } from "./prometheus-options.ts";
import { metricsOfRegistry } from "./registry-metrics.ts";

/** Metrics as an HTTP answer. */
export interface MetricsText {
  /** For the header `Content-Type`. */
  readonly contentType: string;
  readonly body: string;
}

/** Metrics of a cache. */
export interface PrometheusMetrics {
  /** The registry that shows them. */
  readonly registry: PrometheusRegistry;
  /** Everything that the registry has, as text; what other caches and the application registered there as well. */
  metrics(): Promise<MetricsText>;
  /** Takes the cache's metrics out of the registry and ends counting; also done when the cache is closed. Repeatable. */
  close(): void;
}

/**
 * Counts what a cache does, for Prometheus. The metrics are those of the whole cache, whichever of its views is given; `docs/reference/metrics.md` lists them.
 *
 * Hits and misses in memory are read from counts that the cache keeps anyway, so they cost nothing more.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { createCache } from "gocachex";
 * import { prometheusMetrics } from "gocachex/prometheus";
 *
 * const cache = createCache();
 * const metrics = await prometheusMetrics(cache);
 * createServer(async (_request, response) => {
 *   const { contentType, body } = await metrics.metrics();
 *   response.setHeader("Content-Type", contentType).end(body);
 * }).listen(9464, "127.0.0.1");
 * ```
 * @throws DependencyError when prom-client is not installed and no registry was given; InvalidArgumentError `GCX_ARGUMENT_OPTION` for an option that Prometheus does not allow, or
 *   a registry that has such metrics of somebody else; TypeError when it is no cache of this copy of the package
 */
export async function prometheusMetrics(cache: Cache, options: PrometheusOptions = {}): Promise<PrometheusMetrics> {
  const naming = resolveNaming(options);
  const source = new CacheSource(cache);
  try {
    const registry = options.registry ?? new (await loadPromClient()).Registry();
    const traces = await loadTraceApi();
    source.onClose(showSource(source, registry, naming));
    if (traces !== undefined) source.findTraces(traces, () => registry.contentType === OPENMETRICS_CONTENT_TYPE);
    return {
      registry,
      metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
      close: () => source.close(),
    };
  } catch (error) {
    source.close();
    throw error;
  }
}

/**
 * Shows a cache in a registry under a name of its own: a second cache of the same name is `name-2`. The names are as many as caches are counted at a time.
 *
 * @returns a function that takes it away
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` when the registry has such metrics of somebody else
 */
export function showSource(source: CacheSource, registry: PrometheusRegistry, naming: ResolvedNaming): () => void {
  const metrics = metricsOfRegistry(registry, naming.prefix);
  let name = source.name;
  for (let count = 2; metrics.hasCacheLabel(name); count += 1) name = `${source.name}-${count}`;
  return metrics.add({ labels: { cache: name, ...naming.labels }, sample: () => source.sample() });
}
