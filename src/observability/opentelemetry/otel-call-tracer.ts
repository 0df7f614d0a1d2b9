import type { CallSpan, CallTracer, TracedCall } from "../../events/call-tracer.ts";
import type { CarriedTrace } from "../../events/carried-trace.ts";
import type { RequestSpan, TracedRequest } from "../../events/request-span.ts";
import type { SpanAttributes } from "../../events/span-attributes.ts";
import { fromCarried, toCarried } from "./carried-context.ts";
import {
  type OtelApi,
  type OtelAttributes,
  type OtelContext,
  type OtelSpan,
  type OtelTracer,
  SPAN_KIND,
} from "./otel-api.ts";
import { RecordedRequest } from "./recorded-request.ts";
import { addEvent, RecordedSpan } from "./recorded-span.ts";
import { systemNameOf } from "./store-attributes.ts";

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
 * Spans of OpenTelemetry for calls and loads of a cache, and for requests of its node.
 *
 * ```text
 * caller's span ─┬─ get redis          CLIENT     one for each call to a remote store
 *                └─ gocachex.load      INTERNAL   one for each call of a loader; what the loader does is below it
 * client's span ── GET /v1/keys/:key     SERVER     one for each request of a node; what the cache does for it is below it
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

  carry(): CarriedTrace | undefined {
    const { trace } = this.#parts.api;
    const span = trace.getActiveSpan();
    const spanContext = span?.spanContext();
    if (span === undefined || spanContext === undefined || !trace.isSpanContextValid(spanContext)) return undefined;
    // A sampled span that is over stays active in timers which were set while it ran: what they ask for is nobody's call.
    const isSampled = (spanContext.traceFlags & SAMPLED) !== 0;
    return isSampled && !span.isRecording() ? undefined : toCarried(spanContext);
  }

  startServed(operation: string, carried: CarriedTrace | undefined): CallSpan | undefined {
    const { api } = this.#parts;
    const remote = fromCarried(api, carried);
    // What is active here is whatever call opened the connection.
    const parent = remote === undefined ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, remote);
    const attributes = { ...this.#parts.cacheAttributes, "gocachex.operation": operation };
    return this.#start(`gocachex.serve ${operation}`, SPAN_KIND.server, attributes, parent);
  }

  startRequest({ name, attributes, carried, beginsTrace }: TracedRequest): RequestSpan | undefined {
    const { api, cacheAttributes } = this.#parts;
    const parent = this.#findRequestParent(carried);
    if (parent === undefined && !beginsTrace) return undefined;
    const context = parent ?? api.ROOT_CONTEXT;
    const span = this.#startSpan(name, SPAN_KIND.server, { ...cacheAttributes, ...attributes }, context);
    return span === undefined ? undefined : new RecordedRequest(api, span, context);
  }

  /**
   * What a request is a part of; `undefined`: of nothing. An instrumentation of HTTP or gRPC that the application has goes first: its span, which continues what was carried, is active. Any
   * other that is active is of who began to listen, and stands back behind what the client says.
   */
  #findRequestParent(carried: CarriedTrace | undefined): OtelContext | undefined {
    const { api } = this.#parts;
    const remote = fromCarried(api, carried);
    const around = api.trace.getActiveSpan();
    // One that is over is still active in what was begun while it ran.
    if (around?.isRecording() === true && (remote === undefined || around.spanContext().traceId === remote.traceId)) {
      return api.context.active();
    }
    return remote === undefined ? undefined : api.trace.setSpanContext(api.ROOT_CONTEXT, remote);
  }

  #start(
    name: string,
    kind: number,
    attributes: OtelAttributes,
    parent: OtelContext = this.#parts.api.context.active(),
  ): CallSpan | undefined {
    const span = this.#startSpan(name, kind, attributes, parent);
    return span === undefined ? undefined : new RecordedSpan(this.#parts.api, span, parent);
  }

  #startSpan(name: string, kind: number, attributes: OtelAttributes, parent: OtelContext): OtelSpan | undefined {
    try {
      return this.#parts.tracer.startSpan(name, { kind, attributes }, parent);
    } catch {
      // A sampler or processor of the application; the call goes on without a span.
      return undefined;
    }
  }
}
