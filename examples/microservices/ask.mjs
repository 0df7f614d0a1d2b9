import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";

const tracer = trace.getTracer("example");

/** Asks another service: a CLIENT span, which goes along in the headers, so that what happens there is a part of the same trace. */
export async function ask(url) {
  const { hostname, port } = new URL(url);
  const attributes = { "http.request.method": "GET", "server.address": hostname, "server.port": Number(port) };
  const span = tracer.startSpan("GET", { kind: SpanKind.CLIENT, attributes });
  const headers = {};
  propagation.inject(trace.setSpan(context.active(), span), headers);
  try {
    const response = await fetch(url, { headers });
    span.setAttribute("http.response.status_code", response.status);
    if (!response.ok) throw new Error(`${url} answered with ${response.status}.`);
    return await response.json();
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
