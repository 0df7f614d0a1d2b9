import { loadDependency, type OptionalDependency } from "../../foundation/optional-dependency.ts";

/** What a span, a measurement or an event says of itself. */
export type OtelAttributes = Readonly<Record<string, string | number | boolean>>;

/** What is active where code runs: the span that new ones become children of. */
export interface OtelContext {
  /** A value. */
  getValue(key: symbol): unknown;
  /** A copy with a value. */
  setValue(key: symbol, value: unknown): OtelContext;
  /** A copy without one. */
  deleteValue(key: symbol): OtelContext;
}

/** What those who trace have to tell each other besides, as an object of `@opentelemetry/api`. */
export interface OtelTraceState {
  /** As it is sent. */
  serialize(): string;
}

/** Which span of which trace. */
export interface OtelSpanContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Bit 0: the trace is sampled. */
  readonly traceFlags: number;
  /** Whether the span is in another process. */
  readonly isRemote?: boolean | undefined;
  /** What came along with it. */
  readonly traceState?: OtelTraceState | undefined;
}

/** A span of `@opentelemetry/api`, as far as it is used. */
export interface OtelSpan {
  /** Its ids. */
  spanContext(): OtelSpanContext;
  /** Whether it is kept, and not over. */
  isRecording(): boolean;
  /** Says something of it. */
  setAttribute(name: string, value: string | number | boolean): unknown;
  /** Notes that something happened. */
  addEvent(name: string, attributes?: OtelAttributes): unknown;
  /** Says how it went. */
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  /** It is over. */
  end(): void;
}

/** A tracer of `@opentelemetry/api`, as far as it is used. */
export interface OtelTracer {
  /** Begins a span. */
  startSpan(
    name: string,
    options?: { readonly kind?: number; readonly attributes?: OtelAttributes },
    context?: OtelContext,
  ): OtelSpan;
}

/** A `TracerProvider` of `@opentelemetry/api`, for example a `BasicTracerProvider` or `NodeTracerProvider` of its SDK. */
export interface OtelTracerProvider {
  /** A tracer, by who makes spans with it. */
  getTracer(name: string, version?: string): OtelTracer;
}

/** What an observable instrument is asked by. */
export interface OtelObserver {
  /** Tells a value. */
  observe(instrument: object, value: number, attributes?: OtelAttributes): void;
}

/** A meter of `@opentelemetry/api`, as far as it is used. */
export interface OtelMeter {
  /** Makes a histogram. */
  createHistogram(
    name: string,
    options?: {
      readonly description?: string;
      readonly unit?: string;
      readonly advice?: { readonly explicitBucketBoundaries?: number[] };
    },
  ): { record(value: number, attributes?: OtelAttributes): void };
  /** Makes a counter that is read. */
  createObservableCounter(name: string, options?: OtelInstrumentOptions): object;
  /** Makes a value that is read. */
  createObservableUpDownCounter(name: string, options?: OtelInstrumentOptions): object;
  /** Reads instruments when metrics are collected. */
  addBatchObservableCallback(callback: (observer: OtelObserver) => void, instruments: object[]): void;
  /** Reads them no more. */
  removeBatchObservableCallback(callback: (observer: OtelObserver) => void, instruments: object[]): void;
}

/** What an instrument says of itself. */
export interface OtelInstrumentOptions {
  /** What is counted. */
  readonly description?: string;
  readonly unit?: string;
}

/** A `MeterProvider` of `@opentelemetry/api`. */
export interface OtelMeterProvider {
  /** A meter, by who measures with it. */
  getMeter(name: string, version?: string): OtelMeter;
}

/** Writes headers. */
export interface OtelSetter {
  /** One of them. */
  set(carrier: unknown, key: string, value: string): void;
}

/** Reads headers. */
export interface OtelGetter {
  /** One of them. */
  get(carrier: unknown, key: string): string | string[] | undefined;
}

/** How traces go from one process to another: a `TextMapPropagator` of `@opentelemetry/api`. */
export interface OtelPropagator {
  /** Writes the trace of a context. */
  inject(context: OtelContext, carrier: unknown, setter: OtelSetter): void;
  /** A context with the trace that was written. */
  extract(context: OtelContext, carrier: unknown, getter: OtelGetter): OtelContext;
  /** What it writes. */
  fields(): string[];
}

/** The package `@opentelemetry/api`, as far as it is used. */
export interface OtelApi {
  /** Spans. */
  readonly trace: {
    getTracerProvider(): OtelTracerProvider;
    setGlobalTracerProvider(provider: OtelTracerProvider): boolean;
    disable(): void;
    getSpan(context: OtelContext): OtelSpan | undefined;
    getActiveSpan(): OtelSpan | undefined;
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
    setSpanContext(context: OtelContext, spanContext: OtelSpanContext): OtelContext;
    isSpanContextValid(spanContext: OtelSpanContext): boolean;
  };
  /** What is active. */
  readonly context: {
    active(): OtelContext;
    with<T>(context: OtelContext, work: () => T): T;
    setGlobalContextManager(manager: object): boolean;
    disable(): void;
  };
  /** What goes to other processes. */
  readonly propagation: {
    setGlobalPropagator(propagator: OtelPropagator): boolean;
    disable(): void;
  };
  /** Measurements. */
  readonly metrics: { getMeterProvider(): OtelMeterProvider };
  /** The meter of who has registered no provider; one and the same. */
  createNoopMeter(): OtelMeter;
  /** Reads a `tracestate`; what makes no sense in it is left out. */
  createTraceState(text: string): OtelTraceState;
  /** Nothing is active. */
  readonly ROOT_CONTEXT: OtelContext;
}

/** `SpanKind`. */
export const SPAN_KIND = { internal: 0, server: 1, client: 2 } as const;

/** `SpanStatusCode.ERROR`. */
export const STATUS_ERROR = 2;

/** The package as an optional dependency. */
export const OTEL_API: OptionalDependency<OtelApi> = {
  name: "@opentelemetry/api",
  purpose: "Tracing",
  range: "^1.9.1",
  load: async () => (await import("@opentelemetry/api")) as unknown as OtelApi,
};

/** Loads the package. @throws DependencyError when it is not installed */
export function loadOtelApi(): Promise<OtelApi> {
  return loadDependency(OTEL_API);
}
