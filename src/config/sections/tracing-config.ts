import type { FieldTable } from "../field.ts";
import { NAME, PATH } from "../field-limits.ts";
import { ENDPOINT } from "../text-pattern.ts";

/** What `provider` may be called. */
export type TracingProvider = "otlp" | "zipkin" | "jaeger";

/** Traces for OpenTelemetry. */
export interface TracingConfig {
  /** Whether operations leave spans. Default: `false`. Not available yet. */
  readonly enabled?: boolean | undefined;
  /**
   * The protocol in which spans are sent. Default: `"otlp"`. Range: "otlp", "zipkin" or "jaeger". Not available yet.
   */
  readonly provider?: TracingProvider | undefined;
  /**
   * Where spans are sent to. Default: the provider's usual address on this machine. Range: a URL such as
   * "http://localhost:4318", or an address such as "localhost:4317". Not available yet.
   */
  readonly endpoint?: string | undefined;
  /**
   * Name of your service in the traces. Default: `"gocachex"`. Range: a text of 1 to 1024 characters. Not available
   * yet.
   */
  readonly serviceName?: string | undefined;
  /**
   * Share of the traces that begin here which are kept: 1 all, 0 none. Default: `1`. Range: a number from 0 to 1. Not
   * available yet.
   */
  readonly sampleRate?: number | undefined;
  /** Headers sent with the spans, such as an access token. Default: none. Not available yet. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Rows of the section `tracing`. */
export const TRACING_FIELDS: FieldTable<TracingConfig> = {
  enabled: { kind: "boolean", doc: "Whether operations leave spans.", default: false, support: "planned" },
  provider: {
    kind: "enum",
    doc: "The protocol in which spans are sent.",
    default: "otlp",
    values: ["otlp", "zipkin", "jaeger"],
    support: "planned",
  },
  endpoint: {
    ...PATH,
    doc: "Where spans are sent to.",
    defaultDoc: "the provider's usual address on this machine",
    pattern: ENDPOINT,
    support: "planned",
  },
  serviceName: {
    ...NAME,
    doc: "Name of your service in the traces.",
    default: "gocachex",
    support: "planned",
  },
  sampleRate: {
    kind: "ratio",
    doc: "Share of the traces that begin here which are kept: 1 all, 0 none.",
    default: 1,
    support: "planned",
  },
  headers: {
    kind: "text-map",
    doc: "Headers sent with the spans, such as an access token.",
    defaultDoc: "none",
    secret: true,
    support: "planned",
  },
};
