import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { AlwaysOffSampler, BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { Counter, Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRemoteCache } from "../../../test/support/open-cache.ts";
import { observeCache } from "../../cache/observe-cache.ts";
import { negotiatedMetrics } from "./negotiated-metrics.ts";
import { OPENMETRICS_CONTENT_TYPE } from "./prom-client-library.ts";
import { prometheusMetrics } from "./prometheus-metrics.ts";

const recorded = new BasicTracerProvider().getTracer("test");
const dropped = new BasicTracerProvider({ sampler: new AlwaysOffSampler() }).getTracer("test");

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());

type Tracer = typeof recorded;

/** Does something inside a span of its own. @returns the trace's id */
async function traced(tracer: Tracer, work: () => Promise<unknown>): Promise<string> {
  const span = tracer.startSpan("request");
  await context.with(trace.setSpan(context.active(), span), work);
  span.end();
  return span.spanContext().traceId;
}

function openRegistry(): Registry {
  const registry = new Registry();
  registry.setContentType(OPENMETRICS_CONTENT_TYPE as never);
  return registry;
}

/** The traces of the exemplars of a metric. */
function tracesOf(body: string, metric: string): readonly string[] {
  const lines = body.split("\n").filter((line) => line.startsWith(`${metric}_bucket`));
  return lines.flatMap((line) => /# \{trace_id="(\w+)",span_id="\w+"\} [\d.e-]+ [\d.]+$/.exec(line)?.[1] ?? []);
}

describe("exemplars", () => {
  it("lead to the trace of who called, also of a call that waits for its turn, and of who asked for a load", async () => {
    const { cache } = openRemoteCache();
    const metrics = await prometheusMetrics(cache, { registry: openRegistry() });
    const reading = await traced(recorded, () => cache.get("a"));
    const { body } = await metrics.metrics();
    expect(tracesOf(body, "gocachex_operation_duration_seconds")).toEqual([reading]);
    const loading = await traced(recorded, () => cache.getOrSet("b", async () => 1));
    const after = (await metrics.metrics()).body;
    expect(tracesOf(after, "gocachex_load_duration_seconds")).toEqual([loading]);
    await cache.close();
  });

  it("are of no trace that nobody recorded, and there are none without a span", async () => {
    const { cache } = openRemoteCache();
    const metrics = await prometheusMetrics(cache, { registry: openRegistry() });
    await traced(dropped, () => cache.get("a"));
    await cache.get("a");
    const { body } = await metrics.metrics();
    expect(body).toContain(
      'gocachex_operation_duration_seconds_count{cache="default",operation="get",backend="map"} 2',
    );
    expect(body).not.toContain("trace_id");
    await cache.close();
  });

  it("are not looked for where the text format cannot show them, and begin when the registry changes to OpenMetrics", async () => {
    const { cache } = openRemoteCache();
    const registry = new Registry();
    await prometheusMetrics(cache, { registry });
    const find = observeCache(cache).tracing;
    await traced(recorded, async () => expect(find.findOrigin?.()).toBeUndefined());
    registry.setContentType(OPENMETRICS_CONTENT_TYPE as never);
    await traced(recorded, async () => expect(find.findOrigin?.()).toBeDefined());
    await cache.close();
    expect(find.findOrigin).toBeUndefined();
  });

  it("are looked for as long as one of two that count the same cache wants them", async () => {
    const { cache } = openRemoteCache();
    const { tracing } = observeCache(cache);
    const first = await prometheusMetrics(cache, { registry: openRegistry() });
    const second = await prometheusMetrics(cache, { registry: openRegistry() });
    first.close();
    await traced(recorded, async () => expect(tracing.findOrigin?.()).toBeDefined());
    second.close();
    expect(tracing.findOrigin).toBeUndefined();
    await cache.close();
  });
});

describe("OpenMetrics", () => {
  it("names counters as it should, and the text format still does afterwards", async () => {
    const { cache } = openRemoteCache();
    const registry = new Registry();
    new Counter({ name: "own_total", help: "Own.", registers: [registry] });
    const metrics = await prometheusMetrics(cache, { registry });
    registry.setContentType(OPENMETRICS_CONTENT_TYPE as never);
    const open = (await metrics.metrics()).body;
    expect(open).toContain('# TYPE gocachex_sets counter\ngocachex_sets_total{cache="default"} 0\n');
    expect(open.endsWith("# EOF\n")).toBe(true);
    registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
    const text = (await metrics.metrics()).body;
    expect(text).toContain('# TYPE gocachex_sets_total counter\ngocachex_sets_total{cache="default"} 0\n');
    metrics.close();
    expect(registry.getMetricsAsArray().length).toBe(1);
    await cache.close();
  });

  it("is what those get who ask for it, and only then are traces looked for", async () => {
    const { cache } = openRemoteCache();
    const metrics = await negotiatedMetrics(cache, {});
    await traced(recorded, () => cache.get("a"));
    const accept =
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    expect((await metrics.metrics("text/plain")).contentType).toContain("text/plain");
    const first = await metrics.metrics(accept);
    expect(first.contentType).toBe(OPENMETRICS_CONTENT_TYPE);
    expect(first.body).not.toContain("trace_id");
    const id = await traced(recorded, () => cache.get("a"));
    expect((await metrics.metrics(accept)).body).toContain(id);
    expect((await metrics.metrics(undefined)).body).not.toContain("trace_id");
    await cache.close();
  });
});
