import { InvalidArgumentError } from "../../foundation/errors.ts";
import { METRIC_CATALOGUE } from "./metric-catalogue.ts";
import { MetricFamily, type MetricSource } from "./metric-family.ts";
import type { PrometheusRegistry } from "./prom-client-library.ts";

/** The metrics of each registry, by prefix: caches of one registry share them. */
const metricsOfRegistries = new WeakMap<PrometheusRegistry, Map<string, RegistryMetrics>>();

/**
 * The metrics that all caches of a registry share under one prefix. They are in the registry while there is a cache.
 */
export class RegistryMetrics {
  readonly #registry: PrometheusRegistry;
  readonly #families: readonly MetricFamily[];
  readonly #sources = new Set<MetricSource>();

  constructor(registry: PrometheusRegistry, prefix: string) {
    this.#registry = registry;
    this.#families = METRIC_CATALOGUE.map(
      (row) => new MetricFamily(row, `${prefix}_${row.name}`, this.#sources, () => registry.contentType),
    );
  }

  /** The names of caches in use. */
  hasCacheLabel(name: string): boolean {
    return [...this.#sources].some(({ labels }) => labels["cache"] === name);
  }

  /**
   * Shows a cache.
   *
   * @returns a function that takes it away
   * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` when the registry has a metric of one of the names; then nothing of this one is registered
   */
  add(source: MetricSource): () => void {
    const missing = this.#families.filter((family) => this.#registry.getSingleMetric(family.name) !== family);
    const taken = missing.find((family) => this.#registry.getSingleMetric(family.name) !== undefined);
    if (taken !== undefined) throw nameTaken(taken.name);
    // All, also where a cache is shown already: the registry may have been cleared since.
    for (const family of missing) this.#registry.registerMetric(family as never);
    this.#sources.add(source);
    return () => {
      if (this.#sources.delete(source) && this.#sources.size === 0) this.#unregister();
    };
  }

  #unregister(): void {
    for (const family of this.#families) {
      // After a clear, somebody else may have a metric of the name.
      if (this.#registry.getSingleMetric(family.name) === family) this.#registry.removeSingleMetric(family.name);
    }
  }
}

/** The metrics of a registry under a prefix. */
export function metricsOfRegistry(registry: PrometheusRegistry, prefix: string): RegistryMetrics {
  const byPrefix = metricsOfRegistries.get(registry) ?? new Map<string, RegistryMetrics>();
  metricsOfRegistries.set(registry, byPrefix);
  const metrics = byPrefix.get(prefix) ?? new RegistryMetrics(registry, prefix);
  byPrefix.set(prefix, metrics);
  return metrics;
}

function nameTaken(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    "GCX_ARGUMENT_OPTION",
    "registry",
    `The registry has a metric "${name}" that is not of this copy of gocachex. Choose another namespace or subsystem, or another registry.`,
  );
}
