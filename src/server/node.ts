import { createServer, type Server } from "node:http";
import { MAX_KEY_BYTES } from "../entry/cache-key.ts";
import { answerClientError } from "./client-error.ts";
import { listen } from "./listen.ts";
import { type NodeOptions, type ResolvedNodeOptions, resolveNodeOptions } from "./node-options.ts";
import { createRequestHandler } from "./request-handler.ts";
import { RunningRequests } from "./running-requests.ts";

/** The longest key with every byte percent-encoded, and the platform's usual room for headers beside it. */
const MAX_HEADER_BYTES: number = 3 * MAX_KEY_BYTES + 16 * 1024;

/** How often overdue requests are looked for; also how late the header and request timeouts may come. */
const TIMEOUT_CHECK_INTERVAL_MS = 1_000;

/** A running node. */
export interface CacheNode {
  /** The address it listens on. */
  readonly host: string;
  /** The port it listens on. */
  readonly port: number;
  /** Where people and programs find it, for example `"http://127.0.0.1:7411"`. */
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
 * Serves a cache over HTTP: the JSON API, health, and a status page. See `docs/guide/node.md`.
 *
 * @example
 * ```ts
 * const cache = createCache();
 * const node = await startNode({ cache });
 * console.log(`look at ${node.url}`);
 * ```
 * @throws NodeError `GCX_NODE_LISTEN` when it cannot or must not listen there; InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export async function startNode(options: NodeOptions): Promise<CacheNode> {
  const resolved = resolveNodeOptions(options);
  const requests = new RunningRequests();
  const server = createNodeServer(resolved, requests);
  const port = await listen(server, resolved);
  const host = resolved.host;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeServer(server, requests, resolved.closeTimeoutMs);
    return closing;
  };
  return {
    host,
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createNodeServer(options: ResolvedNodeOptions, requests: RunningRequests): Server {
  const answer = createRequestHandler(options);
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      // The request handler refuses a missing Host by itself, with a problem document like every other refusal.
      requireHostHeader: false,
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
    },
    (request, response) => {
      requests.add(response);
      answer(request, response);
    },
  );
  server.maxConnections = options.maxConnectionCount;
  server.on("clientError", answerClientError);
  return server;
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
