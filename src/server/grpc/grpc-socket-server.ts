import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { NodeError } from "../../foundation/errors.ts";

/** What is listened with. */
export interface SocketServerPlan {
  readonly host: string;
  readonly port: number;
  /** Most connections at a time; further ones are dropped. */
  readonly maxConnectionCount: number;
  /** How long a connection may take until its client has said something, in ms. */
  readonly connectTimeoutMs: number;
  /** Takes each connection. */
  readonly onConnection: (socket: Socket) => void;
}

/** Listens, and knows every connection. */
export interface SocketServer {
  /** The port that it listens on. */
  readonly port: number;
  /** Accepts no more. Connections go on. Repeatable. */
  stop(): void;
  /** Cuts every connection that is left. */
  destroyAll(): void;
}

/** Every client of HTTP/2 begins with so many bytes. RFC 9113 §3.4 */
const PREFACE_BYTES = 24;

/**
 * Listens for connections. The library could do that itself, but has no bound on how many there are, nor on how long one may stay silent.
 *
 * @throws NodeError `GCX_NODE_LISTEN` when the port is busy or not permitted, or the address is not there
 */
export async function listenForSockets(plan: SocketServerPlan): Promise<SocketServer> {
  const { createServer } = await import("node:net");
  const { host, port, maxConnectionCount } = plan;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    // The session looks at errors; before there is one, and after it, nobody would.
    socket.on("error", () => undefined);
    const timer = setTimeout(() => {
      if (socket.bytesRead < PREFACE_BYTES) socket.destroy();
    }, plan.connectTimeoutMs).unref();
    socket.once("close", () => {
      clearTimeout(timer);
      sockets.delete(socket);
    });
    plan.onConnection(socket);
  });
  server.maxConnections = maxConnectionCount;
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => server.close(),
    destroyAll: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
  } catch (cause) {
    throw listenError(cause, host, port);
  }
  // Of single connections that could not be accepted, for example where descriptors ran out: the others go on.
  server.on("error", () => undefined);
}

function listenError(cause: unknown, host: string, port: number): NodeError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is taken, perhaps by another node. Choose another port for gRPC (--grpc-port), or 0 for any free one.`,
    EACCES: `Port ${port} on ${host} needs more permission. Choose one above 1023 for gRPC (--grpc-port).`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Use 127.0.0.1.`,
  };
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const reason = reasons[code] ?? `The gRPC API cannot listen on ${host}, port ${port}: ${message}`;
  return new NodeError("GCX_NODE_LISTEN", reason, { cause });
}
