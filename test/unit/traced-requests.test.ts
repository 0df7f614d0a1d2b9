import { context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, expect, it } from "vitest";
import { observeCache } from "../../src/cache/observe-cache.ts";
import { createCache } from "../../src/create-cache.ts";
import type { CallTracer } from "../../src/events/call-tracer.ts";
import type { TracedRequest } from "../../src/events/request-span.ts";
import { traceCache } from "../../src/observability/opentelemetry/trace-cache.ts";
import { parentOf, type RecordedTraces, recordTraces } from "../support/tracing/recorded-traces.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const CARRIED = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "vendor=1" };

let traces: RecordedTraces;

beforeEach(() => {
  traces = recordTraces();
});
afterEach(() => traces.close());

async function openTracer(tracerProvider: object = traces.provider): Promise<CallTracer> {
  const cache = createCache({ namespace: "shop" });
  await traceCache(cache, { tracerProvider: tracerProvider as never, meterProvider: false });
  return observeCache(cache).tracing.current as CallTracer;
}

function request(more: Partial<TracedRequest> = {}): TracedRequest {
  return { name: "GET /x", attributes: { "http.route": "/x" }, carried: undefined, beginsTrace: true, ...more };
}

function requestSpan(): ReturnType<RecordedTraces["span"]> {
  return traces.span("GET /x");
}

it("a request is a SERVER span below what the client carried, with the client's state", async () => {
  const tracer = await openTracer();
  const span = tracer.startRequest(request({ carried: CARRIED }));
  span?.end({ "http.response.status_code": 200 }, undefined);
  const { kind, attributes, status, parentSpanContext } = requestSpan();
  expect([kind, status.code]).toEqual([1, 0]);
  expect(attributes).toEqual({ "gocachex.cache": "shop", "http.route": "/x", "http.response.status_code": 200 });
  expect(requestSpan().spanContext().traceId).toBe(TRACE);
  expect(requestSpan().spanContext().traceState?.serialize()).toBe("vendor=1");
  expect(parentSpanContext).toMatchObject({ spanId: SPAN, isRemote: true });
});

it("a request that fails is an error by its type, without words", async () => {
  const tracer = await openTracer();
  tracer.startRequest(request())?.end({}, "GCX_BACKEND_UNAVAILABLE");
  expect(requestSpan().attributes["error.type"]).toBe("GCX_BACKEND_UNAVAILABLE");
  expect(requestSpan().status).toEqual({ code: 2 });
});

it.each([
  ["none", undefined],
  ["nonsense", { traceparent: "00-x", tracestate: "vendor=1" }],
])("a request that carries %s begins a trace, unless it is one of those that begin none", async (_what, carried) => {
  const tracer = await openTracer();
  tracer.startRequest(request({ carried }))?.end({}, undefined);
  expect(parentOf(requestSpan())).toBeUndefined();
  expect(requestSpan().spanContext().traceState).toBeUndefined();
  expect(tracer.startRequest(request({ carried, beginsTrace: false }))).toBeUndefined();
  expect(tracer.startRequest(request({ carried: CARRIED, beginsTrace: false }))).toBeDefined();
});

it("what is done for a request is below it, also what it does later", async () => {
  const tracer = await openTracer();
  const span = tracer.startRequest(request({ carried: CARRIED }));
  await span?.run(async () => {
    await Promise.resolve();
    tracer.startCall({ operation: "get", backend: "redis" })?.end("ok");
  });
  span?.end({}, undefined);
  expect(parentOf(traces.span("get redis"))).toBe(requestSpan().spanContext().spanId);
});

it("what the client does not sample is not recorded, and neither is what is done for it", async () => {
  await traces.close();
  traces = recordTraces(new ParentBasedSampler({ root: new AlwaysOnSampler() }));
  const tracer = await openTracer();
  const span = tracer.startRequest(request({ carried: { traceparent: `00-${TRACE}-${SPAN}-00` } }));
  span?.run(() => tracer.startCall({ operation: "get", backend: "redis" })?.end("ok"));
  span?.end({}, "500");
  expect(traces.spans()).toEqual([]);
});

it("what the client samples is recorded also where no trace would begin here", async () => {
  await traces.close();
  traces = recordTraces(new ParentBasedSampler({ root: new AlwaysOffSampler() }));
  const tracer = await openTracer();
  tracer.startRequest(request())?.end({}, undefined);
  expect(traces.spans()).toEqual([]);
  tracer.startRequest(request({ carried: CARRIED }))?.end({}, undefined);
  expect(requestSpan().spanContext().traceId).toBe(TRACE);
});

it("a request is below the span of an instrumentation that continues the same trace, or has begun it", async () => {
  const tracer = await openTracer();
  const remote = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true });
  for (const [parent, carried] of [
    [remote, CARRIED],
    [ROOT_CONTEXT, undefined],
  ] as const) {
    const around = traces.provider.getTracer("http").startSpan("GET", { kind: 1 }, parent);
    const inside = trace.setSpan(parent, around);
    context.with(inside, () => tracer.startRequest(request({ carried }))?.end({}, undefined));
    around.end();
    expect(parentOf(traces.spans().at(-2) as never)).toBe(around.spanContext().spanId);
  }
});

it("a request is not below what was going on when the node began to listen", async () => {
  const tracer = await openTracer();
  const starting = traces.provider.getTracer("app").startSpan("start", {}, ROOT_CONTEXT);
  const listening = trace.setSpan(ROOT_CONTEXT, starting);
  context.with(listening, () => tracer.startRequest(request({ carried: CARRIED }))?.end({}, undefined));
  expect(parentOf(requestSpan())).toBe(SPAN);
  starting.end();
  context.with(listening, () => tracer.startRequest(request({ name: "GET /y" }))?.end({}, undefined));
  expect(parentOf(traces.span("GET /y"))).toBeUndefined();
});

it("a processor or a sampler of the application that throws changes nothing", async () => {
  const fail = (): never => {
    throw new Error("broken");
  };
  const noSpans = await openTracer({ getTracer: () => ({ startSpan: fail }) });
  expect(noSpans.startRequest(request())).toBeUndefined();
  const brokenSpan = { ...trace.wrapSpanContext({ traceId: TRACE, spanId: SPAN, traceFlags: 1 }), isRecording: fail };
  const tracer = await openTracer({ getTracer: () => ({ startSpan: () => brokenSpan }) });
  const span = tracer.startRequest(request());
  expect(span?.run(() => 1)).toBe(1);
  expect(() => span?.end({}, "500")).not.toThrow();
});
