import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { Cache } from "../../src/cache/cache.ts";
import { createCache } from "../../src/create-cache.ts";
import type { CacheNode } from "../../src/server/node.ts";
import { startNode } from "../../src/server/node.ts";
import type { NodeOptions } from "../../src/server/node-options.ts";
import { documentFaults } from "./support/api-document.ts";

/** A node over a real memory cache on a free port. */
export interface RunningNode extends AsyncDisposable {
  readonly cache: Cache;
  readonly node: CacheNode;
  readonly url: string;
  /** What the node's `onError` was told. */
  readonly errors: unknown[];
  /** Requests a path; `init` as for `fetch`. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Writes a JSON value by PUT. */
  put(path: string, value: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Sends a JSON body by POST. */
  post(path: string, body: unknown): Promise<Response>;
}

/** Starts a node; disposing closes it and its cache. */
export async function startTestNode(options: Partial<NodeOptions> = {}): Promise<RunningNode> {
  const cache = options.cache ?? createCache();
  const errors: unknown[] = [];
  const node = await startNode({ port: 0, onError: (error) => errors.push(error), ...options, cache });
  const ask = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(`${node.url}${path}`, init);
    await assertDocumented(path, init, response);
    return response;
  };
  const json = { "Content-Type": "application/json" };
  return {
    cache,
    node,
    url: node.url,
    errors,
    ask,
    put: (path, value, headers) =>
      ask(path, { method: "PUT", headers: { ...json, ...headers }, body: JSON.stringify(value) }),
    post: (path, body) => ask(path, { method: "POST", headers: json, body: JSON.stringify(body) }),
    async [Symbol.asyncDispose]() {
      await node.close();
      await cache.close();
    },
  };
}

/** Every answer of the API that a test gets is checked against the document of the API. */
async function assertDocumented(path: string, init: RequestInit | undefined, response: Response): Promise<void> {
  if (path.startsWith("/app")) return;
  const { headers, status } = response;
  const faults = documentFaults({
    method: init?.method ?? "GET",
    path,
    requestBody: typeof init?.body === "string" ? init.body : undefined,
    status,
    header: (name) => headers.get(name),
    body: await response.clone().text(),
  });
  if (faults.length > 0) throw new Error(`Not as documented: ${faults.join("; ")}`);
}

/** Opens a plain connection, for what no HTTP client would send. A first text is sent at once: a connection without a request may be ended for being idle. */
export async function openSocket(node: CacheNode, first?: string): Promise<Socket> {
  const socket = connect({ host: node.host, port: node.port, allowHalfOpen: true });
  socket.on("error", () => undefined);
  if (first !== undefined) socket.write(first);
  await once(socket, "connect");
  return socket;
}

/** Sends bytes as they are and reads until the node ends the connection. */
export async function sendRaw(node: CacheNode, bytes: string): Promise<string> {
  const socket = await openSocket(node);
  socket.write(bytes, "latin1");
  try {
    return await text(socket);
  } finally {
    socket.destroy();
  }
}

/** A problem's document. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
}

/** Reads an answer as problem details. */
export async function problemIn(response: Response): Promise<Problem> {
  return (await response.json()) as Problem;
}
