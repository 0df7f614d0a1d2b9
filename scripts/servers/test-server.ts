import type { HostAndPort } from "./host-and-port.ts";
import type { ServerProcess } from "./server-process.ts";

/** A store for tests: one of ours, or a shared one that ran before and runs on afterwards. */
export interface TestServer extends HostAndPort {
  /** Our own process, or `undefined` when the server is shared: then it must not be stopped, flushed or reconfigured. */
  readonly process: ServerProcess | undefined;
  /** Path of its Unix socket, when one was asked for. */
  readonly unixSocket: string | undefined;
  /** Ends our own process; does nothing to a shared server. */
  stop(): Promise<void>;
}

/** How to start a store. */
export interface TestServerOptions {
  /** More command-line arguments. They need a server of our own: with a shared one, starting fails and says so. */
  readonly args?: readonly string[] | undefined;
  /** A fixed port, to come back after a crash at the same address. Default: a free one. */
  readonly port?: number | undefined;
}

/** Wraps our own process. */
export function ownServer(process: ServerProcess, unixSocket?: string): TestServer {
  return { host: process.host, port: process.port, process, unixSocket, stop: () => process.stop() };
}

/**
 * Wraps a server that runs already.
 *
 * @param wishes what the test asks of its server; only a test that asks for nothing can do with a running one
 * @throws Error when something was asked for, which a running server cannot take
 */
export function sharedServer(address: HostAndPort, wishes: object, name: string): TestServer {
  const isWish = (wish: unknown): boolean =>
    Array.isArray(wish) ? wish.length > 0 : wish !== undefined && wish !== false;
  if (Object.values(wishes).some(isWish)) {
    throw new Error(
      `This test starts its own ${name} with arguments, but only a running one was named. Install ${name}.`,
    );
  }
  return { ...address, process: undefined, unixSocket: undefined, stop: async () => undefined };
}
