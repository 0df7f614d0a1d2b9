import type { Buffer } from "node:buffer";
import { loadSync, type MethodDefinition } from "@grpc/proto-loader";

/** A value of an attribute as `AnyValue` has it. */
export type OtlpValue = Readonly<Record<string, unknown>>;

/** An attribute. */
export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

/** A span as a library for Protocol Buffers reads it: field names of the `.proto`, ids as bytes, instants as texts, enums as words. */
export interface OtlpSpan {
  readonly trace_id: Buffer;
  readonly span_id: Buffer;
  readonly parent_span_id: Buffer;
  readonly trace_state: string;
  readonly name: string;
  readonly kind: string;
  readonly start_time_unix_nano: string;
  readonly end_time_unix_nano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly message: string; readonly code: string };
}

/** A request. */
export interface OtlpRequest {
  readonly resource_spans: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scope_spans: ReadonlyArray<{
      readonly scope: { readonly name: string };
      readonly spans: readonly OtlpSpan[];
    }>;
  }>;
}

/** The service of OTLP for traces, as a library for Protocol Buffers reads it: an encoding that knows nothing of the package's own. */
export function loadOtlp(): { readonly Export: MethodDefinition<OtlpRequest, object> } {
  const file = new URL("../../../examples/microservices/otlp-traces.proto", import.meta.url).pathname;
  const definition = loadSync(file, {
    longs: String,
    enums: String,
    keepCase: true,
    oneofs: true,
    arrays: true,
    objects: true,
    defaults: true,
  });
  return definition["opentelemetry.proto.collector.trace.v1.TraceService"] as never;
}
