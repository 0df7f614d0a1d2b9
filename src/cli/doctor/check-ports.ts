import { formatServerAddress, parseServerAddress } from "../../clients/server-address.ts";
import type { ResolvedConfig } from "../../config/resolve-config.ts";
import { NodeError } from "../../foundation/errors.ts";
import { NodeClient } from "../../server/node-client.ts";
import { latency } from "../bench/bench-report.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const DIAL_TIMEOUT_MS = 2_000;

/** Whether a node could listen, or who does. */
export async function checkNodePort(port: number): Promise<Finding> {
  const subject = `port ${port}`;
  const code = await listenOnce("127.0.0.1", port);
  if (code === undefined) return ok(subject, "free for gocachex serve");
  if (code !== "EADDRINUSE")
    return warn(subject, `gocachex serve may not listen there (${code}). Choose another with --port.`);
  const client = new NodeClient({ host: "127.0.0.1", port, timeoutMs: DIAL_TIMEOUT_MS });
  try {
    await client.stats();
    return ok(subject, "a gocachex node listens there");
  } catch (error) {
    if (error instanceof NodeError && error.code === "GCX_NODE_ACCESS")
      return ok(subject, "a gocachex node listens there, which asks for a token");
    return warn(
      subject,
      "another program listens there, or a node that speaks TLS. Start the node with --port, or --any-port.",
    );
  } finally {
    client.close();
  }
}

/** The other nodes of a distributed cache, and the port for their calls. Whether something accepts connections there, not whether it is a node. */
export async function checkPeers({ distributed }: ResolvedConfig): Promise<readonly Finding[]> {
  if (distributed === undefined) return [];
  const { peers, discovery, host, port } = distributed.settings;
  const own = await listenOnce(host, port);
  const findings = [
    own === undefined || port === 0
      ? ok("grpc", port === 0 ? "takes any free port" : `port ${port} is free`)
      : warn("grpc", `port ${port} is not free (${own}): if that is no node of this cache, choose another grpc.port.`),
    ...(await Promise.all(peers.map(checkPeer))),
  ];
  if (discovery !== undefined) findings.push(...(await checkDiscovery(discovery, port)));
  return findings;
}

async function checkDiscovery(discovery: string, ownPort: number): Promise<readonly Finding[]> {
  const [, name = "", port = String(ownPort)] = /^dns:([^:]+)(?::(\d+))?$/.exec(discovery) ?? [];
  const { lookup } = await import("node:dns/promises");
  try {
    const addresses = await lookup(name, { all: true });
    return await Promise.all(
      addresses.map(({ address }) => checkPeer(address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`)),
    );
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return [
      fail(discovery, `the name cannot be looked up (${code}). Correct grpc.discovery, or the DNS.`, "connection"),
    ];
  }
}

async function checkPeer(peer: string): Promise<Finding> {
  const subject = `peer ${formatServerAddress(parseServerAddress(peer))}`;
  const startedAt = performance.now();
  const code = await dialOnce(peer);
  if (code === undefined) return ok(subject, `accepts connections, in ${latency(performance.now() - startedAt)}`);
  return warn(subject, `cannot be reached (${code}). Start it, or correct grpc.peers and the network between.`);
}

/** @returns the error's code; `undefined` when it can be connected to */
async function dialOnce(address: string): Promise<string | undefined> {
  const { connect } = await import("node:net");
  const target = parseServerAddress(address);
  return new Promise((resolve) => {
    const socket = connect(target.kind === "unix" ? { path: target.path } : { host: target.host, port: target.port });
    const done = (code: string | undefined): void => {
      socket.destroy();
      resolve(code);
    };
    socket.setTimeout(DIAL_TIMEOUT_MS, () => done("no answer"));
    socket.once("connect", () => done(undefined));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}

/** @returns the error's code; `undefined` when it can be listened on */
async function listenOnce(host: string, port: number): Promise<string | undefined> {
  const { createServer } = await import("node:net");
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
