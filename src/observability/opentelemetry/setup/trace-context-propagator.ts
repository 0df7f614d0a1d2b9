import { fromCarried, toCarried } from "../carried-context.ts";
import type { OtelApi, OtelContext, OtelGetter, OtelPropagator, OtelSetter } from "../otel-api.ts";

/** Headers of W3C Trace Context. */
const FIELDS = ["traceparent", "tracestate"] as const;

/**
 * Carries traces in the headers of W3C Trace Context where the code of the application asks `propagation.inject` and `propagation.extract` of `@opentelemetry/api` to: without one they do
 * nothing. Baggage is not carried.
 *
 * Source: https://www.w3.org/TR/trace-context/
 */
export function createTraceContextPropagator(api: OtelApi): OtelPropagator {
  return {
    inject(context: OtelContext, carrier: unknown, setter: OtelSetter) {
      const spanContext = api.trace.getSpan(context)?.spanContext();
      if (spanContext === undefined || !api.trace.isSpanContextValid(spanContext)) return;
      const { traceparent, tracestate } = toCarried(spanContext);
      setter.set(carrier, FIELDS[0], traceparent);
      if (tracestate !== undefined) setter.set(carrier, FIELDS[1], tracestate);
    },
    extract(context: OtelContext, carrier: unknown, getter: OtelGetter) {
      const [traceparent, ...others] = [getter.get(carrier, FIELDS[0])].flat();
      if (traceparent === undefined || others.length > 0) return context;
      const states = [getter.get(carrier, FIELDS[1])].flat().filter((state) => state !== undefined);
      const remote = fromCarried(api, { traceparent, tracestate: states.join(",") });
      return remote === undefined ? context : api.trace.setSpanContext(context, remote);
    },
    fields: () => [...FIELDS],
  };
}
