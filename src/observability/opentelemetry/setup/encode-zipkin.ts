import type { EndedSpan, HighTime, SpanValues } from "./ended-span.ts";

/** `SpanKind` as Zipkin calls it; it has no word for what stays in the process. */
const KINDS: readonly (string | undefined)[] = [undefined, "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
/** `SpanStatusCode`. */
const STATUS = ["UNSET", "OK", "ERROR"] as const;

/**
 * Spans as the body of a request to Zipkin: a list in JSON, version 2. It has no place for links and for attributes of events, which are left out.
 *
 * Source: https://zipkin.io/zipkin-api/zipkin2-api.yaml; what becomes of what Zipkin does not know: https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/
 */
export function encodeZipkin(spans: readonly EndedSpan[], resource: SpanValues, serviceName: string): string {
  return JSON.stringify(spans.map((span) => toZipkin(span, resource, serviceName)));
}

function toZipkin(span: EndedSpan, resource: SpanValues, serviceName: string): object {
  const { traceId, spanId } = span.spanContext();
  const startUs = toMicroseconds(span.startTime);
  return {
    traceId,
    id: spanId,
    parentId: span.parentSpanContext?.spanId,
    name: span.name,
    kind: KINDS[span.kind],
    timestamp: startUs,
    // Zipkin takes 0 for "not known".
    duration: Math.max(1, toMicroseconds(span.endTime) - startUs),
    localEndpoint: { serviceName },
    tags: tagsOf(span, resource),
    annotations: span.events.map(({ name, time }) => ({ timestamp: toMicroseconds(time), value: name })),
  };
}

function tagsOf(span: EndedSpan, resource: SpanValues): Record<string, string> {
  const { status, instrumentationScope } = span;
  const values: SpanValues = { ...span.resource.attributes, ...resource, ...span.attributes };
  const tags: Record<string, string> = { "otel.scope.name": instrumentationScope.name };
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) tags[name] = typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  const word = STATUS[status.code];
  if (word !== undefined && word !== "UNSET") tags["otel.status_code"] = word;
  if (word === "ERROR") tags["error"] = status.message ?? "";
  return tags;
}

function toMicroseconds([seconds, nanoseconds]: HighTime): number {
  return seconds * 1_000_000 + Math.round(nanoseconds / 1_000);
}
