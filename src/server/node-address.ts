import { InvalidArgumentError } from "../foundation/errors.ts";
import { DEFAULT_NODE_PORT } from "./node-options.ts";

/** Where a node listens. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** A {@link NodeAddress} as somebody wrote it. */
export interface WrittenNodeAddress extends NodeAddress {
  /** What it began with; `undefined`: neither. */
  readonly scheme: "http" | "https" | undefined;
}

const ADDRESS = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[^\s:/@?#[\]]+)?(?::(\d{1,5}))?\/?$/i;

/**
 * Reads `host:port`, `host`, `:port`, `[::1]:port`, `http://host:port` or `https://host:port`. Default host 127.0.0.1, default port 7411.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export function parseNodeAddress(address: string): WrittenNodeAddress {
  const match = ADDRESS.exec(address.trim());
  const host = match?.[2] ?? "127.0.0.1";
  const port = match?.[3] === undefined ? DEFAULT_NODE_PORT : Number(match[3]);
  if (match === null || address.trim() === "" || port < 1 || port > 65_535) {
    throw new InvalidArgumentError(
      "GCX_ARGUMENT_OPTION",
      "node",
      `A node's address is host:port, for example 127.0.0.1:${DEFAULT_NODE_PORT}.`,
    );
  }
  const scheme = match[1]?.toLowerCase() as WrittenNodeAddress["scheme"];
  return { host: host.startsWith("[") ? host.slice(1, -1) : host, port, scheme };
}
