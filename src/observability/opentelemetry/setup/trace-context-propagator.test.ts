import * as api from "@opentelemetry/api";
import { expect, it } from "vitest";
import type { OtelApi } from "../otel-api.ts";
import { createTraceContextPropagator } from "./trace-context-propagator.ts";

const SPAN = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
const TRACEPARENT = `00-${SPAN.traceId}-${SPAN.spanId}-01`;

const propagator = createTraceContextPropagator(api as unknown as OtelApi);

type Headers = Record<string, string | string[]>;

function injected(context: api.Context): Headers {
  const headers: Headers = {};
  propagator.inject(context as never, headers, api.defaultTextMapSetter);
  return headers;
}

function extracted(headers: Headers): api.SpanContext | undefined {
  const context = propagator.extract(api.ROOT_CONTEXT as never, headers, api.defaultTextMapGetter);
  return api.trace.getSpanContext(context as never);
}

it("what is written of a trace is read back, with the state of those who trace where there is one", () => {
  const plain = injected(api.trace.setSpanContext(api.ROOT_CONTEXT, SPAN));
  expect(plain).toEqual({ traceparent: TRACEPARENT });
  expect(extracted(plain)).toEqual({ ...SPAN, isRemote: true });
  const traceState = api.createTraceState("a=1,b=2");
  const full = injected(api.trace.setSpanContext(api.ROOT_CONTEXT, { ...SPAN, traceState }));
  expect(full).toEqual({ traceparent: TRACEPARENT, tracestate: "a=1,b=2" });
  expect(extracted(full)?.traceState?.serialize()).toBe("a=1,b=2");
  expect(propagator.fields()).toEqual(["traceparent", "tracestate"]);
});

it("nothing is written of no span, or of one that is none", () => {
  expect(injected(api.ROOT_CONTEXT)).toEqual({});
  expect(injected(api.trace.setSpanContext(api.ROOT_CONTEXT, api.INVALID_SPAN_CONTEXT))).toEqual({});
});

it("headers that came several times: two traces are none, two states are one", () => {
  expect(extracted({ traceparent: [TRACEPARENT, TRACEPARENT] })).toBeUndefined();
  const states = extracted({ traceparent: [TRACEPARENT], tracestate: ["a=1", "b=2"] })?.traceState;
  expect(states?.serialize()).toBe("a=1,b=2");
});

it("what makes no sense leaves the context as it is", () => {
  expect(extracted({})).toBeUndefined();
  expect(extracted({ traceparent: "00-1-2-3", tracestate: "a=1" })).toBeUndefined();
});
