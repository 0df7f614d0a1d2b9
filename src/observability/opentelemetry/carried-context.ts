import { type CarriedTrace, MAX_TRACESTATE_LENGTH } from "../../events/carried-trace.ts";
import type { OtelApi, OtelSpanContext } from "./otel-api.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

/** A span as another process is told of it. Must not throw. */
export function toCarried(spanContext: OtelSpanContext): CarriedTrace {
  const traceparent = formatTraceparent(spanContext);
  const tracestate = serializeState(spanContext);
  return tracestate === "" ? { traceparent } : { traceparent, tracestate };
}

/**
 * The span that another process told of; `undefined` when it makes no sense, and then its `tracestate` says nothing either. A `tracestate` that makes none is left out alone.
 *
 * Source: https://www.w3.org/TR/trace-context/#tracestate-header
 */
export function fromCarried(
  api: Pick<OtelApi, "createTraceState">,
  carried: CarriedTrace | undefined,
): OtelSpanContext | undefined {
  const spanContext = carried === undefined ? undefined : parseTraceparent(carried.traceparent);
  const text = carried?.tracestate ?? "";
  if (spanContext === undefined || text === "" || text.length > MAX_TRACESTATE_LENGTH) return spanContext;
  const traceState = api.createTraceState(text);
  return traceState.serialize() === "" ? spanContext : { ...spanContext, traceState };
}

/** Samplers of the application may give spans a state of their own making. */
function serializeState({ traceState }: OtelSpanContext): string {
  if (traceState === undefined) return "";
  try {
    const text = traceState.serialize();
    return text.length > MAX_TRACESTATE_LENGTH ? "" : text;
  } catch {
    return "";
  }
}
