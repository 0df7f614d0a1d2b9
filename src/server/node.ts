import type { Server } from "node:http";
import { systemClock } from "../foundation/clock.ts";
import { systemRandom } from "../foundation/random-source.ts";
import { systemScheduler } from "../foundation/scheduler.ts";
import { LiveRecorder } from "../observability/live/live-recorder.ts";
import { createAccessControl } from "./access/access-control.ts";
import { readTlsFiles } from "./access/tls-options.ts";
import { Connections } from "./connections.ts";
import { LiveStreams } from "./dashboard/live-streams.ts";
import { HealthProbe } from "./health-probe.ts";
import { HeldLeases } from "./held-leases.ts";
import { createHttpServer } from "./http-server.ts";
import { listen } from "./listen.ts";
import { type NodeOptions, type ResolvedNodeOptions, resolveNodeOptions } from "./node-options.ts";
import type { NodeServices } from "./node-services.ts";
import { createOpenApiDocument } from "./openapi-document.ts";
import { createRequestHandler } from "./request-handler.ts";
import { ALL_ROUTES } from "./routes/all-routes.ts";
import { RunningRequests } from "./running-requests.ts";
import { tracingOf } from "./tracing-of.ts";
import { UploadBudget } from "./upload-budget.ts";

/** A running node. */
export interface CacheNode {
  /** The address it listens on. */
  readonly host: string;
  /** The port it listens on. */
  readonly port: number;
  /** Where people and programs find it, for example `"http://127.0.0.1:7411"`; of a node on all addresses, as this machine finds it. */
  readonly url: string;
  /**
   * Stops accepting, ends idle connections, waits for running requests up to `closeTimeoutMs`, then cuts what is left.
   * Leaves the cache open. Repeatable.
   */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves a cache over HTTP or HTTPS: the API, health, and a dashboard. See `docs/guide/node.md`.
 *
 * @example
 * ```ts
 * const cache = createCache();
 * const node = await startNode({ cache });
 * console.log(`look at ${node.url}`);
 * ```
 * @throws NodeError `GCX_NODE_LISTEN` when it cannot or must not listen there, or a file of `tls` cannot be read; InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export async function startNode(options: NodeOptions): Promise<CacheNode> {
  const resolved = resolveNodeOptions(options);
  const tls = resolved.tls === undefined ? undefined : await readTlsFiles(resolved.tls);
  const connections = new Connections(resolved.maxConnectionCount);
  const recorder = new LiveRecorder({
    cache: resolved.cache,
    clock: systemClock,
    scheduler: systemScheduler,
    random: systemRandom,
  });
  const live = new LiveStreams({
    recorder,
    hasApp: resolved.app !== undefined,
    stallTimeoutMs: resolved.stallTimeoutMs,
    now: systemClock.monotonicMs,
  });
  const services = createServices(resolved, connections, live);
  const answer = createRequestHandler(services);
  const server = await createHttpServer({ options: resolved, tls, connections }, (request, response) => {
    services.requests.add(response);
    answer(request, response);
  });
  const port = await listen(server, resolved);
  recorder.start();
  const host = resolved.host;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    // Streams have no end of their own: the node would wait for them.
    live.close();
    recorder.close();
    closing ??= closeServer(server, services.requests, resolved.closeTimeoutMs);
    return closing;
  };
  return {
    host,
    port,
    url: `${tls === undefined ? "http" : "https"}://${urlHost(host)}:${port}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createServices(options: ResolvedNodeOptions, connections: Connections, live: LiveStreams): NodeServices {
  const { access, tls, cache, healthTimeoutMs } = options;
  const now = (): number => performance.now();
  let apiDocument: string | undefined;
  return {
    options,
    access: createAccessControl({
      access,
      clientRole: tls?.requireClientCert === true ? (tls.clientRole ?? "admin") : undefined,
      now,
    }),
    requests: new RunningRequests(options.maxRunningRequests, connections),
    uploads: new UploadBudget(options.maxUploadBytes),
    health: new HealthProbe({ cache, timeoutMs: healthTimeoutMs, now }),
    leases: new HeldLeases(),
    live,
    tracing: tracingOf(cache),
    apiDocument: () => {
      apiDocument ??= JSON.stringify(createOpenApiDocument(ALL_ROUTES));
      return apiDocument;
    },
  };
}

/** All addresses are none that can be connected to. */
function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

async function closeServer(server: Server, requests: RunningRequests, closeTimeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    // The error says that the server was closed already; closed is what was asked for.
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  await requests.drain(closeTimeoutMs);
  // What is left is overdue, idle since its last answer, or was opened and never used.
  server.closeAllConnections();
  await closed;
}
