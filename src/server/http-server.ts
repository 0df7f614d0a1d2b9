import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket, TlsOptions } from "node:tls";
import { MAX_KEY_BYTES } from "../entry/cache-key.ts";
import { answerClientError } from "./client-error.ts";
import type { Connections } from "./connections.ts";
import type { ResolvedNodeOptions } from "./node-options.ts";

/** The longest key with every byte percent-encoded, and the platform's usual room for headers beside it. */
const MAX_HEADER_BYTES: number = 3 * MAX_KEY_BYTES + 16 * 1024;

/** How often overdue requests are looked for; also how late the header and request timeouts may come. */
const TIMEOUT_CHECK_INTERVAL_MS = 1_000;

/** What a server is made of. */
export interface HttpServerParts {
  readonly options: ResolvedNodeOptions;
  /** Certificates; absent: plain HTTP. */
  readonly tls: TlsOptions | undefined;
  readonly connections: Connections;
}

/** Makes the server of a node, with every limit on connections; it does not listen yet. */
export async function createHttpServer(parts: HttpServerParts, listener: RequestListener): Promise<Server> {
  const { options, tls, connections } = parts;
  const limits: ServerOptions = {
    maxHeaderSize: MAX_HEADER_BYTES,
    // The request handler refuses a missing Host by itself, with a problem document like every other refusal.
    requireHostHeader: false,
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    // One timeout of the socket, below, serves idle connections as well: two would be set anew for each request.
    keepAliveTimeout: 0,
    connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
  };
  const server =
    tls === undefined ? createServer(limits, listener) : await createTlsServer(limits, tls, parts, listener);
  server.on("connection", (socket: Socket) => connections.open(socket));
  server.on("clientError", answerClientError);
  // The platform takes a connection for idle whose answer was handed over but has not left: closing would cut a large one in the middle.
  server.closeIdleConnections = () => connections.closeIdle();
  server.setTimeout(options.stallTimeoutMs, (socket: Socket) => {
    // Nothing moved for so long. Where bytes wait, the client does not read them; where no request runs, the connection is idle; else the
    // request takes its time, as one that waits for a lock may.
    if (socket.writableLength > 0 || connections.isIdle(socket)) socket.destroy();
    else socket.setTimeout(options.stallTimeoutMs);
  });
  return server;
}

async function createTlsServer(
  limits: ServerOptions,
  tls: TlsOptions,
  { options, connections }: HttpServerParts,
  listener: RequestListener,
): Promise<Server> {
  const { createServer: createSecureServer } = await import("node:https");
  const server = createSecureServer({ ...limits, ...tls, handshakeTimeout: options.headersTimeoutMs }, listener);
  const handshaking = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const name = nameOf(socket);
    handshaking.set(name, socket);
    socket.once("close", () => handshaking.delete(name));
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    // The encrypted socket is another object than the one that was counted in.
    const name = nameOf(socket);
    const plain = handshaking.get(name);
    handshaking.delete(name);
    if (plain !== undefined) connections.wrap(plain, socket);
  });
  return server;
}

/** What tells the connections of a server apart while they are open. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
