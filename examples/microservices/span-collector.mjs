import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { loadSync } from "@grpc/proto-loader";

/** The service of OTLP for traces, as its official Protocol Buffers say it. */
const SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService";
const options = { longs: String, enums: String, defaults: true, oneofs: true };
const { Export } = loadSync(fileURLToPath(new URL("otlp-traces.proto", import.meta.url)), options)[SERVICE];

/** Stands for a Jaeger, or any other that takes OTLP: receives what the services send, over HTTP, and keeps it. */
export async function startCollector() {
  const spans = [];
  const server = createServer(async (request, response) => {
    if (request.method === "POST" && request.url === "/v1/traces") spans.push(...decode(await buffer(request)));
    else response.statusCode = 404;
    response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** What is there of a trace. */
    spansOf: (traceId) => spans.filter((span) => span.traceId === traceId),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function decode(bytes) {
  return Export.requestDeserialize(bytes).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const { value } = resource.attributes.find(({ key }) => key === "service.name");
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => toSpan(span, value.stringValue)));
  });
}

function toSpan({ traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano }, service) {
  return {
    ...{ service, name, kind: kind.replace("SPAN_KIND_", "") },
    ...{ traceId: traceId.toString("hex"), id: spanId.toString("hex"), parentId: parentSpanId.toString("hex") },
    startNs: BigInt(startTimeUnixNano),
    ms: Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6,
  };
}
