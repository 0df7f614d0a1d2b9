import type { CallSpan, CallTracer, SpanAttributes, TracedCall } from "../../events/call-tracer.ts";
import { type OtelApi, type OtelAttributes, type OtelContext, type OtelTracer, SPAN_KIND } from "./otel-api.ts";
import { addEvent, RecordedSpan } from "./recorded-span.ts";
import { systemNameOf } from "./store-attributes.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

/** In the flags of a trace. */
const SAMPLED = 1;

/** What spans are made with. */
export interface OtelCallTracerParts {
  readonly api: OtelApi;
  readonly tracer: OtelTracer;
  /** Of every call to the store. */
  readonly storeAttributes: OtelAttributes;
  /** Of every load and of what other nodes ask. */
  readonly cacheAttributes: OtelAttributes;
}

/**
 * Spans of OpenTelemetry for calls and loads of a cache.
 *
 * ```text
 * caller's span ─┬─ get redis          CLIENT     one for each call to a remote store
 *                └─ gocachex.load      INTERNAL   one for each call of a loader; what the loader does is below it
 * get gocachex (asking node) ── gocachex.serve read (node that owns the key)   SERVER
 * ```
 */
export class OtelCallTracer implements CallTracer {
  readonly #parts: OtelCallTracerParts;

  constructor(parts: OtelCallTracerParts) {
    this.#parts = parts;
  }

  startCall({ operation, backend, keyCount }: TracedCall): CallSpan | undefined {
    const attributes: OtelAttributes = {
      ...this.#parts.storeAttributes,
      "db.operation.name": operation,
      // By the conventions one is no batch.
      ...(keyCount !== undefined && keyCount > 1 ? { "db.operation.batch.size": keyCount } : {}),
    };
    return this.#start(`${operation} ${systemNameOf(backend)}`, SPAN_KIND.client, attributes);
  }

  startLoad(keyCount: number): CallSpan | undefined {
    const attributes = { ...this.#parts.cacheAttributes, "gocachex.load.key_count": keyCount };
    return this.#start("gocachex.load", SPAN_KIND.internal, attributes);
  }

  note(event: string, attributes?: SpanAttributes): void {
    addEvent(this.#parts.api.trace.getActiveSpan(), event, attributes);
  }

  carry(): string | undefined {
    const { trace } = this.#parts.api;
    const span = trace.getActiveSpan();
    const spanContext = span?.spanContext();
    if (span === undefined || spanContext === undefined || !trace.isSpanContextValid(spanContext)) return undefined;
    // A sampled span that is over stays active in timers which were set while it ran: what they ask for is nobody's call.
    const isSampled = (spanContext.traceFlags & SAMPLED) !== 0;
    return isSampled && !span.isRecording() ? undefined : formatTraceparent(spanContext);
  }

  startServed(operation: string, traceparent: string | undefined): CallSpan | undefined {
    const { trace, ROOT_CONTEXT } = this.#parts.api;
    const remote = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    // What is active here is whatever call opened the connection.
    const parent = remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
    const attributes = { ...this.#parts.cacheAttributes, "gocachex.operation": operation };
    return this.#start(`gocachex.serve ${operation}`, SPAN_KIND.server, attributes, parent);
  }

  #start(
    name: string,
    kind: number,
    attributes: OtelAttributes,
    parent: OtelContext = this.#parts.api.context.active(),
  ): CallSpan | undefined {
    const { api, tracer } = this.#parts;
    try {
      return new RecordedSpan(api, tracer.startSpan(name, { kind, attributes }, parent), parent);
    } catch {
      // A sampler or processor of the application; the call goes on without a span.
      return undefined;
    }
  }
}
