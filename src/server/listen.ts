import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { NodeError } from "../foundation/errors.ts";

/** How many ports after a busy one are tried. */
const FOLLOWING_PORT_COUNT = 20;
const MAX_PORT = 65_535;

/** Where to listen. */
export interface ListenTarget {
  readonly host: string;
  readonly port: number;
  readonly anyPort: boolean;
}

/**
 * Makes a server listen. @returns the port it has
 *
 * @throws NodeError `GCX_NODE_LISTEN` when the port is busy or not permitted, or the address is not there
 */
export async function listen(server: Server, target: ListenTarget): Promise<number> {
  for (const port of candidatePorts(target)) {
    try {
      server.listen({ host: target.host, port, exclusive: true });
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const isBusy = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!isBusy || !target.anyPort || port === 0) throw listenError(error, target.host, port);
    }
  }
  throw new NodeError("GCX_NODE_LISTEN", `No port is free on ${target.host}.`);
}

function candidatePorts({ port, anyPort }: ListenTarget): readonly number[] {
  if (!anyPort || port === 0) return [port];
  const following = Array.from({ length: FOLLOWING_PORT_COUNT }, (_, index) => port + 1 + index);
  return [port, ...following.filter((candidate) => candidate <= MAX_PORT), 0];
}

function listenError(cause: unknown, host: string, port: number): NodeError {
  const code = (cause as NodeJS.ErrnoException).code;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is taken, perhaps by another node. Stop that one, choose another port (--port), or let the node choose (--any-port).`,
    EACCES: `Port ${port} on ${host} needs more permission. Choose one above 1023 (--port).`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Use 127.0.0.1.`,
  };
  const reason =
    reasons[code ?? ""] ??
    `Cannot listen on ${host}, port ${port}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new NodeError("GCX_NODE_LISTEN", reason, { cause });
}
