import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { loadOtlp, type OtlpAttribute, type OtlpRequest } from "./decode-otlp.ts";

/** A span that came, in one form whatever the protocol. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly id: string;
  /** `""` for a root. */
  readonly parentId: string;
  /** `""` for none; Zipkin has no place for it. */
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What a receiver was sent. */
export interface SpanReceiver {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Path, content type and header `x-token` of each request. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

const otlp = loadOtlp();

/**
 * Receives OTLP over HTTP at `/v1/traces` and Zipkin's JSON at `/api/v2/spans`.
 *
 * @param statuses what the first requests are answered with, one after another; later ones with 200. `"never"`: no answer
 */
export async function receiveSpans(statuses: readonly (number | "never")[] = []): Promise<SpanReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const status = statuses[requests.length] ?? 200;
      requests.push(`${request.url} ${request.headers["content-type"]} ${request.headers["x-token"]}`);
      if (status === "never") return;
      if (status === 200) spans.push(...(request.url === "/api/v2/spans" ? fromZipkin(body) : fromOtlp(body)));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, spans, requests },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Receives OTLP over gRPC. */
export async function receiveGrpcSpans(wantedPort: number): Promise<SpanReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: string[] = [];
  const server = new Server();
  const implementation: UntypedServiceImplementation = {
    Export: (
      call: { request: OtlpRequest; metadata: { get(name: string): unknown[] } },
      done: (error: null, answer: object) => void,
    ) => {
      requests.push(`grpc ${call.metadata.get("x-token")}`);
      spans.push(...flatten(call.request));
      done(null, {});
    },
  };
  server.addService(otlp as unknown as ServiceDefinition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${wantedPort}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    ...{ url: `http://127.0.0.1:${port}`, spans, requests },
    close: async () => server.forceShutdown(),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function fromOtlp(body: Buffer): readonly ReceivedSpan[] {
  return flatten(otlp.Export.requestDeserialize(body));
}

function flatten({ resource_spans }: OtlpRequest): readonly ReceivedSpan[] {
  return resource_spans.flatMap(({ resource, scope_spans }) => {
    const service = String(toRecord(resource.attributes)["service.name"]);
    return scope_spans.flatMap(({ spans }) =>
      spans.map(
        (span): ReceivedSpan => ({
          ...{ service, name: span.name, kind: span.kind.replace("SPAN_KIND_", "") },
          ...{ traceId: span.trace_id.toString("hex"), id: span.span_id.toString("hex") },
          parentId: span.parent_span_id.toString("hex"),
          traceState: span.trace_state,
          attributes: toRecord(span.attributes),
        }),
      ),
    );
  });
}

function toRecord(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value[value["value"] as string]]));
}

interface ZipkinSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly name: string;
  readonly kind?: string;
  readonly localEndpoint: { readonly serviceName: string };
  readonly tags: Readonly<Record<string, string>>;
}

function fromZipkin(body: Buffer): readonly ReceivedSpan[] {
  return (JSON.parse(body.toString()) as readonly ZipkinSpan[]).map((span) => ({
    ...{ service: span.localEndpoint.serviceName, name: span.name, kind: span.kind ?? "INTERNAL" },
    ...{ traceId: span.traceId, id: span.id, parentId: span.parentId ?? "" },
    ...{ traceState: "", attributes: span.tags },
  }));
}
