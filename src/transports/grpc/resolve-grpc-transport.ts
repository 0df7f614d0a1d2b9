import { randomUUID } from "node:crypto";
import { parseServerAddress } from "../../clients/server-address.ts";
import type { BackoffBounds } from "../../foundation/backoff.ts";
import { ConfigError } from "../../foundation/errors.ts";
import type { GrpcTransportOptions } from "./grpc-transport-options.ts";
import type { DnsName, GrpcTls, GrpcTransportSettings } from "./grpc-transport-settings.ts";

const DEFAULT_PORT = 50_051;
/** Sooner would be dialing in a circle while a node restarts; later would delay what it is told. */
const DEFAULT_RECONNECT: BackoffBounds = { minMs: 100, maxMs: 5_000 };
const KIB = 1_024;
const MIB = KIB * KIB;

/**
 * Checks options, and fills in the defaults.
 *
 * @throws ConfigError `GCX_CONFIG_INVALID` when one is out of its range, when they do not fit together, or when a node would let in everybody who can reach it
 */
export function resolveGrpcTransport(options: GrpcTransportOptions): GrpcTransportSettings {
  const { host = "127.0.0.1", peers = [], token, cluster = "", advertisedAddress } = options;
  const port = readNumber("port", options.port, DEFAULT_PORT, 0, 65_535);
  const tls = readTls(options.tls);
  const batchBytes = readNumber("batchBytes", options.batchBytes, 64 * KIB, KIB, MIB);
  if (host === "") throw invalid("host", "must not be empty");
  if (token === "") throw invalid("token", "must not be empty");
  assertGuarded(host, tls, token);
  for (const peer of peers) assertAddress("peers", peer);
  return Object.freeze({
    host: host.replace(/^\[|\]$/g, ""),
    port,
    peers: [...peers],
    discovery: readDiscovery(options.discovery, port),
    tls,
    token,
    cluster,
    nodeId: readNodeId(options.nodeId),
    advertisedAddress,
    heartbeatMs: readNumber("heartbeatMs", options.heartbeatMs, 1_000, 10, 60_000),
    lookupMs: readNumber("lookupMs", options.lookupMs, 10_000, 100, 3_600_000),
    dialTimeoutMs: readNumber("dialTimeoutMs", options.dialTimeoutMs, 5_000, 10, 600_000),
    reconnect: readReconnect(options.reconnect),
    batchMs: readNumber("batchMs", options.batchMs, 1, 0, 1_000),
    batchBytes,
    maxMessageBytes: readNumber("maxMessageBytes", options.maxMessageBytes, 4 * MIB, 64 * KIB, 64 * MIB, batchBytes),
    queue: {
      maxCount: readNumber("maxQueuedCount", options.maxQueuedCount, 65_536, 16, 16_777_216),
      maxBytes: readNumber("maxQueuedBytes", options.maxQueuedBytes, 8 * MIB, 64 * KIB, 1_024 * MIB),
    },
  });
}

/** Checks the address of a peer. @throws ConfigError `GCX_CONFIG_INVALID` */
export function assertAddress(field: string, address: string): void {
  try {
    parseServerAddress(address);
  } catch (cause) {
    throw invalid(field, `has "${address}", which is no address such as "10.0.0.7:50051"`, cause);
  }
}

/** Whether a text is the address of a server. */
export function isAddress(text: string): boolean {
  try {
    parseServerAddress(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether only this machine can reach a host. A name other than `localhost` is not looked up: what it means may change. */
function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** With `tls` alone, everybody with a certificate of any public authority would be let in. */
function assertGuarded(host: string, tls: GrpcTls | undefined, token: string | undefined): void {
  if (isLoopback(host) || token !== undefined || tls?.caFile !== undefined) return;
  const lets = tls === undefined ? "everybody who can reach it" : "everybody with a certificate of a public authority";
  throw invalid("host", `is "${host}", where ${lets} could send messages to this node. Set token, or tls with caFile`);
}

function readTls(tls: GrpcTls | false | undefined): GrpcTls | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (!tls.certFile || !tls.keyFile) throw invalid("tls", "needs certFile and keyFile: every node listens");
  return { ...tls };
}

function readDiscovery(discovery: string | undefined, ownPort: number): DnsName | undefined {
  if (discovery === undefined) return undefined;
  const parts = /^dns:([^\s:/@]+)(?::(\d{1,5}))?$/.exec(discovery);
  const name = parts?.[1];
  if (name === undefined) throw invalid("discovery", 'must be a DNS name such as "dns:gocachex.default.svc:50051"');
  // Nodes of one service listen on the same port; one that was chosen by chance is nobody else's.
  const port = Number(parts?.[2] ?? (ownPort === 0 ? DEFAULT_PORT : ownPort));
  if (port < 1 || port > 65_535) throw invalid("discovery", "must have a port from 1 to 65535");
  return { name, port };
}

function readNodeId(nodeId: string = randomUUID()): string {
  const isGood = nodeId.length > 0 && nodeId.length <= 256 && nodeId.isWellFormed();
  if (!isGood) throw invalid("nodeId", "must be a text of 1 to 256 characters");
  return nodeId;
}

function readReconnect(bounds: BackoffBounds = DEFAULT_RECONNECT): BackoffBounds {
  const { minMs, maxMs } = bounds;
  if (!(minMs >= 1 && maxMs >= minMs && maxMs <= 3_600_000)) {
    throw invalid("reconnect", "must have 1 ≤ minMs ≤ maxMs ≤ 3,600,000");
  }
  return { minMs, maxMs };
}

function readNumber(
  field: string,
  given: number | undefined,
  byDefault: number,
  min: number,
  max: number,
  least: number = min,
): number {
  const value = given ?? byDefault;
  if (Number.isInteger(value) && value >= Math.max(min, least) && value <= max) return value;
  throw invalid(field, `must be a whole number from ${Math.max(min, least)} to ${max}, not ${value}`);
}

function invalid(field: string, problem: string, cause?: unknown): ConfigError {
  const name = `grpc.${field}`;
  return new ConfigError("GCX_CONFIG_INVALID", name, `${name} ${problem}.`, cause === undefined ? {} : { cause });
}
