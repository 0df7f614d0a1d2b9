import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { refuse } from "./rule.ts";

/** Settings of metrics that nobody keeps, or of a server that is not there. */
export function checkPrometheus({ prometheus }: CacheConfig): readonly Problem[] {
  if (prometheus === undefined || prometheus.enabled === false) return [];
  if (prometheus.enabled === undefined) {
    const [name] = Object.keys(prometheus);
    if (name === undefined) return [];
    const message = `prometheus.${name} has no effect without prometheus.enabled. Set it to true, or to false to keep it for later.`;
    return [refuse(`prometheus.${name}`, message)];
  }
  if (prometheus.path === undefined || prometheus.port !== undefined) return [];
  const message =
    "prometheus.path is the path on the server of prometheus.port, and there is no port. Set prometheus.port, or leave the path to the server that shows prom-client's default registry.";
  return [refuse("prometheus.path", message)];
}
