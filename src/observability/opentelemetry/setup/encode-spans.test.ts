import { Buffer } from "node:buffer";
import { trace } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { loadOtlp } from "../../../../test/support/tracing/decode-otlp.ts";
import { encodeOtlp } from "./encode-otlp.ts";
import { encodeZipkin } from "./encode-zipkin.ts";

const RESOURCE = { "service.name": "shop", "host.cpu": 4 };
const PARENT = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
  isRemote: true,
};

/** Spans with everything that one can have. */
function makeSpans(): readonly ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(RESOURCE),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("gocachex", "1.2.3");
  const attributes = {
    ...{ text: "tëxt \u{1F980}", empty: "", flag: false, ratio: 0.25, whole: 7, negative: -3, large: -(2 ** 53 - 1) },
    ...{ list: ["a", "b"], numbers: [1, -2.5], flags: [true, false] },
  };
  const root = tracer.startSpan("root", { kind: 2, attributes, startTime: [1_700_000_000, 999_999_999] });
  root.addEvent("happened", { reason: "slow", count: 2 }, [1_700_000_001, 5]);
  root.setStatus({ code: 2, message: "GCX_BACKEND_TIMEOUT" });
  root.end([1_700_000_002, 1]);
  const child = tracer.startSpan(
    "child",
    { kind: 1, links: [{ context: PARENT, attributes: { why: "again" } }] },
    trace.setSpanContext({ getValue: () => undefined, setValue: () => ROOT, deleteValue: () => ROOT } as never, PARENT),
  );
  child.end();
  provider.getTracer("other").startSpan("of another tracer").end();
  return exporter.getFinishedSpans();
}

/** Takes what is set as the context: only the parent is looked at. */
const ROOT = {
  getValue: () => ({ spanContext: () => PARENT }),
  setValue: () => ROOT,
  deleteValue: () => ROOT,
};

describe("spans as OTLP", () => {
  it("read back as those that the official encoder makes, by the official definition", () => {
    const spans = makeSpans();
    const { requestDeserialize } = loadOtlp().Export;
    const official = requestDeserialize(
      Buffer.from(ProtobufTraceSerializer.serializeRequest([...spans]) as Uint8Array),
    );
    const own = requestDeserialize(encodeOtlp(spans, RESOURCE));
    expect(own).toEqual(official);
    const names = own.resource_spans[0]?.scope_spans.flatMap((scope) => scope.spans.map((span) => span.name));
    expect(names).toEqual(["root", "child", "of another tracer"]);
  });

  it("carry the service's name instead of the SDK's own, and stay readable with texts that are no Unicode", () => {
    const [root] = makeSpans();
    const odd = { ...root, name: "lone \ud800", spanContext: root?.spanContext.bind(root) } as ReadableSpan;
    const own = loadOtlp().Export.requestDeserialize(encodeOtlp([odd], { "service.name": "other" }));
    const [{ resource, scope_spans } = { resource: { attributes: [] }, scope_spans: [] }] = own.resource_spans;
    const service = resource.attributes.find(({ key }) => key === "service.name");
    expect(service?.value).toMatchObject({ string_value: "other" });
    expect(scope_spans[0]?.spans[0]?.name).toBe("lone \ufffd");
  });
});

describe("spans as Zipkin's JSON", () => {
  it("have ids, kind, instants in microseconds, tags as texts and events as annotations", () => {
    const [root, child, other] = JSON.parse(encodeZipkin(makeSpans(), RESOURCE, "shop"));
    expect(root).toMatchObject({
      ...{ name: "root", kind: "CLIENT", localEndpoint: { serviceName: "shop" } },
      timestamp: 1_700_000_001_000_000,
      duration: 1_000_000,
      annotations: [{ timestamp: 1_700_000_001_000_000, value: "happened" }],
    });
    expect(root.tags).toMatchObject({
      ...{ text: "tëxt \u{1F980}", flag: "false", ratio: "0.25", list: '["a","b"]', "otel.scope.name": "gocachex" },
      ...{ "otel.status_code": "ERROR", error: "GCX_BACKEND_TIMEOUT", "service.name": "shop" },
    });
    expect(child).toMatchObject({ traceId: PARENT.traceId, parentId: PARENT.spanId, kind: "SERVER" });
    expect(other).not.toHaveProperty("parentId");
  });
});
