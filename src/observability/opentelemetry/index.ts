export type {
  OtelAttributes,
  OtelContext,
  OtelInstrumentOptions,
  OtelMeter,
  OtelMeterProvider,
  OtelObserver,
  OtelSpan,
  OtelSpanContext,
  OtelTracer,
  OtelTracerProvider,
  OtelTraceState,
} from "./otel-api.ts";
export type { ServerPlace } from "./store-attributes.ts";
export { type CacheTraces, type TraceCacheOptions, traceCache } from "./trace-cache.ts";
