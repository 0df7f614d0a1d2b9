import type { RequestSpan } from "../../events/request-span.ts";
import type { SpanAttributes } from "../../events/span-attributes.ts";
import { type OtelApi, type OtelContext, type OtelSpan, STATUS_ERROR } from "./otel-api.ts";
import { createOwnContext } from "./recorded-span.ts";

/** One span of OpenTelemetry for a request of a client. What a span processor throws changes nothing for its answer. */
export class RecordedRequest implements RequestSpan {
  readonly #api: OtelApi;
  readonly #span: OtelSpan;
  readonly #context: OtelContext;

  /** @param parent the context in which the span was started */
  constructor(api: OtelApi, span: OtelSpan, parent: OtelContext) {
    this.#api = api;
    this.#span = span;
    this.#context = createOwnContext(api, span, parent);
  }

  /** Also where nothing is recorded: what the request asks for must see that the trace is not sampled. */
  run<T>(work: () => T): T {
    return this.#api.context.with(this.#context, work);
  }

  end(attributes: SpanAttributes, errorType: string | undefined): void {
    const span = this.#span;
    try {
      if (span.isRecording()) {
        for (const [name, value] of Object.entries(attributes)) span.setAttribute(name, value);
        if (errorType !== undefined) {
          span.setAttribute("error.type", errorType);
          // Without words: by the conventions they would only say again what the attributes do.
          span.setStatus({ code: STATUS_ERROR });
        }
      }
      span.end();
    } catch {
      // The application's own processor.
    }
  }
}
