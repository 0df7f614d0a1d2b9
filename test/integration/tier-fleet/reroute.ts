import { Socket } from "node:net";

/** Ports of this machine, and those of the proxies that connections to them take instead. */
export type Routes = Readonly<Record<string, number>>;

/** The way in which `node:net` hands on what it made of the arguments of a call: the options come first. */
type ConnectArguments = [
  options: { port?: unknown; host?: unknown } | readonly { port?: unknown; host?: unknown }[] | number | string,
  ...rest: unknown[],
];

/**
 * Sends the connections of this process to some ports through proxies of its own, as a router between it and the servers would: also those to servers and nodes of which it learns only while it runs, so
 * that every link of one process can be broken without one of another's. Cannot be undone.
 */
export function rerouteConnections(routes: Routes): void {
  const { connect } = Socket.prototype as unknown as { connect(this: Socket, ...args: ConnectArguments): Socket };
  Object.assign(Socket.prototype, {
    connect(this: Socket, ...args: ConnectArguments): Socket {
      const [first] = args;
      const options = Array.isArray(first) ? first[0] : first;
      const port = typeof options === "object" && options !== null ? routes[String(options.port)] : undefined;
      if (port !== undefined) Object.assign(options, { port, host: "127.0.0.1" });
      return connect.apply(this, args);
    },
  });
}
