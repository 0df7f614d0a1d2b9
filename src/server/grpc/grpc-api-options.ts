import type { Cache } from "../../cache/cache.ts";
import { InvalidArgumentError } from "../../foundation/errors.ts";
import type { AccessOptions, ResolvedAccessOptions } from "../access/access-options.ts";
import type { NodeTlsOptions } from "../access/tls-options.ts";
import { resolveNodeOptions } from "../node-options.ts";

/** Port of the gRPC API unless said otherwise: beside the node's own. */
export const DEFAULT_GRPC_API_PORT = 7412;

const MAX_TIMEOUT_MS = 2_147_483_647;
/** As for bodies of the HTTP API: a message is in memory whole. */
const DEFAULT_MAX_MESSAGE_BYTES: number = 8 * 1024 * 1024;
const DEFAULT_MAX_BATCH_KEY_COUNT = 1_000;
const DEFAULT_MAX_RUNNING_CALL_COUNT = 1_024;
const DEFAULT_MAX_CONNECTION_COUNT = 16_384;
/** What the platforms of other languages use; a client with more calls at a time opens another connection, or waits. */
const DEFAULT_MAX_STREAM_COUNT = 100;
/** Finds a peer that has gone without a word within two minutes, and keeps maps of firewalls alive. */
const DEFAULT_KEEPALIVE_MS = 60_000;
const DEFAULT_KEEPALIVE_TIMEOUT_MS = 20_000;
const DEFAULT_MAX_IDLE_MS = 600_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_STALL_TIMEOUT_MS = 30_000;
const DEFAULT_HEALTH_TIMEOUT_MS = 5_000;
const DEFAULT_CLOSE_TIMEOUT_MS = 10_000;

/** Options of `startGrpcApi`. */
export interface GrpcApiOptions {
  /** The cache to serve. The API uses it and does not close it. */
  readonly cache: Cache;
  /** Address to listen on: loopback, or any other one with `access` or with `tls` that requires client certificates. Default: `"127.0.0.1"`. */
  readonly host?: string | undefined;
  /** Port to listen on, 0 to 65,535; 0: any free one. Default: 7412. */
  readonly port?: number | undefined;
  /** Tokens, as of `startNode`; sent as `authorization: Bearer <token>`. `appRole` says nothing here. Default: none; everybody on this machine may do everything. */
  readonly access?: AccessOptions | undefined;
  /** Certificate of the node, and whether callers need one, as of `startNode`. Default: none, plain HTTP/2. */
  readonly tls?: NodeTlsOptions | undefined;
  /** Largest message in either direction, in bytes, 1 KiB to 1 GiB; `RESOURCE_EXHAUSTED` beyond. Clients take 4 MiB unless they say otherwise. Default: 8 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** Most keys in a batch, 1 to 100,000. Default: 1,000. */
  readonly maxBatchKeyCount?: number | undefined;
  /** Most calls of the cache at a time, at least 1; further ones are answered with `RESOURCE_EXHAUSTED`. Default: 1,024. */
  readonly maxRunningCallCount?: number | undefined;
  /** Most connections at a time, at least 1; further ones are dropped. Default: 16,384. */
  readonly maxConnectionCount?: number | undefined;
  /** Most calls at a time on one connection, at least 1; clients wait with further ones. Default: 100. */
  readonly maxStreamCount?: number | undefined;
  /** Time between two pings of a connection, in ms, at least 1,000. Default: 60,000. */
  readonly keepaliveMs?: number | undefined;
  /** How long a ping may stay without an answer before its connection is cut, in ms, at least 100. Default: 20,000. */
  readonly keepaliveTimeoutMs?: number | undefined;
  /** How long a connection may be without a call before it is closed, in ms, at least 1,000; clients open another by themselves. Default: 600,000. */
  readonly maxIdleMs?: number | undefined;
  /** How long a connection may take until its client has said that it speaks HTTP/2, in ms, at least 10. Default: 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a caller may leave a listing unread before it is ended, in ms, at least 1. Default: 30,000. */
  readonly stallTimeoutMs?: number | undefined;
  /** How long a health check may take before the API says that it is down, in ms, at least 1. Default: 5,000. */
  readonly healthTimeoutMs?: number | undefined;
  /** How long `close` waits for running calls before it cuts them, in ms; 0: not at all. Default: 10,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Told of errors behind an answer of `INTERNAL`. Default: a process warning. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Told, once each, what is not served because an optional package is not installed. Default: a process warning. */
  readonly onMissing?: ((message: string) => void) | undefined;
}

