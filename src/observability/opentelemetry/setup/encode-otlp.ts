import { Buffer } from "node:buffer";
import { ProtobufWriter } from "../../../foundation/protobuf-writer.ts";
import type { OtelSpanContext } from "../otel-api.ts";
import type { EndedSpan, HighTime, SpanLink, SpanValue, SpanValues } from "./ended-span.ts";

/** `SpanFlags`: whether the parent is in another process is known, and so it is. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

const writer = new ProtobufWriter();

/**
 * Spans as the body of an OTLP request over HTTP: the protobuf message `ExportTraceServiceRequest`. All are of one resource, which is the process.
 *
 * ```text
 * ExportTraceServiceRequest
 *   1 ResourceSpans             one
 *     1 Resource                1 attributes
 *     2 ScopeSpans              one for each tracer
 *       1 InstrumentationScope  1 name, 2 version
 *       2 Span                  as writeSpan draws it
 * ```
 *
 * @param resource attributes besides those that the SDK knows, and before them
 *
 * Source: https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto
 */
export function encodeOtlp(spans: readonly EndedSpan[], resource: SpanValues): Buffer {
  // What an attribute that cannot be written has left behind, if one ever was.
  if (writer.lengthBytes > 0) writer.take();
  const byScope = new Map<string, EndedSpan[]>();
  for (const span of spans) {
    const { name, version = "" } = span.instrumentationScope;
    const scope = `${name}\u0000${version}`;
    const others = byScope.get(scope);
    if (others === undefined) byScope.set(scope, [span]);
    else others.push(span);
  }
  writer.message(1, () => {
    writer.message(1, () => writeAttributes(1, { ...spans[0]?.resource.attributes, ...resource }));
    for (const group of byScope.values()) writer.message(2, () => writeScope(group));
  });
  return writer.take();
}

function writeScope(spans: readonly EndedSpan[]): void {
  const { name = "", version = "" } = spans[0]?.instrumentationScope ?? {};
  writer.message(1, () => {
    writer.text(1, wellFormed(name));
    if (version !== "") writer.text(2, wellFormed(version));
  });
  for (const span of spans) writer.message(2, () => writeSpan(span));
}

/**
 * ```text
 * 1 trace id, 16 bytes      5 name              9 attributes    13 links, 14 how many were dropped
 * 2 span id, 8 bytes        6 kind, SDK's + 1  10 dropped       15 status
 * 3 trace state             7 start, ns        11 events        16 flags
 * 4 parent's span id        8 end, ns          12 dropped
 * ```
 */
function writeSpan(span: EndedSpan): void {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  writeIds(context);
  const state = context.traceState?.serialize() ?? "";
  if (state !== "") writer.text(3, wellFormed(state));
  if (parent !== undefined) writer.bytes(4, Buffer.from(parent.spanId, "hex"));
  writer.text(5, wellFormed(span.name));
  // 0 is "unspecified" there, and "internal" here.
  writer.number(6, span.kind + 1);
  writer.fixed64(7, toNanoseconds(span.startTime));
  writer.fixed64(8, toNanoseconds(span.endTime));
  writeAttributes(9, span.attributes);
  writer.number(10, span.droppedAttributesCount);
  for (const { name, time, attributes, droppedAttributesCount = 0 } of span.events) {
    writer.message(11, () => {
      writer.fixed64(1, toNanoseconds(time));
      writer.text(2, wellFormed(name));
      writeAttributes(3, attributes);
      writer.number(4, droppedAttributesCount);
    });
  }
  writer.number(12, span.droppedEventsCount);
  for (const link of span.links) writer.message(13, () => writeLink(link));
  writer.number(14, span.droppedLinksCount);
  writer.message(15, () => {
    const { code, message = "" } = span.status;
    if (message !== "") writer.text(2, wellFormed(message));
    writer.number(3, code);
  });
  writer.fixed32(16, flagsOf(context.traceFlags, parent?.isRemote));
}

function writeLink({ context, attributes, droppedAttributesCount = 0 }: SpanLink): void {
  writeIds(context);
  const state = context.traceState?.serialize() ?? "";
  if (state !== "") writer.text(3, wellFormed(state));
  writeAttributes(4, attributes);
  writer.number(5, droppedAttributesCount);
  writer.fixed32(6, flagsOf(context.traceFlags, context.isRemote));
}

function writeIds({ traceId, spanId }: OtelSpanContext): void {
  writer.bytes(1, Buffer.from(traceId, "hex"));
  writer.bytes(2, Buffer.from(spanId, "hex"));
}

function flagsOf(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | HAS_IS_REMOTE | (isRemote === true ? IS_REMOTE : 0);
}

function writeAttributes(field: number, attributes: SpanValues | undefined): void {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined) continue;
    writer.message(field, () => {
      writer.text(1, wellFormed(name));
      writer.message(2, () => writeValue(value));
    });
  }
}

/** `AnyValue`: 1 text, 2 flag, 3 integer, 4 double, 5 list; nothing at all for what a list has no value for. */
function writeValue(value: SpanValue | null): void {
  if (typeof value === "string") writer.text(1, wellFormed(value));
  else if (typeof value === "boolean") writer.number(2, value ? 1 : 0);
  else if (typeof value === "number") {
    if (Number.isSafeInteger(value)) writer.signed(3, value);
    else writer.double(4, value);
  } else if (value !== null && value !== undefined) {
    writer.message(5, () => {
      for (const each of value) writer.message(1, () => writeValue(each));
    });
  }
}

function toNanoseconds([seconds, nanoseconds]: HighTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(Math.round(nanoseconds));
}

/** Protobuf takes only UTF-8. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}
