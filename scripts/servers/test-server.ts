import type { HostAndPort } from "./host-and-port.ts";
import type { ServerProcess } from "./server-process.ts";

/** A store for tests: one of ours, or a shared one that ran before and runs on afterwards. */
export interface TestServer extends HostAndPort {
  /** Our own process, or `undefined` when the server is shared: then it must not be stopped, flushed or reconfigured. */
  readonly process: ServerProcess | undefined;
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
export function ownServer(process: ServerProcess): TestServer {
  return { host: process.host, port: process.port, process, stop: () => process.stop() };
}

/**
 * Wraps a server that runs already.
 *
 * @throws Error when arguments or a port were asked for, which a running server cannot take
 */
export function sharedServer(address: HostAndPort, options: TestServerOptions, name: string): TestServer {
  if ((options.args ?? []).length > 0 || options.port !== undefined) {
    throw new Error(
      `This test starts its own ${name} with arguments, but only a running one was named. Install ${name}.`,
    );
  }
  return { ...address, process: undefined, stop: async () => undefined };
}