/** {@link GrpcApiOptions} with every default filled in. */
export type ResolvedGrpcApiOptions = {
  readonly [Name in Exclude<keyof GrpcApiOptions, "access" | "tls">]-?: NonNullable<GrpcApiOptions[Name]>;
} & {
  readonly access: ResolvedAccessOptions | undefined;
  readonly tls: NodeTlsOptions | undefined;
};

/**
 * Checks options and fills in defaults. Host, tokens and certificates are checked as those of `startNode`.
 *
 * @throws NodeError `GCX_NODE_LISTEN` for a host that other machines can reach without proof of who they are; InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export function resolveGrpcApiOptions(options: GrpcApiOptions): ResolvedGrpcApiOptions {
  const { cache, host, access, tls, onError, onMissing } = options;
  const shared = resolveNodeOptions({ cache, host, access, tls, onError });
  const number = (name: NumberName, byDefault: number, min: number, max = MAX_TIMEOUT_MS): number =>
    resolveNumber(name, options[name], byDefault, min, max);
  return Object.freeze({
    cache,
    host: shared.host,
    access: shared.access,
    tls: shared.tls,
    onError: shared.onError,
    onMissing: onMissing ?? warn,
    port: number("port", DEFAULT_GRPC_API_PORT, 0, 65_535),
    maxMessageBytes: number("maxMessageBytes", DEFAULT_MAX_MESSAGE_BYTES, 1_024, 1024 ** 3),
    maxBatchKeyCount: number("maxBatchKeyCount", DEFAULT_MAX_BATCH_KEY_COUNT, 1, 100_000),
    maxRunningCallCount: number("maxRunningCallCount", DEFAULT_MAX_RUNNING_CALL_COUNT, 1),
    maxConnectionCount: number("maxConnectionCount", DEFAULT_MAX_CONNECTION_COUNT, 1),
    maxStreamCount: number("maxStreamCount", DEFAULT_MAX_STREAM_COUNT, 1),
    keepaliveMs: number("keepaliveMs", DEFAULT_KEEPALIVE_MS, 1_000),
    keepaliveTimeoutMs: number("keepaliveTimeoutMs", DEFAULT_KEEPALIVE_TIMEOUT_MS, 100),
    maxIdleMs: number("maxIdleMs", DEFAULT_MAX_IDLE_MS, 1_000),
    connectTimeoutMs: number("connectTimeoutMs", DEFAULT_CONNECT_TIMEOUT_MS, 10),
    stallTimeoutMs: number("stallTimeoutMs", DEFAULT_STALL_TIMEOUT_MS, 1),
    healthTimeoutMs: number("healthTimeoutMs", DEFAULT_HEALTH_TIMEOUT_MS, 1),
    closeTimeoutMs: number("closeTimeoutMs", DEFAULT_CLOSE_TIMEOUT_MS, 0),
  });
}

type NumberName = {
  [Name in keyof GrpcApiOptions]-?: NonNullable<GrpcApiOptions[Name]> extends number ? Name : never;
}[keyof GrpcApiOptions];

function resolveNumber(name: string, given: number | undefined, byDefault: number, min: number, max: number): number {
  const value = given ?? byDefault;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(
    "GCX_ARGUMENT_OPTION",
    name,
    `${name} must be a whole number from ${min} to ${max}; got ${String(value)}.`,
  );
}

function warn(message: string): void {
  process.emitWarning(message, { type: "GocachexNodeWarning" });
}
