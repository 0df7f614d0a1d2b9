import { formatServerAddress, parseServerAddress } from "../../clients/server-address.ts";
import type { ResolvedConfig } from "../../config/resolve-config.ts";
import { peerOptions } from "../../create-peers.ts";
import { DependencyError } from "../../foundation/errors.ts";
import { RefusedPeerError } from "../../transports/grpc/greeting.ts";
import type { GrpcStatusError } from "../../transports/grpc/grpc-library.ts";
import type { GrpcTransportSettings } from "../../transports/grpc/grpc-transport-settings.ts";
import { lookUpPeers, lookupAddresses } from "../../transports/grpc/look-up-peers.ts";
import { resolveGrpcTransport } from "../../transports/grpc/resolve-grpc-transport.ts";
import { visitNode } from "../../transports/grpc/visit-node.ts";
import { latency } from "../bench/bench-report.ts";
import { listenOnce } from "./check-ports.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** A node that answers later is of no use to a cache either. */
const VISIT_TIMEOUT_MS = 2_000;
/** What a gRPC server says to who asks for a method that it does not have. */
const UNIMPLEMENTED = 12;

/** The other nodes of a distributed cache, and the port for their calls. Each is visited: it is asked whether it would let this one in. */
export async function checkPeers({ distributed }: ResolvedConfig): Promise<readonly Finding[]> {
  if (distributed === undefined) return [];
  const settings = resolveGrpcTransport(peerOptions(distributed.settings));
  const { host, port, peers, discovery } = settings;
  const own = await listenOnce(host, port);
  const findings = [
    own === undefined || port === 0
      ? ok("grpc", port === 0 ? "takes any free port" : `port ${port} is free`)
      : warn("grpc", `port ${port} is not free (${own}): if that is no node of this cache, choose another grpc.port.`),
    ...(await Promise.all(peers.map((peer) => checkPeer(settings, peer, undefined)))),
  ];
  if (discovery !== undefined) findings.push(...(await checkDiscovery(settings, discovery)));
  return findings;
}

async function checkDiscovery(
  settings: GrpcTransportSettings,
  discovery: NonNullable<GrpcTransportSettings["discovery"]>,
): Promise<readonly Finding[]> {
  try {
    const addresses = await lookUpPeers(discovery, lookupAddresses);
    return await Promise.all(addresses.map((address) => checkPeer(settings, address, discovery.name)));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const words = `the name cannot be looked up (${code}). Correct grpc.discovery, or the DNS.`;
    return [fail(`dns:${discovery.name}`, words, "connection")];
  }
}

async function checkPeer(
  settings: GrpcTransportSettings,
  address: string,
  serverName: string | undefined,
): Promise<Finding> {
  const subject = `peer ${formatServerAddress(parseServerAddress(address))}`;
  const dialTimeoutMs = Math.min(settings.dialTimeoutMs, VISIT_TIMEOUT_MS);
  const startedAt = performance.now();
  try {
    await visitNode({ ...settings, dialTimeoutMs }, address, serverName);
    return ok(
      subject,
      `a node of this cache, which lets this one in; answers in ${latency(performance.now() - startedAt)}`,
    );
  } catch (error) {
    return describeFailure(subject, error);
  }
}

/** What became of a visit that did not succeed. */
export function describeFailure(subject: string, error: unknown): Finding {
  if (error instanceof DependencyError) return warn(subject, `it was not asked: ${error.message}`);
  if (error instanceof RefusedPeerError) {
    const remedy = "All nodes of a cache need the same grpc.token, and certificates of one authority.";
    return fail(subject, `there can be no link to it: ${error.message}. ${remedy}`, "configuration");
  }
  const { code, details } = (error ?? {}) as Partial<GrpcStatusError>;
  if (code === UNIMPLEMENTED)
    return warn(subject, "another gRPC service listens there, as the API of a node does. Correct grpc.peers.");
  const reason = reasonOf(details ?? (error instanceof Error ? error.message : String(error)));
  const remedy = /certificate/i.test(reason)
    ? "Look at the certificates of both, and at grpc.serverName"
    : "Start it, or correct grpc.peers and the network between";
  return warn(subject, `cannot be reached (${reason}). ${remedy}.`);
}

/** The platform's own words within the library's, and its code where it has one. */
function reasonOf(details: string): string {
  const last = /Last error: (.*?)(?:\. Resolution note:.*)?$/s.exec(details)?.[1] ?? details;
  return /\b(E[A-Z]{4,})\b/.exec(last)?.[1] ?? last.trim();
}
