import type { FieldTable } from "../field.ts";
import { NAME, PATH } from "../field-limits.ts";
import { ENDPOINT } from "../text-pattern.ts";

/** What `provider` may be called. */
export type TracingProvider = "otlp" | "zipkin" | "jaeger";

/** Traces for OpenTelemetry. */
export interface TracingConfig {
  /**
   * Whether calls to stores and loaders leave spans. They go to the tracer provider that the application has registered
   * with `@opentelemetry/api`; where it has none, one is set up for the process by the other fields, which are errors
   * where it has one. Default: `false`.
   */
  readonly enabled?: boolean | undefined;
  /**
   * The protocol in which spans are sent: `otlp` is protobuf over HTTP, or over gRPC to port 4317; `jaeger` the same, for
   * that is what Jaeger takes; `zipkin` JSON over HTTP. Default: `"otlp"`. Range: "otlp", "zipkin" or "jaeger".
   */
  readonly provider?: TracingProvider | undefined;
  /**
   * Where spans are sent to. Without a path, the provider's own is added: `/v1/traces`, or `/api/v2/spans` for `zipkin`.
   * Default: port 4318 of this machine, 9411 for `zipkin`. Range: a URL such as "http://localhost:4318", or an address
   * such as "localhost:4318".
   */
  readonly endpoint?: string | undefined;
  /** Name of your service in the traces. Default: `"gocachex"`. Range: a text of 1 to 1024 characters. */
  readonly serviceName?: string | undefined;
  /**
   * Share of the traces that begin here which are kept: 1 all, 0 none. Those that began elsewhere are kept as it was
   * decided there. Default: `1`. Range: a number from 0 to 1.
   */
  readonly sampleRate?: number | undefined;
  /** Headers sent with the spans, such as an access token. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Rows of the section `tracing`. */
export const TRACING_FIELDS: FieldTable<TracingConfig> = {
  enabled: {
    kind: "boolean",
    doc: "Whether calls to stores and loaders leave spans. They go to the tracer provider that the application has registered with `@opentelemetry/api`; where it has none, one is set up for the process by the other fields, which are errors where it has one.",
    default: false,
  },
  provider: {
    kind: "enum",
    doc: "The protocol in which spans are sent: `otlp` is protobuf over HTTP, or over gRPC to port 4317; `jaeger` the same, for that is what Jaeger takes; `zipkin` JSON over HTTP.",
    default: "otlp",
    values: ["otlp", "zipkin", "jaeger"],
  },
  endpoint: {
    ...PATH,
    doc: "Where spans are sent to. Without a path, the provider's own is added: `/v1/traces`, or `/api/v2/spans` for `zipkin`.",
    defaultDoc: "port 4318 of this machine, 9411 for `zipkin`",
    pattern: ENDPOINT,
  },
  serviceName: {
    ...NAME,
    doc: "Name of your service in the traces.",
    default: "gocachex",
  },
  sampleRate: {
    kind: "ratio",
    doc: "Share of the traces that begin here which are kept: 1 all, 0 none. Those that began elsewhere are kept as it was decided there.",
    default: 1,
  },
  headers: {
    kind: "text-map",
    doc: "Headers sent with the spans, such as an access token.",
    defaultDoc: "none",
    secret: true,
  },
};
