import type { Cache } from "./cache/cache.ts";
import type { CacheAttachment } from "./cache/cache-attachment.ts";
import type { ResolvedConfig } from "./config/resolve-config.ts";
import type { ResolvedPrometheusConfig } from "./config/resolve-prometheus.ts";
import { createTracing } from "./create-tracing.ts";
import { ConfigError } from "./foundation/errors.ts";
import { findLabelProblem } from "./observability/prometheus/prometheus-options.ts";
import type { ChangeableParts } from "./reconfigure-cache.ts";

/**
 * Makes what the sections `prometheus`, `tracing` and `logging` of a configuration ask for. Loads nothing yet: what watches a cache is loaded with its first call.
 *
 * @param cacheOf the cache, once it is there
 * @param parts gets those that can change later
 * @throws ConfigError `GCX_CONFIG_INVALID` for labels that Prometheus does not allow
 */
export function createObservers(
  config: ResolvedConfig,
  cacheOf: () => Cache,
  parts: ChangeableParts,
): readonly CacheAttachment[] {
  const { logging, prometheus } = config;
  if (prometheus !== undefined) assertLabels(prometheus);
  const observers: readonly (CacheAttachment | undefined)[] = [
    logging &&
      createObserver("Logs", async () => {
        const { openLog } = await import("./observability/logging/open-log.ts");
        const log = await openLog(cacheOf(), logging);
        parts.log = log;
        return log;
      }),
    prometheus &&
      createObserver("Metrics", async () =>
        (await import("./observability/prometheus/open-configured-metrics.ts")).openConfiguredMetrics(
          cacheOf(),
          prometheus,
        ),
      ),
    createTracing(config, cacheOf),
  ];
  return observers.filter((observer) => observer !== undefined);
}

/** Something that is loaded and begun by `open`, once unless it fails, and ended by its own `close`. */
function createObserver(name: string, begin: () => Promise<{ close(): Promise<void> }>): CacheAttachment {
  let opening: Promise<{ close(): Promise<void> }> | undefined;
  return {
    name,
    async open() {
      opening ??= begin();
      try {
        await opening;
      } catch (error) {
        opening = undefined;
        throw error;
      }
    },
    async close() {
      // Also one that is still being opened: it would stay open for ever. One that failed has nothing to close.
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}

function assertLabels({ labels }: ResolvedPrometheusConfig): void {
  const problem = findLabelProblem(labels);
  if (problem !== undefined) throw new ConfigError("GCX_CONFIG_INVALID", "prometheus.labels", `prometheus.${problem}`);
}
