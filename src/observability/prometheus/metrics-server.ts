import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError } from "../../foundation/errors.ts";
import type { NegotiatedMetrics } from "./negotiated-metrics.ts";

/** Only this machine reaches it: it asks nobody who they are. */
const HOST = "127.0.0.1";

/** A scrape is one short request; who is slower is nobody who wants metrics. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Prometheus scrapes each 15 s to 1 min and keeps the connection. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const MAX_CONNECTION_COUNT = 64;

/** Names of this machine, with or without a port: a page of somebody's browser must not read metrics through a name that it made point here. */
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Where a server of metrics is. */
export interface MetricsServerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Begins with `/`. */
  readonly path: string;
}

/** A server that answers one path. */
export interface MetricsServer {
  /** The port that it has. */
  readonly port: number;
  /** Ends running answers and connections. */
  close(): Promise<void>;
}

/**
 * Serves metrics over HTTP, on this machine only. It does not keep the process alive.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when the port is taken or not permitted
 */
export async function startMetricsServer(
  metrics: Pick<NegotiatedMetrics, "metrics">,
  { port, path }: MetricsServerOptions,
): Promise<MetricsServer> {
  const { createServer } = await import("node:http");
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      // Without it slow requests are looked for each 30 s only.
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void answer(metrics, path, request, response),
  );
  server.maxConnections = MAX_CONNECTION_COUNT;
  await listen(server, port);
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const message = `prometheus.port: cannot listen on ${HOST}, port ${port} (${cause.code ?? cause.message}). Choose another port, 0 for any free one, or leave it out and serve prom-client's default registry.`;
      reject(new ConfigError("GCX_CONFIG_INVALID", "prometheus.port", message, { cause }));
    });
    server.listen({ host: HOST, port, exclusive: true }, resolve);
  });
}

async function answer(
  metrics: Pick<NegotiatedMetrics, "metrics">,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Bodies are not read, so nothing can follow one.
  if (request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined) {
    response.setHeader("Connection", "close");
  }
  const refusal = refusalOf(path, request);
  if (refusal !== undefined) {
    const [status, text] = refusal;
    if (status === 405) response.setHeader("Allow", "GET, HEAD");
    send(response, status, "text/plain; charset=utf-8", text);
    return;
  }
  try {
    const { contentType, body } = await metrics.metrics(request.headers.accept);
    send(response, 200, contentType, body);
  } catch {
    // A registry of ours has nothing that throws; should it, the scrape must end all the same.
    send(response, 500, "text/plain; charset=utf-8", "The metrics could not be read.\n");
  }
}

function refusalOf(path: string, { headers, method, url }: IncomingMessage): readonly [number, string] | undefined {
  if (headers.host === undefined || !LOCAL_HOST.test(headers.host))
    return [403, "Ask for it by a name of this machine.\n"];
  if (url?.split("?", 1)[0] !== path) return [404, `The metrics are at ${path}.\n`];
  if (method !== "GET" && method !== "HEAD") return [405, "Only GET and HEAD.\n"];
  return undefined;
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    "Content-Type": contentType,
    "Content-Length": body.byteLength,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  // The platform leaves the body out by itself for HEAD.
  response.end(body);
}
