import type { CallOutcome } from "../../events/call-outcome.ts";
import type { CallSpan } from "../../events/call-tracer.ts";
import type { SpanAttributes } from "../../events/span-attributes.ts";
import { type OtelApi, type OtelContext, type OtelSpan, STATUS_ERROR } from "./otel-api.ts";
import { errorTypeOf } from "./store-attributes.ts";

/** Contexts of spans of this package: what runs in them is over when its promise has settled, or at once where it returns none. */
const ownContexts = new WeakSet<OtelContext>();

/** Whether work in a context is over when what it returns is. */
export function isOwnContext(context: OtelContext): boolean {
  return ownContexts.has(context);
}

/** The context of a span of this package. @param parent the one in which the span was started */
export function createOwnContext(api: OtelApi, span: OtelSpan, parent: OtelContext): OtelContext {
  const context = api.trace.setSpan(parent, span);
  ownContexts.add(context);
  return context;
}

/** One span of OpenTelemetry. What a span processor throws changes nothing for the call. */
export class RecordedSpan implements CallSpan {
  readonly #api: OtelApi;
  readonly #span: OtelSpan;
  readonly #context: OtelContext;

  /** @param parent the context in which the span was started */
  constructor(api: OtelApi, span: OtelSpan, parent: OtelContext) {
    this.#api = api;
    this.#span = span;
    this.#context = createOwnContext(api, span, parent);
  }

  /** Also where nothing is recorded: spans that the work starts must see that the trace is not sampled. */
  run<T>(work: () => T): T {
    return this.#api.context.with(this.#context, work);
  }

  note(event: string, attributes?: SpanAttributes): void {
    addEvent(this.#span, event, attributes);
  }

  end(outcome: CallOutcome, error?: unknown): void {
    try {
      if (this.#span.isRecording()) this.#describeEnd(outcome, error);
      this.#span.end();
    } catch {
      // The application's own processor.
    }
  }

  #describeEnd(outcome: CallOutcome, error: unknown): void {
    const span = this.#span;
    span.setAttribute("gocachex.outcome", outcome);
    // Who leaves has not failed.
    if (outcome === "ok" || outcome === "aborted") return;
    const type = error === undefined ? outcome : errorTypeOf(error);
    span.setAttribute("error.type", type);
    span.setStatus({ code: STATUS_ERROR, message: type });
  }
}

/** Adds an event to a span that is still recorded. */
export function addEvent(span: OtelSpan | undefined, event: string, attributes?: SpanAttributes): void {
  try {
    // One that has ended is not: then what happened is no matter of the call that it stood for.
    if (span?.isRecording() === true) span.addEvent(`gocachex.${event}`, attributes);
  } catch {
    // The application's own processor.
  }
}
