import { TRACING_FIELDS, type TracingConfig, type TracingProvider } from "./sections/tracing-config.ts";

/** How spans are sent: the protobuf of OTLP over HTTP or gRPC, or Zipkin's JSON over HTTP. */
export type TracingProtocol = "otlp-http" | "otlp-grpc" | "zipkin";

/** {@link TracingConfig} with defaults filled in. */
export interface ResolvedTracing {
  /** Jaeger takes OTLP, too. */
  readonly protocol: TracingProtocol;
  /** Where spans are posted to. */
  readonly url: string;
  readonly serviceName: string;
  readonly sampleRatio: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Fields that only a tracer provider which is set up for them can honour, of those that were given. */
  readonly providerFields: readonly string[];
}

/** Port and path of each protocol. */
const PLACES = {
  otlp: { port: 4318, path: "/v1/traces" },
  zipkin: { port: 9411, path: "/api/v2/spans" },
} as const;
/** The port at which receivers of OTLP speak gRPC, and nothing else. */
const OTLP_GRPC_PORT = "4317";

/** Settings of a tracing section whose values and combinations are allowed; `undefined`: nothing is traced. */
export function resolveTracing(tracing: TracingConfig): ResolvedTracing | undefined {
  if (tracing.enabled !== true) return undefined;
  const { enabled: _, ...ofProvider } = tracing;
  const { provider = TRACING_FIELDS.provider.default as TracingProvider } = tracing;
  const place = PLACES[provider === "zipkin" ? "zipkin" : "otlp"];
  const url = new URL(endpointUrl(tracing.endpoint ?? `localhost:${place.port}`));
  const protocol = provider === "zipkin" ? "zipkin" : url.port === OTLP_GRPC_PORT ? "otlp-grpc" : "otlp-http";
  if (url.pathname === "/" && protocol !== "otlp-grpc") url.pathname = place.path;
  return Object.freeze({
    protocol,
    url: url.href,
    serviceName: tracing.serviceName ?? (TRACING_FIELDS.serviceName.default as string),
    sampleRatio: tracing.sampleRate ?? (TRACING_FIELDS.sampleRate.default as number),
    headers: Object.freeze({ ...tracing.headers }),
    providerFields: Object.entries(ofProvider).flatMap(([name, value]) => (value === undefined ? [] : [name])),
  });
}

/** The endpoint as a URL, as it was written: an address alone is HTTP, and `:port` this machine. */
export function endpointUrl(endpoint: string): string {
  if (/^https?:\/\//.test(endpoint)) return endpoint;
  return `http://${endpoint.startsWith(":") ? "localhost" : ""}${endpoint}`;
}
