import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { endpointUrl } from "../resolve-tracing.ts";
import { refuse } from "./rule.ts";

/** Where spans go must be a place that takes them. */
export function checkTracing({ tracing }: CacheConfig): readonly Problem[] {
  if (tracing === undefined || tracing.enabled === false) return [];
  if (tracing.enabled === undefined) {
    const [name] = Object.keys(tracing);
    if (name === undefined) return [];
    const message = `tracing.${name} has no effect without tracing.enabled. Set it to true, or to false to keep tracing for later.`;
    return [refuse(`tracing.${name}`, message)];
  }
  const { endpoint } = tracing;
  if (endpoint === undefined || (!endpoint.startsWith("/") && URL.canParse(endpointUrl(endpoint)))) return [];
  const message = "tracing.endpoint is no place that spans can be sent to. Use a URL, or host:port.";
  return [refuse("tracing.endpoint", message)];
}
