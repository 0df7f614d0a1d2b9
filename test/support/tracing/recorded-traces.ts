import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

/** The SDK of OpenTelemetry, keeping spans in memory. */
export interface RecordedTraces {
  readonly provider: BasicTracerProvider;
  /** Spans that are over, in the order in which they ended. */
  spans(): readonly ReadableSpan[];
  /** The one span of this name. */
  span(name: string): ReadableSpan;
  close(): Promise<void>;
}

/** Sets the SDK up with contexts that follow promises; registers no tracer provider. */
export function recordTraces(sampler: Sampler = new AlwaysOnSampler()): RecordedTraces {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return {
    provider,
    spans: () => exporter.getFinishedSpans(),
    span(name) {
      const found = exporter.getFinishedSpans().filter((span) => span.name === name);
      if (found.length !== 1) {
        const all = exporter.getFinishedSpans().map((span) => span.name);
        throw new Error(`${found.length} spans are called "${name}": ${all.join(", ")}`);
      }
      return found[0] as ReadableSpan;
    },
    async close() {
      trace.disable();
      context.disable();
      await provider.shutdown();
    },
  };
}

/** Id of a span's parent; `undefined` for a root. */
export function parentOf(span: ReadableSpan): string | undefined {
  return span.parentSpanContext?.spanId;
}
